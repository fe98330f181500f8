"""An announced maintenance: its texts, and the production hours that it may not touch."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from prompt_kafka.core import maintenance as texts
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.hours import Hours, Interval
from prompt_kafka.core.maintenance import Maintenance
from prompt_kafka.core.notices import Thread
from prompt_kafka.core.world import Seen, unseen
from tests.worlds import NOW

ZONE = "America/Santiago"
HOUR = timedelta(hours=1)
NIGHT = Interval(NOW + 6 * HOUR, NOW + 18 * HOUR, "production hours")
HOURS = Hours("night", ZONE, (NIGHT,), NOW - 48 * HOUR, NOW + 96 * HOUR)
SEEN = Seen(HOURS)


def _maintenance(length: timedelta = 2 * HOUR, override: str = "") -> Maintenance:
    return Maintenance(
        "m-1", "usdfprod", "new disks", "ada@desk", NOW, NOW + length, Thread("ops"), NOW, override
    )


def test_the_first_notice_says_what_when_and_who() -> None:
    assert texts.announced(_maintenance(), ZONE).splitlines() == [
        "*Kafka usdfprod: maintenance*",
        "What: new disks",
        "When: 2026-11-24 16:00 UTC (13:00 Santiago) until 2026-11-24 18:00 UTC (15:00 Santiago) (2 h)",
        "Expect: clients may reconnect and see delays",
        "Who: ada@desk",
    ]
    assert "In production hours, because: fire" in texts.announced(_maintenance(override="fire"), ZONE)


def test_it_is_extended_and_ended_in_its_thread() -> None:
    more = _maintenance().extended(NOW + 3 * HOUR, "bob@desk", NOW + HOUR, "UTC")
    late = more.extended(NOW + 5 * HOUR, "bob@desk", NOW + 4 * HOUR, "UTC", "fire")
    ended = late.closed("bob@desk", NOW + 4.5 * HOUR)
    assert [(notice.key, notice.text) for notice in ended.thread.notices] == [
        ("extended-1", "*Extended* until 2026-11-24 19:00 UTC, by bob@desk"),
        (
            "extended-2",
            "*Extended* (after its announced end) until 2026-11-24 21:00 UTC, by bob@desk\n"
            "In production hours, because: fire",
        ),
        ("ended", "*Ended* after 4 h 30 min, by bob@desk: new disks"),
    ]
    assert not ended.covers(NOW + 4.6 * HOUR)
    assert _maintenance().covers(NOW + HOUR)
    assert not _maintenance().covers(NOW + 2 * HOUR)
    assert decode(json.loads(json.dumps(encode(ended))), Maintenance) == ended


@pytest.mark.parametrize(
    ("minutes", "before"), [(120, 15), (60, 15), (40, 10), (4, 1)], ids=["2h", "1h", "40min", "4min"]
)
def test_it_reminds_before_its_end(minutes: int, before: int) -> None:
    found = _maintenance(timedelta(minutes=minutes))
    assert found.remind_at(NOW) == found.until - timedelta(minutes=before)
    assert found.remind_at(found.until) is None


def test_a_reminder_is_recognised_by_its_begin() -> None:
    assert texts.reminder(_maintenance(), "UTC").startswith(texts.reminder_begin("usdfprod"))


def test_a_window_may_not_touch_the_night() -> None:
    texts.refuse_touching_hours(SEEN, "usdfprod", NOW, NOW + 5 * HOUR, "")
    with pytest.raises(RefusedError) as refused:
        texts.refuse_touching_hours(SEEN, "usdfprod", NOW, NOW + 7 * HOUR, "")
    assert refused.value.rule == "touches-production-hours"
    assert refused.value.what == "until 2026-11-24 23:00 UTC (20:00 Santiago) it touches production hours"
    assert "it has to end before 2026-11-24 22:00 UTC (19:00 Santiago)" in (refused.value.next or "")
    assert "begins 2026-11-25 10:00 UTC" in (refused.value.next or "")
    texts.refuse_touching_hours(SEEN, "usdfprod", NOW, NOW + 7 * HOUR, "fire")


def test_at_night_there_is_no_window_to_end_in() -> None:
    with pytest.raises(RefusedError) as refused:
        texts.refuse_touching_hours(SEEN, "usdfprod", NOW + 7 * HOUR, NOW + 8 * HOUR, "")
    assert "it has to end before" not in (refused.value.next or "")


def test_hours_that_nobody_knows_are_not_taken_for_free() -> None:
    with pytest.raises(RefusedError, match="cannot tell whether usdfprod is in production"):
        texts.refuse_touching_hours(unseen(), "usdfprod", NOW, NOW + HOUR, "")
