"""Worlds for tests: a healthy service as a value, and the differences that a case file describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from prompt_kafka.core.hours import Hours, Interval
from prompt_kafka.core.kafka import Broker, Cluster, Group, GroupLag, Partition, TopicState
from prompt_kafka.core.objects import (
    Canary,
    KafkaResource,
    NodePool,
    Nodes,
    Operator,
    Pod,
    PodSet,
    StatusCondition,
)
from prompt_kafka.core.quorum import ControllerAnswer, Quorum, Voter
from prompt_kafka.core.service import Environment, Target
from prompt_kafka.core.world import Seen, Unknown, World
from prompt_kafka.procedures.table import Means

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
CLUSTER_ID = "m5kH2vXqTn6bJ0sY1wQeRg"
CONTROLLERS, BROKERS = (0, 1, 2), (3, 4, 5)


def pod(node_id: int) -> Pod:
    """Return a healthy pod."""
    role = "controller" if node_id in CONTROLLERS else "broker"
    pool = "controller" if role == "controller" else "kafka"
    return Pod(
        name=f"prompt-kafka-{pool}-{node_id}",
        uid=f"uid-{node_id}",
        node_id=node_id,
        pool=pool,
        roles=(role,),
        ready=True,
        phase="Running",
        ip=f"127.64.1.{node_id + 1}",
        revision="aaaa1111",
        kafka_version="4.1.1",
        started=NOW,
        broker_state="Running" if role == "broker" else "",
    )


def topic(
    name: str, *, partitions: int = 1, replicas: tuple[int, ...] = BROKERS, minimum: int = 2
) -> TopicState:
    """Return a healthy topic."""
    return TopicState(
        name=name,
        topic_id=f"id-{name}",
        partitions=tuple(
            Partition(name, i, leader=replicas[i % len(replicas)], replicas=replicas, in_sync=replicas)
            for i in range(partitions)
        ),
        settings={"min.insync.replicas": str(minimum)},
    )


def healthy() -> World:
    """Return a service that is really finished."""
    pods = tuple(pod(i) for i in (*CONTROLLERS, *BROKERS))
    nodes = Nodes(
        kafka=KafkaResource(
            name="prompt-kafka",
            namespace="prompt-kafka",
            generation=3,
            observed_generation=3,
            paused=False,
            conditions=(StatusCondition("Ready", "True"),),
            cluster_id=CLUSTER_ID,
            wanted_version="4.1.1",
            version="4.1.1",
            metadata_version="4.1-IV1",
        ),
        pools=(
            NodePool("controller", 1, 1, 3, ("controller",), CONTROLLERS),
            NodePool("kafka", 1, 1, 3, ("broker",), BROKERS),
        ),
        pod_sets=tuple(
            PodSet(
                name=f"prompt-kafka-{pool}",
                pool=pool,
                pods=tuple((p.name, p.revision, p.kafka_version) for p in pods if p.pool == pool),
            )
            for pool in ("controller", "kafka")
        ),
        pods=pods,
        operator=Operator("0.51.0", ready=True, replicas=1),
    )
    voters = tuple(Voter(i, 500, NOW_MS, NOW_MS) for i in CONTROLLERS)
    quorum = Quorum("127.64.1.2:9090", 1, 7, 500, voters, (), seen_ms=NOW_MS)
    answers = tuple(
        ControllerAnswer(f"127.64.1.{i + 1}:9090", leader_id=1, quorum=quorum if i == 1 else None)
        for i in CONTROLLERS
    )
    return World(
        target=Target("lab", False, "lab", "prompt-kafka", CLUSTER_ID, CLUSTER_ID),
        at=NOW,
        nodes=Seen(nodes, NOW),
        quorum=Seen(answers, NOW),
        cluster=Seen(Cluster(CLUSTER_ID, 3, tuple(Broker(i, "h", 9094) for i in BROKERS)), NOW),
        topics=Seen((topic("butler-writer"), topic("canary", partitions=3)), NOW),
        groups=Seen(
            (Group("butler-writer", "Stable", lags=(GroupLag("butler-writer", 0, 9, 0, 9, 0.0),)),), NOW
        ),
        canary=Seen(Canary("canary", 3.0, 5.0), NOW),
        lag_objectives={"butler-writer": 60.0, "prompt-publication": 60.0},
    )


def change(world: World, differences: Mapping[str, Any]) -> World:
    """Return `world` with the differences that a case file names.

    Parameters
    ----------
    differences
        Keys: ``pods`` (name → fields), ``kafka``, ``operator``, ``pod_sets`` (name → fields), ``target``
        (fields), ``out_of_sync`` (broker ids), ``no_leader`` (topics), ``topics`` (name → replicas and
        minimum), ``quorum`` (``no leader``, or ``behind``: id, or ``high_watermark``), ``fenced`` (ids),
        ``lag`` (group → seconds),
        ``hours`` (pairs of hours from now: in production), ``unknown`` (part → reason).
    """
    known = {
        "pods": _pods,
        "pod_sets": _pod_sets,
        "kafka": lambda w, v: _nodes(w, kafka=replace(_known(w).kafka, **_kafka_fields(v))),
        "operator": lambda w, v: _nodes(
            w, operator=replace(_known(w).operator or Operator("", True, 1), **v)
        ),
        "target": lambda w, v: replace(w, target=replace(w.target, **v)),
        "out_of_sync": _out_of_sync,
        "no_leader": _no_leader,
        "topics": _topics,
        "quorum": _quorum,
        "fenced": _fenced,
        "lag": _lag,
        "hours": _hours,
        "unknown": _unknown,
        "canary": lambda w, v: replace(w, canary=Seen(Canary("canary", **v), NOW)),
    }
    for name, value in differences.items():
        world = known[name](world, value)
    return world


def _known(world: World) -> Nodes:
    assert world.nodes.known is not None
    return world.nodes.known


def _nodes(world: World, **fields: Any) -> World:
    return replace(world, nodes=Seen(replace(_known(world), **fields), NOW))


def _kafka_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(fields)
    if "conditions" in found:
        found["conditions"] = tuple(StatusCondition(*entry) for entry in found["conditions"])
    return found


def _pods(world: World, changes: Mapping[str, Any]) -> World:
    pods = [
        replace(p, **changes[p.name]) if changes.get(p.name) else p
        for p in _known(world).pods
        if changes.get(p.name, {}) is not None
    ]
    return _nodes(world, pods=tuple(pods))


def _pod_sets(world: World, changes: Mapping[str, Any]) -> World:
    sets = tuple(replace(s, **changes.get(s.name, {})) for s in _known(world).pod_sets)
    return _nodes(world, pod_sets=sets)


def _each_partition(world: World, change_one: Any) -> World:
    topics = tuple(
        replace(t, partitions=tuple(change_one(t, p) for p in t.partitions)) for t in world.topics.known or ()
    )
    return replace(world, topics=Seen(topics, NOW))


def _out_of_sync(world: World, ids: list[int]) -> World:
    return _each_partition(
        world,
        lambda _, p: replace(
            p,
            in_sync=tuple(i for i in p.in_sync if i not in ids),
            leader=p.leader if p.leader not in ids else next((i for i in p.in_sync if i not in ids), None),
        ),
    )


def _no_leader(world: World, names: list[str]) -> World:
    return _each_partition(world, lambda t, p: replace(p, leader=None) if t.name in names else p)


def _topics(world: World, topics: Mapping[str, Mapping[str, Any]]) -> World:
    more = tuple(
        topic(name, replicas=tuple(fields["replicas"]), minimum=fields["minimum"])
        for name, fields in topics.items()
    )
    return replace(world, topics=Seen((*(world.topics.known or ()), *more), NOW))


def _quorum(world: World, state: Any) -> World:
    answers = world.quorum.known or ()
    if state == "no leader":
        return replace(
            world, quorum=Seen(tuple(replace(a, leader_id=None, quorum=None) for a in answers), NOW)
        )
    if "high_watermark" in state:
        known = state["high_watermark"]
        return replace(
            world,
            quorum=Seen(
                tuple(
                    replace(a, quorum=replace(a.quorum, high_watermark=known) if a.quorum else None)
                    for a in answers
                ),
                NOW,
            ),
        )
    late = state["behind"]

    def lag(quorum: Quorum | None) -> Quorum | None:
        if quorum is None:
            return None
        voters = (
            replace(v, last_caught_up_ms=NOW_MS - 60_000) if v.node_id == late else v for v in quorum.voters
        )
        return replace(quorum, voters=tuple(voters))

    return replace(world, quorum=Seen(tuple(replace(a, quorum=lag(a.quorum)) for a in answers), NOW))


def _fenced(world: World, ids: list[int]) -> World:
    cluster = world.cluster.known
    assert cluster is not None
    nodes = tuple(replace(b, fenced=b.id in ids) for b in cluster.nodes)
    return replace(world, cluster=Seen(replace(cluster, nodes=nodes), NOW))


def _lag(world: World, seconds: Mapping[str, float]) -> World:
    groups = tuple(
        Group(name, "Stable", lags=(GroupLag(name, 0, 1, 0, 9, float(age)),)) for name, age in seconds.items()
    )
    return replace(world, groups=Seen(groups, NOW))


def _hours(world: World, spans: list[tuple[float, float]]) -> World:
    def at(hours: float) -> datetime:
        return NOW + timedelta(hours=hours)

    intervals = tuple(Interval(at(begin), at(end), "night at a site") for begin, end in spans)
    found = Hours("night at a site: sunset − 60 min to sunrise + 60 min", "UTC", intervals, at(-48), at(192))
    return replace(world, hours=Seen(found, NOW))


def _unknown(world: World, parts: Mapping[str, str]) -> World:
    fields: dict[str, Any] = {part: Seen(Unknown(because), NOW) for part, because in parts.items()}
    return replace(world, **fields)


def _no_charts(
    environment: str, edits: Mapping[str, str | None], commit: str = ""
) -> tuple[Mapping[str, Any], ...]:
    raise AssertionError("this procedure reads no charts")


MEANS = Means(Environment("lab"), canary=True, render=_no_charts)
