"""Retention as people write it."""

from __future__ import annotations

import pytest

from prompt_kafka.core.durations import retention
from prompt_kafka.core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "milliseconds", "words"),
    [
        ("14d", 1_209_600_000, "14 days"),
        ("1d", 86_400_000, "1 day"),
        ("12h", 43_200_000, "12 hours"),
        ("30m", 1_800_000, "30 minutes"),
        ("90s", 90_000, "90 seconds"),
        ("2w", 1_209_600_000, "2 weeks"),
        ("unlimited", -1, "for ever"),
    ],
)
def test_with_its_unit(text: str, milliseconds: int, words: str) -> None:
    assert retention(text) == (milliseconds, words)


@pytest.mark.parametrize(
    "text", ["14", "", "d", "-1", "-1d", "1.5d", "14 days", "14D", "1y", "0d", "9" * 30 + "d", "forever"]
)
def test_without_one_nobody_can_tell(text: str) -> None:
    with pytest.raises(UsageError, match="retention"):
        retention(text)
