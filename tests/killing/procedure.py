"""What a procedure says of itself to be killed everywhere, done by a robot, and planned without a trace.

See :mod:`tests.killing.registered` for how one registers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.killing.scene import Scene

Count = Callable[[Scene], Counter[str]]


def nothing(_: Scene) -> None: ...


def nobody(_: Scene, script: str) -> None:
    """The other hand of the robot where a lab does by itself what a person does in production (Vault)."""


def healthy(scene: Scene) -> None:
    """The goal of most: really finished, by the command that everybody asks."""
    assert scene.user.json("status")["healthy"] is True


@dataclass(frozen=True)
class Procedure:
    """A change command.

    Attributes
    ----------
    name
        For the test's id.
    words
        The command, as a person types it, without ``--yes``; ``{n}`` in it stands for the scene's number,
        where a command can be carried out only once for each name, ``{run}`` for the run that waits.
    start
        Brings the lab to where the command has something to do; also again, after it was done before.
    goal
        Asserts that the end was reached.
    counters
        What counts its side effects, each by name. The growth during the run must be `once`, where that says
        something of the name, and else 1 for every key that has grown: nothing twice.
    once
        Counts that are known beforehand, by the counter's name.
    again
        What planning again says in the goal state; empty where there is a new plan (`restart`).
    lab
        More words for ``lab up``; procedures with the same share one lab.
    environment
        More variables for the command.
    person
        Does what a run asks of a person (a ``Manual`` step), given what the run says; the robot's other hand.
    slow
        It takes more than two minutes.
    """

    name: str
    words: tuple[str, ...]
    start: Callable[[Scene], None] = nothing
    goal: Callable[[Scene], None] = healthy
    counters: tuple[tuple[str, Count], ...] = ()
    once: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    again: str = "nothing to do"
    lab: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    person: Callable[[Scene, str], None] = nobody
    slow: bool = False

    def at(self, scene: Scene) -> Procedure:
        """Return the procedure with its command as the scene makes it."""
        known = {"{n}": str(scene.number), "{run}": scene.waiting}

        def filled(word: str) -> str:
            return next((word.replace(each, is_) for each, is_ in known.items() if each in word), word)

        return replace(self, words=tuple(filled(word) for word in self.words))
