"""Downtimes in seeded random orders: what goes down, and how it comes back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

NODES = tuple(f"lab-node-{number}" for number in range(6))
CONTROLLERS = tuple(f"prompt-kafka-controller-{number}" for number in range(3))
BROKERS = tuple(f"prompt-kafka-kafka-{number}" for number in (3, 4, 5))
NEEDS_HELP = ("wedged quorum", "frozen broker", "operator at zero", "shut down")
"""Downtimes that do not end by themselves."""

ALONE_S = 8.0
"""So long it is watched that a downtime does not end by itself."""
HEAD_START_S = 20.0
"""So much earlier the broker that lost its tails is back than those that have everything."""
TOGETHER = 6
"""Downtimes through which one run of traffic flows."""
PATIENCE_S = 420.0


@dataclass(frozen=True, slots=True)
class Order:
    """One downtime.

    Attributes
    ----------
    kind
        ``power loss``, ``cut tails`` or one of `NEEDS_HELP`.
    nodes
        In which order the machines come back, and seconds before each; 0 is with the one before.
    names_late_s
        For how long names do not resolve after the power is back; 0 for not at all.
    blank, recovering
        The controller whose disk is empty, the broker whose log recovery is long; empty for none.
    asked_first
        ``cold-startup`` is begun before any machine is back.
    victim
        The broker that is frozen, or deleted while there is no operator, or that loses its tails.
    others_first
        The other brokers lost their power earlier, so that the victim alone is in sync: it leads, whatever
        it has lost.
    """

    seed: int
    kind: str
    nodes: tuple[tuple[str, float], ...] = ()
    names_late_s: float = 0.0
    blank: str = ""
    recovering: str = ""
    asked_first: bool = False
    victim: str = ""
    others_first: bool = False


def orders(seed: int, count: int) -> Iterator[Order]:
    """Yield so many downtimes: every fourth one does not end by itself, every tenth one cuts tails off."""
    for number in range(count):
        own = seed * 1000 + number
        dice = random.Random(own)
        if number % 4 == 3:
            kind = NEEDS_HELP[number // 4 % len(NEEDS_HELP)]
            yield Order(own, kind, victim=dice.choice(BROKERS))
            continue
        nodes = [
            (node, round(dice.choice((0.0, 0.0, 0.3, 1.0)), 1)) for node in dice.sample(NODES, len(NODES))
        ]
        kind = "cut tails" if number % 10 == 8 else "power loss"
        if kind == "cut tails":
            yield Order(own, kind, victim=dice.choice(BROKERS), asked_first=True)
            continue
        yield Order(
            own,
            kind,
            tuple(nodes),
            names_late_s=dice.choice((0.0, 0.0, 4.0)),
            blank=dice.choice(("", "", dice.choice(CONTROLLERS))),
            recovering=dice.choice(("", "", dice.choice(BROKERS))),
            asked_first=dice.random() < 0.5,
        )
