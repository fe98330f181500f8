"""Planning again: after the commit, after the sync, in the goal state; and what every plan says."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from prompt_kafka.core.actions import by_hand
from prompt_kafka.core.changes import Sync
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.world import Seen, World
from prompt_kafka.procedures import create_topic
from tests.topics import Charts, change, committed, means, request, service, with_logins, with_objects
from tests.worlds import NOW

REQUEST = request({"users": {"alert-reader": "read", "prompt-processing": "write"}})


def _plan(world: World, charts: Charts) -> Plan:
    return create_topic.plan(REQUEST, world, means(charts))


@pytest.fixture(scope="module")
def first() -> Plan:
    return _plan(service(), Charts())


def _after(files: dict[str, str], *, deployed: bool) -> tuple[World, Charts]:
    """Return the World after the commit; `deployed`: after everything."""
    charts = Charts(files, older={})
    world = service(files=files)
    if not deployed:
        world = with_objects(world, charts("lab", {}, "b" * 40))
        return change(world, {"application": {"deployed": "b" * 40, "revision": "b" * 40}}), charts
    return with_logins(world, REQUEST, charts("lab", {})), charts


def test_in_the_goal_state_there_is_nothing_to_do(first: Plan) -> None:
    again = _plan(*_after(committed(first), deployed=True))
    assert again.steps == ()
    assert "alerts: 3 partitions, 3 replicas on the brokers" in again.nothing_because
    assert "alert-reader logs in and may describe, read on topic alerts" in again.nothing_because


def test_after_the_commit_only_the_rest_is_to_do(first: Plan) -> None:
    again = _plan(*_after(committed(first), deployed=False))
    assert [step.title for step in again.steps] == [step.title for step in first.steps[1:]]


def test_a_topic_that_the_brokers_have_otherwise_is_no_goal_state(first: Plan) -> None:
    world, charts = _after(committed(first), deployed=True)
    topics = tuple(
        replace(each, settings={**each.settings, "retention.ms": "1"}) if each.name == "alerts" else each
        for each in world.topics.known or ()
    )
    again = _plan(replace(world, topics=Seen(topics, NOW)), charts)
    assert [step.title for step in again.steps] == ["prove the topic and its users on the brokers"]


def test_a_plan_survives_json_and_its_digest_does_not_depend_on_the_run(first: Plan) -> None:
    marked = first.marked("20261124-160000-topic-create-1f3a")
    again = decode(json.loads(json.dumps(encode(marked))), Plan)
    assert again == marked != first
    assert again.digest == first.digest
    assert all(
        "1f3a" in json.dumps(encode(step.action)) for step in marked.steps if hasattr(step.action, "mark")
    )


def test_nothing_is_ever_pruned(first: Plan) -> None:
    for step in first.steps:
        if isinstance(step.action, Sync):
            assert step.action.operation("c" * 40, who="me", spec={})["sync"]["prune"] is False


def test_the_record_of_a_run_is_small(first: Plan) -> None:
    assert len(json.dumps(encode(first))) < 100_000


def test_by_hand_says_every_act(first: Plan) -> None:
    lines = [by_hand(step.action, "lab") for step in first.steps[:-1]]
    assert all(lines)
    assert "git -C prompt-kafka-change apply --index" in lines[0]
    assert "Prompt-Kafka-Run: by hand" in lines[0]
    assert "kubectl --context lab annotate application prompt-kafka" in lines[1]
    assert "# or: argocd app sync prompt-kafka --revision $REVISION" in lines[3]
    assert "--resource kafka.strimzi.io:KafkaUser:prompt-kafka/alert-reader" in lines[3]
    assert "password" in lines[2] and "=-" in lines[2]


def test_a_shell_makes_of_the_printed_line_what_the_adapter_sets(first: Plan) -> None:
    """The lines are run by a shell whose kubectl and git say what they were given, or what was asked."""
    policy = {"syncOptions": ["CreateNamespace=true"], "retry": {"limit": 3}}
    stand_ins = "USER=ada\nkubectl() { case $* in\n"
    stand_ins += f"*.syncOptions*) echo '{json.dumps(policy['syncOptions'])}';;\n"
    stand_ins += f"*.retry*) echo '{json.dumps(policy['retry'])}';;\n"
    stand_ins += "*) printf '%s\\n' \"$@\";; esac; }\n"
    stand_ins += "git() { printf 'c0ffee\\trefs/heads/main\\n'; }\n"
    marked = first.marked("run-1")
    for step in marked.steps:
        if not isinstance(step.action, Sync):
            continue
        script = stand_ins + by_hand(step.action, "lab")
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        *words, body = done.stdout.splitlines()
        assert words[:5] == ["--context", "lab", "patch", "application", "prompt-kafka"]
        operation = step.action.operation("c0ffee", who="ada", spec={"syncPolicy": policy})
        assert json.loads(body) == {"operation": operation, "status": {"operationState": None}}
