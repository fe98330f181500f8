"""What readers of a channel are told: the texts, and which run must be announced first."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_kafka.core import announcement
from prompt_kafka.core.actions import Observe
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.notices import Notice, NoticeState, Posted, Thread
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import Terms
from prompt_kafka.core.run import RunRecord, RunState, StepRecord, StepState
from tests.worlds import NOW, healthy

STEPS = (
    Step("restart the controllers", "why", Observe(), (), disruptive=True, timeout_s=1080),
    Step("restart the brokers", "why", Observe(), (), disruptive=True, timeout_s=1080),
    Step("prove", "why", Observe(), (), timeout_s=360),
)
PLAN = Plan("restart", healthy().target, "restart 6 of 6 Kafka pods", STEPS)


def _record(state: RunState, *states: StepState, because: str = "") -> RunRecord:
    record = RunRecord.begin("run-1", PLAN, "ada@desk", NOW)
    steps = tuple(StepRecord(each, True, ("seen",)) for each in states)
    later = NOW + timedelta(seconds=185)
    return replace(record, state=state, steps=steps, updated=later, because=because)


def test_the_plan_previews_what_is_told_first() -> None:
    assert announcement.started(PLAN, Terms(), "ada@desk").splitlines() == [
        "*Kafka lab: maintenance begins*",
        "What: restart 6 of 6 Kafka pods",
        "When: now, 42 min at the very most",
        "Expect: clients may reconnect and see delays during 2 steps of 3",
        "Who: ada@desk",
    ]


def test_a_run_says_when_it_began_and_why_in_production_hours() -> None:
    terms = Terms(override_hours="a broker's disk is failing", announcement="New disks arrived.")
    assert announcement.started(PLAN, terms, "ada@desk", NOW, "run-1").splitlines() == [
        "*Kafka lab: maintenance began*",
        "New disks arrived.",
        "What: restart 6 of 6 Kafka pods",
        "When: from 2026-11-24 16:00 UTC, 42 min at the very most",
        "Expect: clients may reconnect and see delays during 2 steps of 3",
        "In production hours, because: a broker's disk is failing",
        "Who: ada@desk · run run-1",
    ]


def test_a_recovery_and_a_change_that_nobody_notices_are_called_so() -> None:
    recovery = announcement.started(replace(PLAN, recovery=True), Terms(), "a@b")
    assert "recovery begins" in recovery
    assert "is being brought back" in recovery
    quiet = announcement.started(replace(PLAN, steps=STEPS[2:]), Terms(), "a@b")
    assert "change begins" in quiet
    assert "no client should notice" in quiet


def test_the_end_is_told_with_its_proof_or_with_what_is_left() -> None:
    proved = [StepState.PROVED] * 3
    assert announcement.ended(_record(RunState.DONE, *proved)) == (
        "*Finished*: restart 6 of 6 Kafka pods, after 3 min\n• seen"
    )
    stopped = _record(
        RunState.STOPPED, StepState.PROVED, StepState.ACTED, StepState.PENDING, because="no proof within 60 s"
    )
    assert announcement.ended(stopped).splitlines() == [
        "*Stopped*: maintenance of lab is not finished (1 of 3 steps are proved)",
        "no proof within 60 s",
        "It can be taken up: run run-1",
    ]


def test_steps_and_the_rest() -> None:
    proved = StepRecord(StepState.PROVED, True)
    assert announcement.stepped(1, 3, STEPS[0], proved, 34.2) == (
        "1 of 3 · restart the controllers: proved after 34 s"
    )
    assert announcement.stepped(1, 3, STEPS[0], replace(proved, acted=False)).endswith("was so already")
    assert announcement.aborted(("pause",), ("commit",), "a@b") == (
        "*Rolled back* by a@b\n• undone: pause\n• stays: commit"
    )
    assert announcement.aborted((), (), "a@b") == "*Aborted* by a@b"


@pytest.mark.parametrize(
    ("plan", "needed"),
    [
        (PLAN, True),
        (replace(PLAN, recovery=True), False),
        (replace(PLAN, steps=STEPS[2:]), False),
        (replace(PLAN, steps=()), False),
    ],
)
def test_readers_must_be_told_of_what_clients_may_notice(plan: Plan, needed: bool) -> None:
    assert announcement.needs_announcement(plan) is needed


def test_the_first_notice_is_what_the_others_reply_to() -> None:
    thread = Thread("ops").queue("started", "a").queue("step-1", "b").queue("started", "again")
    assert [notice.text for notice in thread.waiting] == ["a", "b"]
    thread = thread.sent("started", Posted("C012345678", "1.000001", "link"))
    assert (thread.root, thread.link, thread.channel_id) == ("1.000001", "link", "C012345678")
    thread = thread.sent("step-1", Posted("C012345678", "2.000002"))
    assert (thread.root, thread.link) == ("1.000001", "link")
    assert not thread.waiting


def test_a_persons_link_is_replied_to_when_it_is_a_permalink() -> None:
    thread = Thread("ops").queue("started", "a").queue("step-1", "b")
    below = thread.by_hand("https://rubin.slack.com/archives/C0123ABCD/p1764000000123456?thread_ts=1")
    assert (below.channel_id, below.root) == ("C0123ABCD", "1764000000.123456")
    assert [notice.state for notice in below.notices] == [NoticeState.SENT, NoticeState.QUEUED]
    other = thread.by_hand("https://community.lsst.org/t/1")
    assert other.announced
    assert other.paste_only


def test_what_a_person_did_not_find_is_queued_again_and_what_never_began_is_forgotten() -> None:
    thread = Thread("ops").queue("started", "a").mark("started", NoticeState.INTENDED)
    assert thread.intended
    assert thread.missing().notices == (Notice("started", "a"),)
    assert thread.missing().without_queued().notices == ()
    assert thread.without_waiting().notices == ()


@settings(max_examples=30)
@given(st.from_type(Thread))
def test_a_thread_survives_json_with_its_record(thread: Thread) -> None:
    assert decode(json.loads(json.dumps(encode(thread))), Thread) == thread
    record = replace(_record(RunState.DONE, *[StepState.PROVED] * 3), thread=thread)
    assert decode(json.loads(json.dumps(encode(record))), RunRecord) == record
