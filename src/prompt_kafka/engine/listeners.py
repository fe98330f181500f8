"""Who is told how a run goes on: the person at the terminal, and the journal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from prompt_kafka.core.actions import Action, by_hand
from prompt_kafka.core.plan import Step
from prompt_kafka.core.run import StepRecord
from prompt_kafka.core.verdict import Verdict
from prompt_kafka.core.world import Look, World

_COUNTED = re.compile(r"\b\d+ s\b")
"""What only counts the seconds is nothing new."""


class Listener(Protocol):
    """Is told how a run goes on, to show it."""

    @property
    def also(self) -> frozenset[Look]:
        """What it wants to be looked at beside what a proof needs; with the canary it gets a `beat`."""

    def step_began(self, number: int, step: Step) -> None:
        """Tell that a step is taken up."""

    def acted(self, step: Step) -> None:
        """Tell that its action has been carried out; now its proof is waited for."""

    def looked(self, step: Step, world: World | None, unmet: tuple[Verdict, ...]) -> None:
        """Tell what was seen while waiting (nothing when nobody answered), and what is not met yet."""

    def beat(self, world: World) -> None:
        """Tell what the canary did, which sings beside the looks."""

    def handed_over(self, step: Step) -> None:
        """Tell the person at the terminal what to do by hand."""

    def asked_again(self, step: Step, given_up: Verdict) -> None:
        """Tell that what was asked was given up, and is asked again for what is left."""

    def step_ended(self, step: Step, record: StepRecord, seconds: float) -> None:
        """Tell that a step is proved."""

    def noticed(self, text: str) -> None:
        """Tell what became of an announcement, or what a person is to post."""


class Noting:
    """A listener that writes everything down and passes it on.

    Parameters
    ----------
    listener
        The next one.
    note
        Writes down: the number of the step, a word for what happens, and what.
    """

    def __init__(self, listener: Listener, note: Callable[[int, str, str], object]) -> None:
        self._listener = listener
        self._note = note
        self.also = listener.also
        self.beat = listener.beat
        self._number = 0
        self._missing = ""

    def step_began(self, number: int, step: Step) -> None:
        """Write that a step is taken up."""
        self._number, self._missing = number, ""
        self._note(number, "begins", step.title)
        self._listener.step_began(number, step)

    def acted(self, step: Step) -> None:
        """Write that its action has been carried out."""
        self._note(self._number, "waits", "; ".join(type(each).__name__ for each in step.proof))
        self._listener.acted(step)

    def looked(self, step: Step, world: World | None, unmet: tuple[Verdict, ...]) -> None:
        """Write what is not met yet, when it is something new."""
        missing = "; ".join(verdict.because for verdict in unmet)
        if missing and _COUNTED.sub("#", missing) != _COUNTED.sub("#", self._missing):
            self._note(self._number, "sees", missing)
            self._missing = missing
        elif not missing:
            self._missing = ""
        self._listener.looked(step, world, unmet)

    def handed_over(self, step: Step) -> None:
        """Write that a person has to do it."""
        self._note(self._number, "by hand", step.by_hand)
        self._listener.handed_over(step)

    def asked_again(self, step: Step, given_up: Verdict) -> None:
        """Write that something is asked for again."""
        self._note(self._number, "asks again", given_up.because)
        self._listener.asked_again(step, given_up)

    def noticed(self, text: str) -> None:
        """Write what became of an announcement."""
        self._note(self._number, "told", text)
        self._listener.noticed(text)

    def asking(self, perform: Callable[[Action], None]) -> Callable[[Action], None]:
        """Return what carries actions out, with an entry before and one after each."""

        def noted(action: Action) -> None:
            self._note(self._number, "asks", by_hand(action, "").partition("\n")[0])
            perform(action)
            self._note(self._number, "asked", type(action).__name__)

        return noted

    def failed(self, error: str) -> None:
        """Write what ended the run."""
        self._note(self._number, "ends", error)

    def step_ended(self, step: Step, record: StepRecord, seconds: float) -> None:
        """Write the evidence."""
        for line in record.evidence:
            self._note(self._number, "evidence", line)
        self._note(self._number, "proved", f"in {seconds:.1f} s")
        self._listener.step_ended(step, record, seconds)
