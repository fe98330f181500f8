"""Where reading begins, as a person says it."""

from datetime import UTC, datetime

import pytest

from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages import EARLIEST, NEWEST, Start
from prompt_kafka.messages.start import parse

CLOCK = ManualClock(datetime(2026, 5, 1, 12, tzinfo=UTC))
NOON_MS = int(datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("newest", NEWEST),
        ("earliest", EARLIEST),
        ("17", Start("offset", 17)),
        (f"@{NOON_MS}", Start("time", NOON_MS)),
        ("15m", Start("time", NOON_MS - 15 * 60_000)),
        ("2026-05-01T12:00:00Z", Start("time", NOON_MS)),
        ("2026-05-01T12:00", Start("time", NOON_MS)),
        ("2026-05-01T14:00:00+02:00", Start("time", NOON_MS)),
        ("2026-05-01", Start("time", NOON_MS - 12 * 3_600_000)),
    ],
)
def test_parse(text: str, start: Start) -> None:
    assert parse(text, CLOCK) == start


@pytest.mark.parametrize("text", ["", "yesterday", "-5", "15 m", "2026-13-01", "١٥"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text, CLOCK)
