"""The nodes of the lab, and which pod goes to which.

Six nodes, because the service's pods refuse to share one. A node can be held down (`HELD`): nothing on it is
started, as on a machine without power. Node selectors and tolerations are not looked at: every node is a
stand-in for whatever machine an environment asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from prompt_kafka.clients.kinds import NODE
from prompt_kafka.clients.kubernetes import AlreadyExists, Kubernetes, NotFound, Object

NAMES = tuple(f"lab-node-{number}" for number in range(6))
HELD = "lab.prompt-kafka/held"
HOSTNAME = "kubernetes.io/hostname"


def host_ip(network: str, name: str) -> str:
    """Return the address of a node."""
    return f"{network}.0.{10 + NAMES.index(name)}" if name in NAMES else f"{network}.0.9"


def is_held(obj: Mapping[str, Any] | None) -> bool:
    """Return whether a node or a pod is held down."""
    annotations = ((obj or {}).get("metadata") or {}).get("annotations") or {}
    return annotations.get(HELD, "false") not in ("false", "")


def register(kubernetes: Kubernetes, network: str, now: str) -> None:
    """Make the lab's nodes, or bring their status up to date."""
    for name in NAMES:
        node = kubernetes.find(NODE, name)
        if node is None:
            labels = {
                HOSTNAME: name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/zone": "lab",
                "topology.kubernetes.io/region": "lab",
            }
            fresh = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
            try:
                node = kubernetes.create({**fresh, "spec": {}})
            except AlreadyExists:
                node = kubernetes.get(NODE, name)
        write_status(kubernetes, node, network, now)


def write_status(kubernetes: Kubernetes, node: Object, network: str, now: str) -> None:
    """Write whether a node is up; what is so already is not written."""
    name = node["metadata"]["name"]
    held = is_held(node)
    before = node.get("status") or {}
    old: Object = next((each for each in before.get("conditions") or () if each["type"] == "Ready"), {})
    state = "Unknown" if held else "True"
    if old.get("status") == state and before.get("addresses"):
        return
    size = {"cpu": "2", "memory": "4Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    status = {
        "capacity": size,
        "allocatable": size,
        "addresses": [
            {"type": "InternalIP", "address": host_ip(network, name)},
            {"type": "Hostname", "address": name},
        ],
        "nodeInfo": {
            "kubeletVersion": "v1.34.0-lab",
            "containerRuntimeVersion": "prompt-kafka-lab://1",
            "operatingSystem": "linux",
            "architecture": "amd64",
            "osImage": "prompt-kafka lab",
            "kernelVersion": "",
            "kubeProxyVersion": "",
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
        },
        "conditions": [
            {
                "type": "Ready",
                "status": state,
                "reason": "NodeStatusUnknown" if held else "KubeletReady",
                "message": "the node is held down" if held else "the lab's kubelet is running",
                "lastHeartbeatTime": now,
                "lastTransitionTime": now,
            }
        ],
    }
    try:
        kubernetes.patch(NODE, name, None, {"status": status}, subresource="status")
    except NotFound:
        pass


def choose(
    pod: Mapping[str, Any],
    nodes: Sequence[Mapping[str, Any]],
    pods: Iterable[Mapping[str, Any]],
    before: str | None = None,
) -> tuple[str | None, str]:
    """Return the node for a pod, or None and why there is none.

    Parameters
    ----------
    nodes, pods
        All of them, as they are.
    before
        The node on which the last pod of this name ran; taken again if it will do.
    """
    placed: dict[str, list[Mapping[str, Any]]] = {node["metadata"]["name"]: [] for node in nodes}
    for other in pods:
        place = other["spec"].get("nodeName")
        ended = (other.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if place in placed and not ended and other["metadata"]["uid"] != pod["metadata"]["uid"]:
            placed[place].append(other)
    possible, reasons = (
        [],
        {"were unschedulable": 0, "were not ready": 0, "did not match pod anti-affinity": 0},
    )
    for node in nodes:
        name = node["metadata"]["name"]
        if name not in NAMES:
            continue
        if is_held(node):
            reasons["were not ready"] += 1
        elif node.get("spec", {}).get("unschedulable"):
            reasons["were unschedulable"] += 1
        elif any(_repel(pod, other) or _repel(other, pod) for other in placed[name]):
            reasons["did not match pod anti-affinity"] += 1
        else:
            possible.append(name)
    if not possible:
        why = ", ".join(f"{count} node(s) {reason}" for reason, count in reasons.items() if count)
        return None, f"0/{len(nodes)} nodes are available: {why or 'there are no nodes'}."
    if before in possible:
        return before, ""
    return min(possible, key=lambda name: (len(placed[name]), name)), ""


def _repel(pod: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether a pod's required anti-affinity forbids it another pod's node."""
    affinity = (pod["spec"].get("affinity") or {}).get("podAntiAffinity") or {}
    for term in affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ():
        if term.get("topologyKey") != HOSTNAME:
            continue
        namespaces = term.get("namespaces") or [pod["metadata"]["namespace"]]
        labels = other["metadata"].get("labels") or {}
        if other["metadata"]["namespace"] in namespaces and _selects(term.get("labelSelector"), labels):
            return True
    return False


def _selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for each in selector.get("matchExpressions") or ():
        value, values = labels.get(each["key"]), each.get("values") or ()
        holds = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not holds.get(each.get("operator", ""), False):
            return False
    return True
