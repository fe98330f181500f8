"""What a person writes on the command line, as the values that a reading takes."""

from __future__ import annotations

import re
from dataclasses import replace

from prompt_kafka.core.durations import retention
from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages import Budget, Filter, Range, Text
from prompt_kafka.messages.bounds import Bound, between
from prompt_kafka.messages.filters import read

SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def size_of(text: str) -> int:
    """Read a size in bytes: ``500MB``, ``2GiB``, ``64k``."""
    found = re.fullmatch(r"([0-9]+)\s*([kmg]i?)?b?(?:/s)?", text.strip().lower())
    if not found or not int(found[1]):
        raise UsageError(f"{text!r} is no size", next="write 500MB, 2GiB or 64k")
    return int(found[1]) * SIZES[found[2] or ""]


def budget_of(texts: tuple[str, ...]) -> Budget:
    """Read what a search may cost: a time (``30s``), a size (``2GB``), a number of records (``5000000``)."""
    budget = Budget()
    for text in texts:
        word = text.strip()
        if re.fullmatch(r"[0-9]+", word):
            budget = replace(budget, records=int(word))
        elif re.fullmatch(r"[0-9]+[smhd]", word):
            budget = replace(budget, seconds=retention(word)[0] / 1000)
        elif re.fullmatch(r"(?i)[0-9]+\s*(b|[kmg]i?b)", word):
            budget = replace(budget, bytes=size_of(word))
        else:
            raise UsageError(f"{text!r} is no budget", next="write 30s, 2GB or a number of records")
    return budget


def filter_of(
    texts: tuple[tuple[str, tuple[str, ...]], ...], where: str | None, *, ignore_case: bool, decoded: bool
) -> Filter:
    """Read the filters; `texts` by the part that each looks at."""
    found: list[Text] = []
    for part, given in texts:
        found += [read(part, text, ignore_case=ignore_case) for text in given]  # type: ignore[arg-type]
    return Filter(tuple(found), where, decoded).compile()


def range_of(lower: str | None, upper: str | None, offsets: tuple[str, ...], late: str | None) -> Range:
    """Read both bounds."""
    span = between(lower, upper)
    own: dict[int, int] = {}
    for text in offsets:
        found = re.fullmatch(r"(?:([0-9]{1,9})=)?([0-9]{1,18})", text.strip())
        if not found:
            raise UsageError(
                f"{text!r} is no offset", next="write --offset 17, or --offset 3=17 for partition 3"
            )
        if found[1] is None:
            if lower is not None:
                raise UsageError("--offset and --from both say where to begin", next="give one of them")
            span = replace(span, lower=Bound("offset", int(found[2])))
        else:
            own[int(found[1])] = int(found[2])
    if late is not None:
        span = replace(span, late_ms=None if late == "all" else retention(late)[0])
    return replace(span, offsets=own)
