"""How a fault is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prompt_kafka.lab.faults.scene import Scene
from prompt_kafka.lab.faults.tails import Cut
from prompt_kafka.lab.standing import Standing


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for, beside the fault's name.

    Attributes
    ----------
    targets
        Pods, or whatever else the fault is about.
    cut_tail
        Seed by which unflushed tails are cut off; None to leave them.
    minority
        The brokers that lose theirs; chosen by the seed when empty.
    seconds
        How long.
    """

    targets: tuple[str, ...] = ()
    cut_tail: int | None = None
    minority: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What a fault has hit.

    Attributes
    ----------
    hit
        Pods with their namespace, processes, resources.
    cuts
        What each partition has lost.
    """

    hit: tuple[str, ...]
    cuts: tuple[Cut, ...] = ()


Act = Callable[[Scene, Order], Done]
Undo = Callable[[Scene, Standing], None]
Lasts = Callable[[Scene, Standing], bool]
