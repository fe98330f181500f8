from datetime import UTC, datetime

import pytest

from prompt_kafka.lab.argocd.durations import duration
from prompt_kafka.lab.argocd.windows import ScheduleError, applies, blocked, following, is_active

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)  # a Tuesday
APP = {
    "metadata": {"name": "prompt-kafka"},
    "spec": {"destination": {"namespace": "prompt-kafka", "server": "https://kubernetes.default.svc"}},
}


def window(kind="deny", schedule="0 10 * * *", length="4h", **more):
    return {"kind": kind, "schedule": schedule, "duration": length, "applications": ["prompt-*"], **more}


def may(*windows, manual=True, running=False, app=APP):
    return blocked(windows, app, NOON, manual=manual, running=running) is None


def test_without_a_window_a_sync_may_run():
    assert may()


def test_a_window_for_another_application_does_not_matter():
    assert may(window(applications=["sasquatch"]))


def test_an_active_deny_beats_an_active_allow():
    assert not may(window(), window("allow"))
    assert may(window("allow"))


def test_outside_every_allow_window_nothing_runs():
    assert not may(window("allow", "0 20 * * *"))
    assert may(window("allow", "0 20 * * *"), window("allow"))


def test_a_person_passes_only_when_every_window_in_the_way_says_so():
    assert may(window(manualSync=True))
    assert not may(window(manualSync=True), manual=False)
    assert not may(window(manualSync=True), window())
    assert may(window("allow", "0 20 * * *", manualSync=True))


def test_a_sync_that_has_begun_may_overrun():
    assert may(window(syncOverrun=True), running=True, manual=False)
    assert not may(window(syncOverrun=True), manual=False)


@pytest.mark.parametrize(
    ("schedule", "length", "zone", "active"),
    [
        ("0 10 * * *", "4h", "UTC", True),
        ("0 10 * * *", "2h", "UTC", False),
        ("0 10 * * *", "2h1m", "UTC", True),
        ("0 9 * * *", "30m", "America/Santiago", False),
        ("0 8 * * *", "2h", "America/Santiago", True),
        ("0 10 * * 2", "4h", "UTC", True),
        ("0 10 * * 3", "4h", "UTC", False),
        ("0 18 * * *", "20h", "UTC", True),
        ("0 10 * * *", "4h", "No/Such/Zone", True),
        ("nonsense", "4h", "UTC", False),
    ],
)
def test_when_a_window_is_open(schedule, length, zone, active):
    assert is_active(window(schedule=schedule, length=length, timeZone=zone), NOON) is active


def test_selectors_are_alternatives_unless_told_otherwise():
    by_both = window(applications=["prompt-kafka"], namespaces=["other"])
    assert applies(by_both, APP)
    assert not applies({**by_both, "andOperator": True}, APP)
    assert applies({"clusters": ["https://kubernetes.*"]}, APP)
    assert not applies({}, APP)


@pytest.mark.parametrize(
    ("schedule", "after", "fires"),
    [
        ("*/15 * * * *", (10, 12, 1), (10, 12, 15)),
        ("30 8-10 * * *", (10, 10, 30), (11, 8, 30)),
        ("0 0 1 * *", (10, 0, 0), None),
        ("0 0 15 * 0", (10, 0, 0), (15, 0, 0)),
        ("0 0 13 * 4", (10, 0, 0), (12, 0, 0)),
        ("0 0 * * 7", (10, 0, 0), (15, 0, 0)),
        ("5,7 1 * * *", (10, 1, 5), (10, 1, 7)),
    ],
)
def test_schedules(schedule, after, fires):
    found = following(schedule, datetime(2026, 3, *after))
    assert found == (datetime(2026, 3, *fires) if fires else datetime(2026, 4, 1))


@pytest.mark.parametrize("text", ["* * * *", "61 * * * *", "a * * * *", "* * * * 9", "5-1 * * * *"])
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(ScheduleError):
        following(text, datetime(2026, 3, 1))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("1h30m", 5400), ("250ms", 0.25), ("7", 7), ("", None), ("5x", None), ("1.5h", 5400)],
)
def test_durations(text, seconds):
    assert duration(text) == seconds
