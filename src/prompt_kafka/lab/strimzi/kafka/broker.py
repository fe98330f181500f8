"""How the topic and user operators reach a cluster: with their own certificate, over any Ready broker."""

from __future__ import annotations

from typing import Any

from prompt_kafka.clients.kafka import Tls
from prompt_kafka.clients.kinds import SECRET
from prompt_kafka.lab.strimzi.kafka.channel import Channel, NodeError
from prompt_kafka.lab.strimzi.kafka.nodes import Nodes
from prompt_kafka.lab.strimzi.model import labels, names, secrets
from prompt_kafka.lab.strimzi.roller.decisions import is_ready
from prompt_kafka.lab.strimzi.world import World

Object = dict[str, Any]


def connect(world: World, cluster: str, namespace: str, operator: str) -> Channel:
    """Return a connection to a broker.

    Parameters
    ----------
    operator
        ``topic-operator`` or ``user-operator``.

    Raises
    ------
    NodeError
        No broker is Ready, or the certificates are not there.
    """
    found = world.kubernetes
    where = f"{names.bootstrap_service(cluster)}.{namespace}"
    own = found.find(SECRET, f"{cluster}-entity-{operator}-certs", namespace)
    ca = found.find(SECRET, f"{names.cluster_ca(cluster)}-cert", namespace)
    trusted = [secrets.decode(ca, entry) for entry in (ca or {}).get("data") or {} if entry.endswith(".crt")]
    certificate = secrets.decode(own, "entity-operator.crt")
    key = secrets.decode(own, "entity-operator.key")
    if not trusted or certificate is None or key is None:
        raise NodeError("the entity operator's certificates are missing", where=where)
    selector = labels.selector(cluster) | {labels.BROKER_ROLE: "true"}
    pods = [
        pod for pod in world.caches["Pod"].items(namespace) if labels.matches(selector, pod) and is_ready(pod)
    ]
    if not pods:
        raise NodeError("no broker is Ready", where=where)
    name = min(pod["metadata"]["name"] for pod in pods)
    nodes = Nodes(
        cluster,
        namespace,
        Tls("".join(text for text in trusted if text), certificate, key),
        world.pod_ip(namespace),
        timeout=max(5.0, 30 / world.factor),
    )
    return nodes.to_pod(name, names.REPLICATION_PORT)
