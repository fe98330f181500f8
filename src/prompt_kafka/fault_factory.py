"""The composition root of `lab faults`: a lab found by its name, with a connection to its API.

Beside :mod:`prompt_kafka.lab_factory`, which brings labs up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_kafka.clients.kubernetes import Kubernetes
    from prompt_kafka.lab.faults import Done
    from prompt_kafka.lab.standing import Standing
    from prompt_kafka.lab.state import LabState


@dataclass(frozen=True, slots=True)
class FaultsNow:
    """The faults of a lab.

    Attributes
    ----------
    active
        Those that last.
    unseen
        What could not be seen, and why; empty when all was.
    """

    active: tuple[Standing, ...]
    unseen: str


def catalogue() -> dict[str, tuple[str, str]]:
    """Return every fault's target and what it does, by name."""
    from prompt_kafka.lab import faults

    return {fault.name: (fault.target, fault.does) for fault in faults.CATALOGUE.values()}


def inject(
    name: str,
    fault: str,
    targets: tuple[str, ...],
    *,
    cut_tail: int | None = None,
    minority: tuple[str, ...] = (),
    seconds: float | None = None,
) -> Done:
    """Bring a fault about in a lab."""
    from prompt_kafka.lab import faults

    with _scene(name) as (lab, kubernetes):
        return faults.inject(
            lab, kubernetes, fault, *targets, cut_tail=cut_tail, minority=minority, seconds=seconds
        )


def release(name: str, names: tuple[str, ...]) -> tuple[Standing, ...]:
    """End a lab's faults, all of them or those named; return them."""
    from prompt_kafka.lab import faults

    with _scene(name) as (lab, kubernetes):
        return faults.release(lab, kubernetes, *names)


def active_faults(name: str) -> FaultsNow:
    """Return a lab's faults that last."""
    from prompt_kafka.lab import faults

    with _scene(name) as (lab, kubernetes):
        found = faults.active(lab, kubernetes)
        return FaultsNow(found, faults.unseen(lab, kubernetes))


@contextmanager
def _scene(name: str) -> Iterator[tuple[LabState, Kubernetes]]:
    from prompt_kafka.clients.kubernetes import Kubernetes
    from prompt_kafka.lab.state import LabState

    lab = LabState.open(name)
    with Kubernetes.connect(lab.kubeconfig) as kubernetes:
        yield lab, kubernetes
