"""Notices that wait in records of runs: found by their label, sent under the Lease by whoever comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from prompt_kafka.adapters.lease import RunLease
from prompt_kafka.adapters.runs import RunStore
from prompt_kafka.announcing import Announcing, send_waiting, told
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.notices import NoticeState, Posted, Thread
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import Terms
from prompt_kafka.core.run import RunRecord, RunState
from prompt_kafka.core.service import Environment
from prompt_kafka.lab import slack as lab
from tests import slack_driver
from tests.contracts.servers import free_port, lab_server

SPACE = "default"
LINK = "https://team.slack.com/archives/C0123ABCD/p1764000000123456"


@pytest.fixture(scope="module")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubernetes]:
    root = tmp_path_factory.mktemp("api")
    with lab_server(root, free_port()):
        connection = Kubernetes.connect(root / "kubeconfig")
        yield connection
        connection.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[lab.Slack]:
    running = lab.Slack(tmp_path, 0)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def environment(server: lab.Slack, tmp_path: Path) -> Environment:
    file = str(tmp_path / "slack-token")
    return Environment("lab", namespace=SPACE, channel="ops", slack_url=server.url, slack_token_file=file)


def _texts(server: lab.Slack) -> list[str]:
    history = server.messages.history({"channel": "ops"})
    return [each["text"] for each in history.get("messages", ())]


def _waiting(run: str, kubernetes: Kubernetes, *, done: bool = True) -> RunRecord:
    record = slack_driver.begin(run, recovery=True)
    RunStore(kubernetes, SPACE).create(record)
    store = RunStore(kubernetes, SPACE)
    record = replace(store.load(run), thread=Thread("ops").queue("started", f"{run} began"))
    record = replace(record, state=RunState.DONE if done else RunState.STOPPED)
    store.save(record)
    return record


def test_what_waits_is_sent_once_by_whoever_comes_next(
    kubernetes: Kubernetes, server: lab.Slack, environment: Environment
) -> None:
    _waiting("run-a", kubernetes)
    _waiting("run-b", kubernetes, done=False)
    said: list[str] = []
    store = RunStore(kubernetes, SPACE)
    assert [record.id for record in store.waiting()] == ["run-a", "run-b"]
    with RunLease(kubernetes, SPACE, "c", run="other", owner="x@y"):
        assert send_waiting(Announcing(environment), kubernetes, "c", said.append) == 0
    for _ in range(2):
        send_waiting(Announcing(environment), kubernetes, "c", said.append)
    assert _texts(server) == ["run-a began"], "what never began is told to nobody"
    assert said == ["sent to ops: 1 that waited"]
    assert [record.id for record in store.waiting()] == ["run-b"]
    thread = store.load("run-a").thread
    assert thread is not None
    assert thread.notices[0].state is NoticeState.SENT


def test_slack_down_what_waits_goes_on_waiting(kubernetes: Kubernetes, environment: Environment) -> None:
    _waiting("run-c", kubernetes)
    said: list[str] = []
    down = replace(environment, slack_url="http://127.0.0.1:9/api/")
    assert send_waiting(Announcing(down), kubernetes, "c", said.append) == 0
    assert "notices of run-c wait: Slack does not answer" in said[0]
    assert "run-c" in [record.id for record in RunStore(kubernetes, SPACE).waiting()]


def _production(plan: Plan) -> Plan:
    return replace(plan, target=replace(plan.target, production=True))


def test_without_a_token_production_wants_a_link_and_a_recovery_wants_nothing() -> None:
    nobody = Announcing(Environment("prod", production=True, channel="ops", slack_token_file="/nowhere"))
    plan = _production(slack_driver.plan())
    with pytest.raises(RefusedError, match="nobody has announced it on ops") as refused:
        nobody.refuse_untold(plan, Terms())
    assert refused.value.rule == "not-announced"
    assert "What: restart 2 of 6 Kafka pods" in str(refused.value)
    nobody.refuse_untold(plan, Terms(announced=LINK))
    nobody.refuse_untold(replace(plan, recovery=True), Terms())
    nobody.refuse_untold(slack_driver.plan(), Terms())
    quiet = Announcing(Environment("prod", production=True))
    quiet.refuse_untold(plan, Terms())
    assert quiet.thread(Terms()) is None
    assert quiet.preview(plan, Terms()).channel == ""


def test_a_run_replies_below_what_is_announced_already(environment: Environment) -> None:
    assert Announcing(environment).thread(Terms(announced=LINK)) == Thread.below("ops", LINK)
    began = Thread("ops").queue("a", "b").sent("a", Posted("C0123ABCD", "1.2", LINK))
    below = Announcing(environment, below=lambda: began)
    assert below.thread(Terms()) == replace(began, notices=())
    assert below.preview(slack_driver.plan(), Terms()).replies_to == LINK


def test_what_a_person_says_about_an_announcement_in_doubt() -> None:
    thread = Thread("ops").queue("started", "a").mark("started", NoticeState.INTENDED)
    record = replace(slack_driver.begin("run-1"), thread=thread)
    there = told(record, LINK, False)
    assert there.thread is not None
    assert there.thread.announced
    assert there.terms.announced == LINK
    missing = told(record, "", True)
    assert missing.thread is not None
    assert missing.thread.notices[0].state is NoticeState.QUEUED
