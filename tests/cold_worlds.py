"""Worlds for cold starts and shutdowns: what surrounds the nodes, and the differences of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from prompt_kafka.core.kafka import Group, GroupLag, Member, Offsets
from prompt_kafka.core.objects import Host, Nodes, Workload
from prompt_kafka.core.stopped import record_of
from prompt_kafka.core.surroundings import Claim, NodeLog, ShutdownRecord
from prompt_kafka.core.world import Seen, World
from tests.worlds import CLUSTER_ID, NOW, change, healthy

LONG_AGO = NOW - timedelta(days=30)
LOG = NodeLog("", formatted=False, unclean=False, metadata_on_disk=480, metadata_caught_up=490)
EVERYTHING = ("controller-0", "controller-1", "controller-2", "kafka-3", "kafka-4", "kafka-5")


def well() -> World:
    """Return a healthy service with all that a cold start looks at; its pods run for an hour."""
    world = healthy()
    nodes = world.nodes.known
    assert nodes is not None
    hour = NOW - timedelta(hours=1)
    pods = tuple(
        replace(pod, host=f"node-{pod.node_id}", running_since=hour, ready_since=hour, created=LONG_AGO)
        for pod in nodes.pods
    )
    sets = tuple(replace(each, uid=f"uid-{each.pool}", created=LONG_AGO) for each in nodes.pod_sets)
    reader = (Member("1", "butler-writer", "10.0.0.9", ("butler-writer-0",)),)
    return replace(
        world,
        nodes=Seen(replace(nodes, pods=pods, pod_sets=sets), NOW),
        groups=Seen((_group("butler-writer", reader, 0.0),), NOW),
        hosts=Seen(tuple(Host(pod.host, True) for pod in pods), NOW),
        claims=Seen(
            tuple(
                Claim(f"data-0-{p.name}", p.name, "Bound", f"pv-{p.node_id}", "Retain", created=LONG_AGO)
                for p in pods
            ),
            NOW,
        ),
        logs=Seen(
            tuple(
                NodeLog(p.name, formatted=False, unclean=False, metadata_on_disk=480, metadata_caught_up=490)
                for p in pods
            ),
            NOW,
        ),
        workloads=Seen((Workload("prompt-kafka-entity-operator", "prompt-kafka", 1, 1),), NOW),
        offsets=Seen((Offsets("butler-writer", 0, 0, 100, 100),), NOW),
        writes=Seen((), NOW),
        shutdown=Seen(None, NOW),
    )


def cold(differences: Mapping[str, Any]) -> World:
    """Return a healthy service with the differences of a case.

    Parameters
    ----------
    differences
        Beside those of :func:`tests.worlds.change`: ``down`` (short pod names, or ``all``: no process runs),
        ``young`` (pod → seconds since its process began, not Ready unless it says ``ready``), ``hosts_down``,
        ``claims`` (pod → fields), ``logs`` (pod → fields), ``workloads`` (name → wanted, ready, waiting),
        ``shutdown`` (fields of a record of this very service), ``writes``, ``ends`` (partition → end),
        ``pods_gone``, ``committed`` (partition → offset that a group has committed).
        In ``pods``, ``runs``, ``ready_for``, ``created_ago`` are seconds.
    """
    world = well()
    rest = dict(differences)
    own = {name: rest.pop(name) for name in list(rest) if name in _OWN}
    pods = {_full(name): _times(fields) for name, fields in rest.pop("pods", {}).items()}
    world = change(world, {**rest, **({"pods": pods} if pods else {})})
    for name, value in own.items():
        world = _OWN[name](world, value)
    return world


def _full(name: str) -> str:
    return name if name.startswith("prompt-kafka-") else f"prompt-kafka-{name}"


def _ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def _times(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if fields is None:
        return None
    found = dict(fields)
    for short, name in (("runs", "running_since"), ("ready_for", "ready_since"), ("created_ago", "created")):
        if short in found:
            found[name] = _ago(found.pop(short))
    return found


def _known(world: World) -> Nodes:
    assert world.nodes.known is not None
    return world.nodes.known


def _down(world: World, names: Any) -> World:
    chosen = {_full(name) for name in (EVERYTHING if names == "all" else names)}
    pods = tuple(
        replace(p, ready=False, ready_since=None, running_since=None, ended=_ago(120), broker_state="")
        if p.name in chosen
        else p
        for p in _known(world).pods
    )
    return replace(world, nodes=Seen(replace(_known(world), pods=pods), NOW))


def _gone(world: World, names: Any) -> World:
    chosen = {_full(name) for name in (EVERYTHING if names == "all" else names)}
    nodes = _known(world)
    pods = tuple(pod for pod in nodes.pods if pod.name not in chosen)
    pools = {pod.pool for pod in pods}
    sets = tuple(each for each in nodes.pod_sets if each.pool in pools)
    return replace(world, nodes=Seen(replace(nodes, pods=pods, pod_sets=sets), NOW))


def _young(world: World, runs: Mapping[str, Any]) -> World:
    pods = {}
    for name, seconds in runs.items():
        fields: dict[str, Any] = {"runs": seconds, "ready": False, "ready_since": None, "broker_state": ""}
        pods[_full(name)] = _times(fields)
    return change(world, {"pods": pods})


def _hosts_down(world: World, names: list[str]) -> World:
    hosts = tuple(
        replace(host, ready=False, reason="it does not answer") if host.name in names else host
        for host in world.hosts.known or ()
    )
    return replace(world, hosts=Seen(hosts, NOW))


def _claims(world: World, fields: Mapping[str, Any]) -> World:
    wanted = {_full(name): value for name, value in fields.items()}
    claims = tuple(replace(each, **wanted.get(each.pod, {})) for each in world.claims.known or ())
    return replace(world, claims=Seen(claims, NOW))


def _logs(world: World, fields: Mapping[str, Any]) -> World:
    wanted = {_full(name): _log(value) for name, value in fields.items()}
    logs = tuple(replace(each, **wanted.get(each.pod, {})) for each in world.logs.known or ())
    return replace(world, logs=Seen(logs, NOW))


def _log(fields: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            found[name] = tuple(value.items())
        else:
            found[name] = tuple(value) if isinstance(value, list) else value
    return found


def _workloads(world: World, counts: Mapping[str, Any]) -> World:
    found = tuple(Workload(name, "prompt-kafka", *values) for name, values in counts.items())
    return replace(world, workloads=Seen(found, NOW))


def _shutdown(world: World, fields: Mapping[str, Any]) -> World:
    whole = record_of(well())
    known = {k: tuple(map(tuple, v)) if isinstance(v, list) else v for k, v in fields.items()}
    record: ShutdownRecord = replace(whole, at=LONG_AGO, uid="uid-record", **known)
    return replace(world, shutdown=Seen(record, NOW))


def _writes(world: World, topics: list[str]) -> World:
    return replace(world, writes=Seen(tuple(topics), NOW))


def _ends(world: World, ends: Mapping[str, int]) -> World:
    found = (Offsets(where.rpartition("-")[0], int(where[-1]), 0, end, end) for where, end in ends.items())
    return replace(world, offsets=Seen(tuple(found), NOW))


def _committed(world: World, ahead: Mapping[str, Any]) -> World:
    lags = tuple(
        GroupLag(where.rpartition("-")[0], int(where[-1]), committed, 0, end, 0.0)
        for where, (committed, end) in ahead.items()
    )
    return replace(world, groups=Seen((Group("butler-writer", "Stable", lags=lags),), NOW))


def _group(name: str, members: tuple[Member, ...], lag_s: float) -> Group:
    return Group(name, "Stable", "classic", members, (GroupLag("butler-writer", 0, 9, 0, 9, lag_s),))


_OWN = {
    "down": _down,
    "pods_gone": _gone,
    "young": _young,
    "hosts_down": _hosts_down,
    "claims": _claims,
    "logs": _logs,
    "workloads": _workloads,
    "shutdown": _shutdown,
    "writes": _writes,
    "ends": _ends,
    "committed": _committed,
}

__all__ = ["CLUSTER_ID", "cold", "well"]
