"""Takes a run's steps back, the last first, and says what stays."""

from __future__ import annotations

from collections.abc import Callable

from prompt_kafka.core.actions import Action, Observe
from prompt_kafka.core.errors import RefusedError, StoppedError
from prompt_kafka.core.plan import Step
from prompt_kafka.core.run import RunRecord, StepState


def take_back(
    record: RunRecord, perform: Callable[[Action], None], say: Callable[[str], None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Undo what can be undone; return the titles of what is undone and of what stays.

    Raises
    ------
    RefusedError
        Somebody has changed since what is to be undone (``cannot-undo``).
    """
    undone, stays = [], []
    for step, done in reversed(list(zip(record.plan.steps, record.steps, strict=True))):
        if done.state is StepState.PENDING or not (done.acted or done.state is not StepState.PROVED):
            continue
        if step.undo is not None:
            say(f"undoing: {step.title}")
            _undo(step, perform)
            undone.append(step.title)
        elif not isinstance(step.action, Observe):
            say(f"stays: {step.title}")
            stays.append(step.title)
    return tuple(undone), tuple(stays)


def _undo(step: Step, perform: Callable[[Action], None]) -> None:
    assert step.undo is not None
    try:
        perform(step.undo)
    except StoppedError as error:
        raise RefusedError(
            "cannot-undo",
            f"'{step.title}' cannot be taken back: {error.what}",
            where=error.where,
            next="mend that by hand and abort again, or resume the run",
        ) from error
