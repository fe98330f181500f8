"""The steps of a run that roll pods: by hand, for a new certificate authority, for what is out of date."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prompt_kafka.clients.kinds import PVC
from prompt_kafka.clients.kubernetes import KubernetesError
from prompt_kafka.lab.strimzi.kafka.nodes import Nodes
from prompt_kafka.lab.strimzi.model import labels
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node
from prompt_kafka.lab.strimzi.model.errors import ReconciliationError
from prompt_kafka.lab.strimzi.model.pods import MANUAL_ROLLING_UPDATE
from prompt_kafka.lab.strimzi.model.secrets import Ca
from prompt_kafka.lab.strimzi.roller.decisions import GENERATIONS, restart_reasons
from prompt_kafka.lab.strimzi.roller.reasons import Reason, Reasons, events
from prompt_kafka.lab.strimzi.roller.roller import Roller
from prompt_kafka.lab.strimzi.run import Run

Object = dict[str, Any]

log = logging.getLogger(__name__)

DELETE_POD_AND_PVC = "strimzi.io/delete-pod-and-pvc"
KEY_GENERATION = "strimzi.io/cluster-ca-key-generation"


def node_of(pod: Object) -> Node:
    """Return the node that a pod, or a pod's manifest, is."""
    own = pod["metadata"].get("labels") or {}
    name = pod["metadata"]["name"]
    return Node(
        int(name.rpartition("-")[2]),
        name,
        own.get(labels.POOL_NAME, ""),
        own.get(labels.CONTROLLER_ROLE) == "true",
        own.get(labels.BROKER_ROLE) == "true",
    )


def roll(
    run: Run,
    nodes: Sequence[Node],
    everyone: Sequence[Node],
    kafka: Nodes,
    needs: Callable[[Object], Reasons],
    configs: Mapping[int, Mapping[str, str]] | None = None,
) -> None:
    """Roll those of `nodes` that need it."""

    def publish(pod: Object, reasons: Reasons) -> None:
        for event in events(run.name, pod, reasons.items(), run.operator.pod, run.now):
            try:
                run.world.kubernetes.create(event)
            except KubernetesError as error:
                log.warning("event about %s not written: %s", pod["metadata"]["name"], error.what)

    Roller(
        nodes,
        everyone,
        kafka=kafka,
        pods=run.pods,
        needs=needs,
        configs=configs,
        publish=publish,
        timing=run.timing,
        clock=run.world.clock,
    ).run()


def manual(run: Run, cluster: Cluster, ca: Ca) -> None:
    """Roll what an administrator annotated: all pods of a pod set, or single pods.

    A failure is only logged; the pod set's annotation goes with its next rewriting, done or not.
    """
    nodes: dict[str, Node] = {}
    for pod_set in run.of_kind("StrimziPodSet").values():
        if labels.flag(pod_set, MANUAL_ROLLING_UPDATE):
            for pod in pod_set["spec"].get("pods") or ():
                nodes[pod["metadata"]["name"]] = node_of(pod)
    for pod in run.kafka_pods():
        if labels.flag(pod, MANUAL_ROLLING_UPDATE):
            nodes[pod["metadata"]["name"]] = node_of(pod)
    if not nodes:
        return
    try:
        with run.nodes(ca) as kafka:
            reasons = Reasons({Reason.MANUAL_ROLLING_UPDATE: Reason.MANUAL_ROLLING_UPDATE.default_note})
            roll(run, list(nodes.values()), cluster.nodes, kafka, lambda _: Reasons(reasons))
    except ReconciliationError as error:
        log.warning("Manual rolling update failed (reconciliation will be continued): %s", error.message)


def clean_pod(run: Run) -> None:
    """Delete one annotated pod with its claims; it is made again later in the run."""
    found = [pod for pod in run.kafka_pods() if labels.flag(pod, DELETE_POD_AND_PVC)]
    if not found:
        return
    pod = found[0]
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    pod_set = run.live.get(("StrimziPodSet", name.rpartition("-")[0]))
    if pod_set is not None:
        kept = [one for one in pod_set["spec"]["pods"] if one["metadata"]["name"] != name]
        run.apply([pod_set | {"spec": pod_set["spec"] | {"pods": kept}}])
    run.pods.delete(name, uid)
    limit = run.timing.deletion(pod)
    if not run.pods.wait_gone(name, uid, limit):
        raise run.timed_out("Pod", name, "deleted", limit)
    claims = [claim for claim in run.of_kind("PersistentVolumeClaim") if claim.endswith(name)]
    run.delete(PVC, claims)
    for claim in claims:
        if not run.waiting.until(
            lambda claim=claim: run.world.kubernetes.find(PVC, claim, run.namespace) is None,  # type: ignore[misc]
            run.timing.operation,
        ):
            raise run.timed_out("PersistentVolumeClaim", claim, "deleted")


def trust_new_key(run: Run, cluster: Cluster, ca: Ca, prepare: Callable[[], object]) -> None:
    """Roll all pods so that they trust a CA with a new key, before anything is signed with it.

    Parameters
    ----------
    prepare
        Writes the configurations that trust both the old and the new certificate.
    """
    generation = str(ca.key_generation)
    behind = [
        pod
        for pod in run.kafka_pods()
        if (pod["metadata"].get("annotations") or {}).get(KEY_GENERATION, generation) != generation
    ]
    if not behind:
        return
    prepare()
    for pod_set in run.of_kind("StrimziPodSet").values():
        changed = json.loads(json.dumps(pod_set))
        for pod in changed["spec"]["pods"]:
            pod["metadata"].setdefault("annotations", {})[KEY_GENERATION] = generation
        run.apply([changed])
    with run.nodes(ca) as kafka:

        def needs(pod: Object) -> Reasons:
            reasons = Reasons()
            if (pod["metadata"].get("annotations") or {}).get(KEY_GENERATION) != generation:
                reasons.note(Reason.CLUSTER_CA_CERT_KEY_REPLACED)
            return reasons

        roll(run, [node_of(pod) for pod in behind], cluster.nodes, kafka, needs)


def out_of_date(
    run: Run,
    cluster: Cluster,
    kafka: Nodes,
    authorities: tuple[Ca, Ca],
    configs: Mapping[int, Mapping[str, str]],
    thumbprints: Mapping[int, str],
) -> None:
    """Roll or reconfigure every node that is not as it should be."""
    wanted = {
        pod["metadata"]["name"]: pod
        for pod_set in run.of_kind("StrimziPodSet").values()
        for pod in pod_set["spec"].get("pods") or ()
    }

    def needs(pod: Object) -> Reasons:
        name = pod["metadata"]["name"]
        pairs = list(zip(authorities, GENERATIONS, strict=True))
        return restart_reasons(pod, wanted.get(name), pairs, thumbprints.get(node_of(pod).id, ""))

    roll(run, cluster.nodes, cluster.nodes, kafka, needs, configs)
