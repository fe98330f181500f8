"""What changed, in order, each thing once, and what is not known said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prompt_kafka.core.history import Happening, History, handover

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SYNC = Happening(NOON - timedelta(hours=2), "argo cd", "prompt-kafka synced to abc", "someone")
ROLL = Happening(NOON - timedelta(hours=1), "operator", "ManualRollingUpdate: Rolling Pod x")
OLD = Happening(NOON - timedelta(days=2), "git", "long ago")


def test_the_newest_comes_first_and_what_is_too_old_not_at_all() -> None:
    found = History.of(NOON - timedelta(hours=12), [SYNC, OLD, ROLL, SYNC])
    assert found.happenings == (ROLL, SYNC)


def test_the_handover_note_names_problems_changes_and_what_is_not_known() -> None:
    history = History.of(NOON - timedelta(hours=12), [SYNC], [("git", "no repository is configured")])
    note = handover("TARGET lab", "NOT HEALTHY", [("broker 4 is sick", "prompt-kafka restart x")], history)
    assert "**NOT HEALTHY**" in note
    assert "- broker 4 is sick — `prompt-kafka restart x`" in note
    assert "- 11-24 10:00:00 argo cd: prompt-kafka synced to abc (someone)" in note
    assert "- git: no repository is configured" in note


def test_a_quiet_night_says_so() -> None:
    assert "Nothing changed." in handover("T", "healthy", [], History.of(NOON, []))
