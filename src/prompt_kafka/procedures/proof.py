"""The proof that ends a procedure: *really finished*, at the level that the service allows."""

from __future__ import annotations

from prompt_kafka.core.conditions import Finished
from prompt_kafka.core.plan import Step
from prompt_kafka.core.world import World


def behind(world: World) -> tuple[str, ...]:
    """Return the groups whose lag is over its objective already, or unknown: theirs cannot be proved."""
    objectives = world.lag_objectives
    return tuple(
        sorted(
            group.id
            for group in world.groups.known or ()
            if group.id in objectives and (group.lag_s is None or group.lag_s > objectives[group.id])
        )
    )


def finished(world: World, *, canary: bool, stable_s: float, without_operator: bool = False) -> Finished:
    """Return that the service is really finished, without the lag of groups that were behind before."""
    return Finished(
        canary=canary,
        stable_s=stable_s,
        without_groups=behind(world),
        without_operator=without_operator,
    )


def notes(proof: Finished) -> tuple[str, ...]:
    """Return what the reader of a plan should know about its proof: the level, and what is left out."""
    left_out = (
        f"the lag of group {group} is not proved: it was behind before" for group in proof.without_groups
    )
    return (*left_out, f"proof {'with' if proof.canary else 'without'} a canary message")


def notes_of(step: Step) -> tuple[str, ...]:
    """Return what the reader of a plan should know about the proof that a step ends with."""
    return tuple(note for each in step.proof if isinstance(each, Finished) for note in notes(each))
