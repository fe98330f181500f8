"""Never a false green: 500 seeded states that look finished and are not, 200 healthy ones.

A state "looks finished" when what people look at is green: the Kafka resource Ready, every pod Ready, Argo CD
content. Each is made of a healthy World by one to three catalogued faults with random places and sizes; a
healthy one varies in everything that may vary.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from prompt_kafka.core.finished import finished
from prompt_kafka.core.kafka import Group, GroupLag
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import Seen, World
from tests.worlds import BROKERS, CONTROLLERS, NOW, change, healthy, pod, topic

SEED = 20261124
Fault = Callable[[random.Random], Mapping[str, Any]]


def _pod_name(chance: random.Random) -> str:
    return pod(chance.choice((*CONTROLLERS, *BROKERS))).name


CATALOGUE: dict[str, Fault] = {
    "old generation": lambda r: {"kafka": {"generation": 4 + r.randrange(5)}},
    "paused": lambda r: {"kafka": {"paused": True}},
    "stale version": lambda r: {"kafka": {"version": r.choice(["4.0.0", "4.1.0", ""])}},
    "wedged quorum": lambda r: {"quorum": "no leader"},
    "voter behind": lambda r: {"quorum": {"behind": r.choice([0, 2])}},
    "fenced broker": lambda r: {"fenced": [r.choice(BROKERS)]},
    "pod on an old revision": lambda r: {"pods": {_pod_name(r): {"revision": f"{r.getrandbits(32):08x}"}}},
    "pod on an old version": lambda r: {"pods": {_pod_name(r): {"kafka_version": "4.0.0"}}},
    "pod gone": lambda r: {"pods": {_pod_name(r): None}},
    "pod stopping": lambda r: {"pods": {_pod_name(r): {"deleting": True}}},
    "pod about to go": lambda r: {"pods": {_pod_name(r): {"rolling": True}}},
    "roll asked for": lambda r: {
        "pod_sets": {f"prompt-kafka-{r.choice(['kafka', 'controller'])}": {"rolling": True}}
    },
    "replica out of sync": lambda r: {"out_of_sync": [r.choice(BROKERS)]},
    "under min ISR": lambda r: {"out_of_sync": r.sample(BROKERS, 2)},
    "partition without leader": lambda r: {"no_leader": [r.choice(["canary", "butler-writer"])]},
    "lag growing": lambda r: {"lag": {"butler-writer": 60.1 + r.random() * 10_000}},
    "canary failing": lambda r: {"canary": {"failed": r.choice(["timed out", "not authorized"])}},
    "quorum not seen": lambda r: {"unknown": {"quorum": "port 9090 cannot be reached"}},
    "partitions not seen": lambda r: {"unknown": {"topics": "no way to the brokers"}},
    "brokers not seen": lambda r: {"unknown": {"cluster": "no way to the brokers"}},
    "lag not seen": lambda r: {"unknown": {"groups": "not authorized"}},
    "canary not seen": lambda r: {"unknown": {"canary": "it was not looked at"}},
}


def looks_finished(chance: random.Random) -> tuple[list[str], World]:
    names = chance.sample(sorted(CATALOGUE), chance.choice((1, 1, 1, 2, 3)))
    world = _healthy(chance)
    for name in sorted(names, key=lambda n: "not seen" in n):
        world = change(world, CATALOGUE[name](chance))
    return names, world


def _healthy(chance: random.Random) -> World:
    """Return a healthy service that differs in everything that may differ."""
    world = healthy()
    topics = [topic("canary", partitions=3), topic("butler-writer", partitions=chance.randrange(1, 12))]
    topics += [
        topic(f"t{i}", replicas=BROKERS, minimum=chance.choice((1, 2))) for i in range(chance.randrange(20))
    ]
    quorum = quorum_of(world.quorum.known or ())
    assert quorum is not None
    epoch = chance.randrange(1, 500)
    answers = tuple(
        replace(a, quorum=replace(a.quorum, epoch=epoch) if a.quorum else None)
        for a in world.quorum.known or ()
    )
    lag = chance.random() * 60
    groups = (Group("butler-writer", "Stable", lags=(GroupLag("butler-writer", 0, 5, 0, 9, lag),)),)
    return replace(
        world,
        topics=Seen(tuple(topics), NOW),
        quorum=Seen(answers, NOW),
        groups=Seen(groups if chance.random() < 0.8 else (), NOW),
    )


@pytest.mark.parametrize("number", range(500))
def test_what_onlylooks_finished_is_not_called_done(number: int) -> None:
    names, world = looks_finished(random.Random(SEED + number))
    assert finished(world, canary=True).answer is not Answer.YES, names


@pytest.mark.parametrize("number", range(200))
def test_what_is_healthy_is_not_refused(number: int) -> None:
    world = _healthy(random.Random(SEED + 10_000 + number))
    verdict = finished(world, canary=True)
    assert verdict.answer is Answer.YES, verdict.because


def test_every_fault_of_the_catalogue_was_drawn() -> None:
    drawn = {name for number in range(500) for name in looks_finished(random.Random(SEED + number))[0]}
    assert drawn == CATALOGUE.keys()
