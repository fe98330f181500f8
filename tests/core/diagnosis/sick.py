"""Worlds for the diagnosis: all that ``status`` looks at, and the differences that a case file describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from prompt_kafka.core.delivery import Application, Operation, Tip
from prompt_kafka.core.kafka import Group, GroupLag, Member
from prompt_kafka.core.objects import Host, Nodes, ResourceState, Workload
from prompt_kafka.core.service import Environment
from prompt_kafka.core.stopped import record_of
from prompt_kafka.core.upkeep import Certificate, Volume
from prompt_kafka.core.world import Seen, World
from tests.worlds import BROKERS, CLUSTER_ID, CONTROLLERS, NOW, change, healthy

GIB = 1 << 30
HEAD, BEFORE = "b" * 40, "a" * 40
ENVIRONMENT = Environment(
    "lab", context="lab", cluster_id=CLUSTER_ID, bring_back="prompt-kafka lab up", repository="file:///git"
)
RESOURCES = (
    ("KafkaTopic", "butler-writer"),
    ("KafkaTopic", "canary"),
    ("KafkaUser", "canary"),
    ("KafkaUser", "butler-writer"),
)


def well() -> World:
    """Return a healthy service as ``status`` sees it."""
    world = healthy()
    nodes = _nodes_of(world)
    pods = tuple(
        replace(pod, host=f"node-{pod.node_id}", running_since=NOW - timedelta(hours=1)) for pod in nodes.pods
    )
    reader = (Member("1", "butler-writer", "10.0.0.9", ("butler-writer-0",)),)
    groups = (Group("butler-writer", "Stable", "classic", reader, (_lag(0.0),)),)
    return replace(
        world,
        nodes=Seen(replace(nodes, pods=pods), NOW),
        groups=Seen(groups, NOW),
        hosts=Seen(tuple(Host(f"node-{i}", True) for i in (*CONTROLLERS, *BROKERS)), NOW),
        workloads=Seen((Workload("prompt-kafka-entity-operator", "prompt-kafka", 1, 1),), NOW),
        resources=Seen(tuple(ResourceState(kind, name, 1, 1, True) for kind, name in RESOURCES), NOW),
        applications=Seen((_application("prompt-kafka"), _application("strimzi")), NOW),
        tip=Seen(Tip(HEAD, (HEAD, BEFORE), "0.51.0"), NOW),
        certificates=Seen(
            (
                Certificate("cluster CA", NOW + timedelta(days=365)),
                Certificate("clients CA", NOW + timedelta(days=365)),
            ),
            NOW,
        ),
        volumes=Seen(tuple(Volume(i, 100 * GIB, 80 * GIB, 20 * GIB) for i in BROKERS), NOW),
        environment=ENVIRONMENT,
    )


def sick(differences: Mapping[str, Any]) -> World:
    """Return a healthy service with the differences of a case.

    Parameters
    ----------
    differences
        Beside those of :func:`tests.worlds.change`: ``silent`` (pod → what happened), ``down`` (machines),
        ``shutdown`` (a record of it that waits),
        ``workloads`` (name → wanted and ready), ``refused`` (``Kind name`` → message), ``stale`` (resources
        not seen by their operator), ``applications`` (name → fields), ``readers`` (group → members and lag),
        ``lacks`` (``Kind name``), ``certificates`` (name → days), ``volumes`` (broker → fields in GiB, growth
        in GiB a day), ``tip`` (fields), ``unreachable`` (reason). In ``pods``, ``runs`` and ``ended_ago``
        are seconds.
    """
    world = well()
    rest = dict(differences)
    own = {name: rest.pop(name) for name in list(rest) if name in _OWN}
    pods = rest.pop("pods", None)
    if pods:
        rest["pods"] = {name: fields and _pod_fields(fields) for name, fields in pods.items()}
        rest["pods"].update({name: None for name, fields in pods.items() if fields is None})
    world = change(world, rest)
    for name, value in own.items():
        world = _OWN[name](world, value)
    return world


def _nodes_of(world: World) -> Nodes:
    assert world.nodes.known is not None
    return world.nodes.known


def _lag(age: float) -> GroupLag:
    return GroupLag("butler-writer", 0, 9, 0, 9 if age == 0 else 99, age)


def _application(name: str) -> Application:
    return Application(name, "argocd", sync="Synced", health="Healthy", revision=HEAD, deployed=HEAD)


def _pod_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(fields)
    if "runs" in found:
        seconds = found.pop("runs")
        found["running_since"] = None if seconds is None else NOW - timedelta(seconds=seconds)
    if "ended_ago" in found:
        found["ended"] = NOW - timedelta(seconds=found.pop("ended_ago"))
        found.setdefault("running_since", None)
    return found


def _silent(world: World, silent: Mapping[str, str]) -> World:
    nodes, cluster = _nodes_of(world), world.cluster.known
    by_ip = {pod.ip: pod.name for pod in nodes.controllers}
    answers = tuple(
        replace(a, unreachable=silent[name], leader_id=None, quorum=None)
        if (name := by_ip[a.address.rpartition(":")[0]]) in silent
        else a
        for a in world.quorum.known or ()
    )
    world = replace(world, quorum=Seen(answers, NOW))
    ids = {pod.name: pod.node_id for pod in nodes.brokers}
    if cluster is not None:
        mute = tuple((ids[name], why) for name, why in silent.items() if name in ids)
        world = replace(world, cluster=Seen(replace(cluster, silent=mute), NOW))
    return world


def _down(world: World, names: list[str]) -> World:
    hosts = tuple(
        replace(h, ready=False, reason="NodeStatusUnknown") if h.name in names else h
        for h in world.hosts.known or ()
    )
    return replace(world, hosts=Seen(hosts, NOW))


def _shutdown(world: World, _: Any) -> World:
    return replace(world, shutdown=Seen(record_of(world), NOW))


def _workloads(world: World, changes: Mapping[str, Mapping[str, int]]) -> World:
    found = tuple(replace(w, **changes.get(w.name, {})) for w in world.workloads.known or ())
    return replace(world, workloads=Seen(found, NOW))


def _resources(world: World, change_one: Any) -> World:
    found = tuple(change_one(f"{r.kind} {r.name}", r) for r in world.resources.known or ())
    return replace(world, resources=Seen(tuple(r for r in found if r is not None), NOW))


def _refused(world: World, messages: Mapping[str, str]) -> World:
    return _resources(
        world,
        lambda name, r: replace(r, ready=False, message=messages[name]) if name in messages else r,
    )


def _stale(world: World, names: list[str]) -> World:
    return _resources(world, lambda name, r: replace(r, generation=2) if name in names else r)


def _lacks(world: World, names: list[str]) -> World:
    return _resources(world, lambda name, r: None if name in names else r)


def _applications(world: World, changes: Mapping[str, Mapping[str, Any]]) -> World:
    found = []
    for each in world.applications.known or ():
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in changes.get(each.name, {}).items()}
        if "operation" in fields:
            fields["operation"] = Operation(**fields["operation"])
        found.append(replace(each, **fields))
    return replace(world, applications=Seen(tuple(found), NOW))


def _readers(world: World, groups: Mapping[str, Mapping[str, float]]) -> World:
    found = tuple(
        Group(
            name,
            "Stable" if fields["members"] else "Empty",
            "classic",
            tuple(Member(str(i), name, "10.0.0.9") for i in range(int(fields["members"]))),
            (_lag(float(fields["lag"])),),
        )
        for name, fields in groups.items()
    )
    return replace(world, groups=Seen(found, NOW))


def _certificates(world: World, days: Mapping[str, float]) -> World:
    found = tuple(
        replace(c, ends=NOW + timedelta(days=days[c.name])) if c.name in days else c
        for c in world.certificates.known or ()
    )
    return replace(world, certificates=Seen(found, NOW))


def _volumes(world: World, changes: Mapping[int, Mapping[str, float]]) -> World:
    found = []
    for each in world.volumes.known or ():
        fields: dict[str, Any] = {k: v * GIB for k, v in changes.get(each.broker, {}).items()}
        if "growth" in fields:
            fields["growth"] /= 86400
        found.append(replace(each, **fields))
    return replace(world, volumes=Seen(tuple(found), NOW))


def _tip(world: World, fields: Mapping[str, Any]) -> World:
    assert world.tip.known is not None
    return replace(world, tip=Seen(replace(world.tip.known, **fields), NOW))


_OWN: dict[str, Any] = {
    "silent": _silent,
    "down": _down,
    "shutdown": _shutdown,
    "workloads": _workloads,
    "refused": _refused,
    "stale": _stale,
    "lacks": _lacks,
    "applications": _applications,
    "readers": _readers,
    "certificates": _certificates,
    "volumes": _volumes,
    "tip": _tip,
    "unreachable": lambda world, why: replace(world, unreachable=why),
}
