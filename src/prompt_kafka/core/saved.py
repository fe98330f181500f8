"""A plan in a file: the request, and what was planned for it.

A file is never executed as such. ``apply`` plans again from the request and goes on only when the plan is
the same; otherwise the fact that moved is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.plan import OF_A_RUN, Plan
from prompt_kafka.core.request import USUAL_TERMS, Request, Terms

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What ``--save-plan`` writes."""

    request: Request
    plan: Plan
    digest: str
    terms: Terms = USUAL_TERMS
    schema: int = SCHEMA

    @classmethod
    def of(cls, request: Request, plan: Plan, terms: Terms | None = None) -> SavedPlan:
        """Return what is to be saved of a plan."""
        return cls(request, plan, plan.digest, terms or USUAL_TERMS)

    def to_json(self) -> str:
        """Return the file's text."""
        return json.dumps(encode(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> SavedPlan:
        """Read a file.

        Raises
        ------
        UsageError
            It is no saved plan, was written by another version, or has been edited.
        """
        again = "plan again with --save-plan"
        try:
            data = json.loads(text)
        except ValueError as error:
            raise UsageError(f"not a saved plan: {error}", where=where, next=again) from None
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            found = data.get("schema") if isinstance(data, dict) else None
            raise UsageError(f"not a saved plan of schema {SCHEMA} (found {found})", where=where, next=again)
        try:
            saved = decode(data, SavedPlan)
        except UsageError as error:
            raise UsageError(f"not a saved plan: {error.what}", where=where, next=again) from None
        assert isinstance(saved, SavedPlan)
        if saved.plan.digest != saved.digest:
            raise UsageError(
                "the plan in the file was edited: its digest does not fit", where=where, next=again
            )
        return saved

    def refuse_if_moved(self, now: Plan) -> None:
        """Refuse to go on when planning again gives another plan (``plan-moved``); name the first fact."""
        if now.digest == self.digest:
            return
        moved = next(_differences(encode(self.plan), encode(now), ""), "the plan")
        raise RefusedError(
            "plan-moved",
            f"the world has moved since the plan was saved: {moved}",
            where=f"saved {self.digest}, now {now.digest}",
            next="look at the plan of now, and save it again",
        )


def _differences(before: Any, now: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in before:
            if key not in OF_A_RUN:
                yield from _differences(before[key], now.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from _differences(one, other, f"{path}[{number}]")
    elif before != now:
        yield f"{path} was {_short(before)}, is {_short(now)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 120 else text[:117] + "…"
