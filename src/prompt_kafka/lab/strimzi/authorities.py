"""The step of a run that keeps the certificate authorities and the operators' own certificates."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from prompt_kafka.clients.kinds import SECRET
from prompt_kafka.lab.strimzi.model import names, secrets, x509
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node
from prompt_kafka.lab.strimzi.model.secrets import Ca, CaSettings
from prompt_kafka.lab.strimzi.model.x509 import KeyPair
from prompt_kafka.lab.strimzi.run import Run

Object = dict[str, Any]

DAYS = 365


def reconcile(run: Run) -> tuple[Ca, Ca]:
    """Bring both CAs up to date; return the cluster CA and the clients CA."""
    spec, live = run.resource["spec"], run.of_kind("Secret")
    found = []
    for label, part in (("cluster CA", "clusterCa"), ("clients CA", "clientsCa")):
        settings = CaSettings.of(spec.get(part))
        for name in _secrets_of(run.name, label):
            if name not in live:
                _adopt(run, live, name)
        ca, wanted = secrets.reconcile_ca(run.resource, label, settings, live, run.now)
        _apply(run, wanted)
        found.append(ca)
    return found[0], found[1]


def _secrets_of(cluster: str, label: str) -> tuple[str, str]:
    name = names.cluster_ca(cluster) if label == "cluster CA" else names.clients_ca(cluster)
    return name, f"{name}-cert"


def _adopt(run: Run, live: dict[str, Object], name: str) -> None:
    """Find a Secret that the administrator made without the cluster's label."""
    found = run.world.kubernetes.find(SECRET, name, run.namespace)
    if found is not None:
        live[name] = run.live["Secret", name] = found


def _apply(run: Run, wanted: list[Object]) -> None:
    for obj in wanted:
        name = obj["metadata"]["name"]
        before = run.live.get(("Secret", name))
        annotations = before["metadata"].get("annotations") or {} if before else {}
        done = {key: None for key in (secrets.FORCE_RENEW, secrets.FORCE_REPLACE) if key in annotations}
        if done:
            body = {"metadata": {"annotations": done}}
            run.live["Secret", name] = run.world.kubernetes.patch(SECRET, name, run.namespace, body)
    run.apply(wanted)


def operators(run: Run, ca: Ca) -> None:
    """Keep the client certificates of the cluster operator and of the entity operators."""
    wanted = [
        (names.operator_certs(run.name), "cluster-operator", "cluster-operator"),
        (
            f"{run.name}-entity-topic-operator-certs",
            "entity-operator",
            f"{run.name}-entity-topic-operator",
        ),
        (f"{run.name}-entity-user-operator-certs", "entity-operator", f"{run.name}-entity-user-operator"),
    ]
    if run.resource["spec"].get("entityOperator") is None:
        del wanted[1:]

    def made(name: str, stem: str, subject: str) -> Object:
        pair = secrets.kept(run.live.get(("Secret", name)), stem, ca, (), run.now)
        pair = pair or x509.issue(ca.pair, subject, run.now, DAYS)
        return secrets.secret(run.resource, name, {f"{stem}.crt": pair.certificate, f"{stem}.key": pair.key})

    run.apply([made(*one) for one in wanted])


def node_certificates(run: Run, cluster: Cluster, ca: Ca, services: Mapping[str, Object]) -> dict[int, str]:
    """Keep the nodes' certificates; return their thumbprints by node id."""
    live = run.of_kind("Secret")

    def pair_of(node: Node) -> tuple[Node, KeyPair]:
        dns, addresses = secrets.node_names(cluster, node, services)
        pair = secrets.kept(live.get(node.pod), node.pod, ca, dns | addresses, run.now)
        if pair is None:
            subject = names.kafka(cluster.name)
            pair = x509.issue(ca.pair, subject, run.now, DAYS, dns=dns, addresses=addresses)
        return node, pair

    with ThreadPoolExecutor(max_workers=4) as pool:
        pairs = list(pool.map(pair_of, cluster.nodes))
    run.apply(
        secrets.secret(
            run.resource, node.pod, {f"{node.pod}.crt": pair.certificate, f"{node.pod}.key": pair.key}
        )
        for node, pair in pairs
    )
    return {node.id: x509.thumbprint(pair.certificate) for node, pair in pairs}
