"""A plan and a run as Markdown: what a report needs, and nothing that breaks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from prompt_kafka.core.actions import Annotate, Observe
from prompt_kafka.core.changes import CommitFiles, FileChange
from prompt_kafka.core.conditions import QuorumLed
from prompt_kafka.core.notices import Notice, NoticeState, Thread
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import Terms
from prompt_kafka.core.run import RunRecord, RunState, StepRecord, StepState
from prompt_kafka.core.story import plan_told, run_told
from tests.worlds import NOW, healthy

ACT = Annotate("pod", "prompt-kafka-kafka-3", "prompt-kafka", "strimzi.io/manual-rolling-update", "true")
PLAN = Plan(
    "restart",
    healthy().target,
    "restart 1 of 6 Kafka pods",
    (
        Step("restart prompt-kafka-kafka-3", "it is sick", ACT, (QuorumLed(),), disruptive=True),
        Step("prove | all", "pods prove nothing", Observe(), (QuorumLed(),)),
    ),
    notes=("proof with a canary message",),
)
RUN = RunRecord.begin("20261124-160000-restart-1f3a", PLAN, "ada@desk", NOW, terms=Terms("a sick broker"))


def test_a_plan_has_target_reasons_and_the_lines_by_hand() -> None:
    told = plan_told(PLAN)
    assert "`TARGET lab (not production) · lab · " in told
    assert f"- plan: `{PLAN.digest}`" in told
    assert "## 1. restart prompt-kafka-kafka-3\n\nIt is sick.\n\n*clients may notice it*" in told
    assert "```sh\nkubectl --context lab annotate pod prompt-kafka-kafka-3 " in told
    assert "- proof with a canary message" in told


def test_an_empty_plan_says_why() -> None:
    assert "Nothing to do: it is so" in plan_told(replace(PLAN, steps=(), nothing_because="it is so"))


def test_a_difference_is_shown_once_and_cannot_end_its_fence() -> None:
    change = FileChange("a.md", "old\n", "```sh\nnew\n")
    commit = CommitFiles("file:///r", "main", "message", (change,))
    told = plan_told(replace(PLAN, steps=(Step("commit", "because", commit, ()),)))
    assert "````diff\n" in told
    assert told.count("+new") == 1


def test_a_run_tells_who_when_how_long_and_what_proved_it() -> None:
    record = RUN.step(0, StepRecord(StepState.PROVED, True, ("1 pod replaced",)), NOW + timedelta(seconds=40))
    record = record.ended(RunState.STOPPED, NOW + timedelta(minutes=3), "production has begun")
    told = run_told(record)
    assert "- run: `20261124-160000-restart-1f3a`, stopped, by ada@desk" in told
    assert "- began 2026-11-24 16:00:00 UTC, last change 2026-11-24 16:03:00 UTC, 3.0 min" in told
    assert "- **production has begun**" in told
    assert "- production hours overridden: a sick broker" in told
    assert "| 1 | restart prompt-kafka-kafka-3 | proved | 2026-11-24 16:00:40 UTC | 40.0 s |" in told
    assert "| 2 | prove \\| all | not begun |  |  |" in told
    assert "**proved**\n\n- 1 pod replaced" in told


def test_what_was_told_is_part_of_the_story() -> None:
    notice = Notice("started", "restart: begins\nin the maintenance window", NoticeState.SENT, "1.2")
    thread = Thread("dm-prompt-processing", "C1", "1.2", "https://slack/archives/C1/p12", (notice,))
    told = run_told(replace(RUN, thread=thread))
    assert "- announced on #dm-prompt-processing: https://slack/archives/C1/p12" in told
    assert "- started, sent: restart: begins\n  in the maintenance window" in told
    assert "- not announced on #dm-prompt-processing" in run_told(
        replace(RUN, thread=Thread("dm-prompt-processing"))
    )


def test_a_step_that_was_done_before_is_not_claimed() -> None:
    record = RUN.step(0, StepRecord(StepState.PROVED, False), NOW).step(1, StepRecord(StepState.PROVED), NOW)
    told = run_told(record)
    assert "| 1 | restart prompt-kafka-kafka-3 | was so already |" in told
    assert "| 2 | prove \\| all | proved |" in told
