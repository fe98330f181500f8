"""Notices over HTTP: Slack's own SDK against the lab's Slack, with everything that goes wrong on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.adapters.slack import EVENT, Slack
from prompt_kafka.adapters.slack_token import token_of
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import PromptKafkaError, StoppedError
from prompt_kafka.core.notices import DoubtfulPostError, HistoryUnreadableError, NoticeState, NotPostedError
from prompt_kafka.core.run import RunRecord, RunState
from prompt_kafka.core.service import Environment
from prompt_kafka.engine.announcer import Announcer
from prompt_kafka.engine.runner import Runner
from prompt_kafka.engine.teller import Teller
from prompt_kafka.lab import slack as lab
from tests import slack_driver
from tests.engine.test_runner import Heard

TOLD = ["began", "1 of 2", "2 of 2", "Finished"]
"""How the notices of a run that goes well can be told apart."""

KEYS = ["started", "step-1", "step-2", "finished"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[lab.Slack]:
    running = lab.Slack(tmp_path, 0)
    running.start()
    there = running.messages.post({"channel": "ops", "text": "the channel is there"})
    running.messages.delete({"channel": "ops", "ts": there["ts"]})
    yield running
    running.stop()


def client(server: lab.Slack, **more: Any) -> Slack:
    return Slack(server.token, server.url, **{"patience_s": 2.0, **more})


def messages(server: lab.Slack, channel: str = "ops") -> list[dict[str, Any]]:
    """Return all messages of a channel, in threads too, oldest first."""
    history = server.messages.history({"channel": channel, "limit": 1000})
    if not history["ok"]:
        return []
    found = []
    for parent in reversed(history["messages"]):
        found += server.messages.replies({"channel": channel, "ts": parent["ts"]})["messages"]
    return found


def marks(server: lab.Slack, channel: str) -> list[str]:
    """Return the keys of the notices in the one thread that we began."""
    given = {"channel": channel, "include_all_metadata": "1", "limit": 1000}
    (root,) = [each for each in server.messages.history(given)["messages"] if "metadata" in each]
    thread = server.messages.replies({**given, "ts": root["ts"]})["messages"]
    return [each["metadata"]["event_payload"]["key"] for each in thread]


def told(server: lab.Slack) -> list[str]:
    """Return the notices by their words; every reply must be in the one thread."""
    found = messages(server)
    assert len({each.get("thread_ts", each["ts"]) for each in found}) <= 1
    known = [*TOLD, "Stopped", "Goes on"]
    return [next(word for word in known if word in each["text"]) for each in found]


class Run:
    """A run of two disruptive steps that tells the lab's Slack; its record survives in `kept`."""

    def __init__(self, folder: Path, slack: Slack | None, *, recovery: bool = False) -> None:
        self.service = slack_driver.Service(folder)
        self.kept: list[RunRecord] = [slack_driver.begin("run-1", recovery=recovery)]
        self.said: list[str] = []
        self._slack = slack
        self._folder = folder

    @property
    def acts(self) -> int:
        return len(list(self._folder.glob("act-*")))

    @property
    def record(self) -> RunRecord:
        return self.kept[-1]

    @property
    def states(self) -> list[NoticeState]:
        assert self.record.thread is not None
        return [notice.state for notice in self.record.thread.notices]

    def go(self, slack: Slack | None = None) -> RunRecord:
        slack = slack or self._slack
        announcer = Announcer(slack, self.record.id, self.record.started, SYSTEM) if slack else None
        teller = Teller(announcer, "ada@desk", self.said.append, SYSTEM)
        runner = Runner(
            self.service.observe, self.service.perform, self.kept.append, Heard(), SYSTEM, notifier=teller
        )
        return runner.run(replace(self.record, state=RunState.RUNNING))

    def send_waiting(self, slack: Slack) -> None:
        thread = self.record.thread
        assert thread is not None

        def keep(changed: Any) -> None:
            self.kept.append(replace(self.record, thread=changed))

        Announcer(slack, self.record.id, self.record.started, SYSTEM).send(thread, keep)


def test_a_run_is_told_in_one_thread(server: lab.Slack, tmp_path: Path) -> None:
    run = Run(tmp_path, client(server))
    done = run.go()
    assert told(server) == TOLD
    assert done.state is RunState.DONE
    assert set(run.states) == {NoticeState.SENT}
    first = messages(server)[0]
    assert done.thread is not None
    assert (
        done.thread.link
        == f"{server.url.removesuffix('api/')}archives/{done.thread.channel_id}/p"
        + first["ts"].replace(".", "")
    )
    assert "restart 2 of 6 Kafka pods" in first["text"]
    assert "Who: ada@desk · run run-1" in first["text"]
    assert run.said == [f"announced on ops: {done.thread.link}"]


def test_killed_at_every_point_and_resumed_each_notice_is_there_once(
    server: lab.Slack, tmp_path: Path
) -> None:
    """Kill the process (-9) at its n-th point, for every n that it reaches; resume; count posts and acts."""

    def drive(folder: Path, die_at: int) -> int:
        words = [sys.executable, "-m", "tests.slack_driver", str(folder), server.url, str(die_at)]
        return subprocess.run(words, check=False, capture_output=True, timeout=60).returncode

    die_at, code = 0, -9
    while code == -9:
        die_at += 1
        folder = tmp_path / f"point-{die_at}"
        folder.mkdir()
        (folder / "slack-token").write_text(server.token)
        server.messages.post({"channel": f"channel-{die_at}", "text": "somebody else's"})
        record = slack_driver.begin(f"run-{die_at}", f"channel-{die_at}")
        (folder / "record.json").write_text(json.dumps(encode(record)))
        code = drive(folder, die_at)
        if code == -9:
            assert drive(folder, 0) == 0
        assert marks(server, f"channel-{die_at}") == KEYS, f"killed at point {die_at}"
        assert len(list(folder.glob("act-*"))) == 2, f"killed at point {die_at}"
    assert code == 0
    assert die_at > 25


def test_a_lost_answer_is_looked_up_and_not_posted_again(server: lab.Slack, tmp_path: Path) -> None:
    server.faults.order(lab.Fault("chat.postMessage", lose_answer=True, times=2))
    Run(tmp_path, client(server)).go()
    assert told(server) == TOLD


@pytest.mark.parametrize("error", ["fatal_error", "internal_error"])
def test_an_error_that_may_have_posted_is_looked_up(server: lab.Slack, tmp_path: Path, error: str) -> None:
    server.faults.order(lab.Fault("chat.postMessage", error=error))
    Run(tmp_path, client(server)).go()
    assert told(server) == TOLD


def test_asked_too_often_it_waits_as_long_as_slack_says(server: lab.Slack, tmp_path: Path) -> None:
    server.faults.order(lab.Fault("chat.postMessage", status=429, retry_after=1, times=2))
    began = SYSTEM.monotonic()
    Run(tmp_path, client(server, patience_s=10.0)).go()
    assert SYSTEM.monotonic() - began >= 2
    assert told(server) == TOLD


def test_asked_to_wait_too_long_the_run_stops_and_says_for_how_long(
    server: lab.Slack, tmp_path: Path
) -> None:
    server.faults.order(lab.Fault("chat.postMessage", status=429, retry_after=600))
    run = Run(tmp_path, client(server))
    with pytest.raises(StoppedError, match="asked too often") as stopped:
        run.go()
    assert "try again in 600 s" in str(stopped.value)
    assert run.acts == 0


def test_slack_down_a_planned_run_stops_before_anything_is_noticed_and_goes_on_later(
    server: lab.Slack, tmp_path: Path
) -> None:
    url = server.url
    down = Slack(server.token, "http://127.0.0.1:9/api/", patience_s=1.0)
    run = Run(tmp_path, down)
    with pytest.raises(StoppedError, match="nothing was done") as stopped:
        run.go()
    assert run.acts == 0
    assert run.record.state is RunState.STOPPED
    assert run.states == [], "what never began is told to nobody later"
    said = str(stopped.value)
    assert "Slack does not answer" in said
    assert "--announced LINK" in said
    assert "What: restart 2 of 6 Kafka pods" in said, "the text to paste"
    run.go(Slack(server.token, url))
    assert told(server) == TOLD


def test_slack_down_in_the_middle_the_run_goes_on_and_tells_later_once(
    server: lab.Slack, tmp_path: Path
) -> None:
    run = Run(tmp_path, client(server, patience_s=0.5))
    server.faults.order(lab.Fault("chat.getPermalink"))  # the first post goes well
    original = run.service.perform

    def perform(action: Any) -> None:
        server.faults.order(lab.Fault("chat.postMessage", error="service_unavailable", times=99))
        original(action)

    run.service.perform = perform  # type: ignore[method-assign]
    assert run.go().state is RunState.DONE
    assert told(server) == TOLD[:1]
    assert run.states == [NoticeState.SENT, *[NoticeState.QUEUED] * 3]
    assert "3 notices wait for Slack" in run.said[-1]
    server.faults.clear()
    run.send_waiting(client(server))
    run.send_waiting(client(server))
    assert told(server) == TOLD


def test_a_recovery_goes_on_without_slack_and_does_not_wait_for_it(server: lab.Slack, tmp_path: Path) -> None:
    server.faults.order(lab.Fault("chat.postMessage", delay=3.0, error="service_unavailable", times=1))
    run = Run(tmp_path, client(server, patience_s=0.5), recovery=True)
    acted: list[float] = []
    original = run.service.perform

    def perform(action: Any) -> None:
        acted.append(SYSTEM.monotonic())
        original(action)

    run.service.perform = perform  # type: ignore[method-assign]
    began = SYSTEM.monotonic()
    run.go()
    assert len(acted) == 2
    assert acted[-1] - began < 1.5, "the steps waited for Slack"
    assert NoticeState.INTENDED not in run.states
    run.send_waiting(client(server))
    assert told(server) == TOLD


def test_a_recovery_with_slack_down_keeps_its_notices_for_the_next(server: lab.Slack, tmp_path: Path) -> None:
    down = Slack(server.token, "http://127.0.0.1:9/api/", patience_s=0.5)
    run = Run(tmp_path, down, recovery=True)
    run.go()
    assert run.acts == 2
    assert run.states == [NoticeState.QUEUED] * 4
    run.send_waiting(client(server))
    assert told(server) == TOLD


def test_in_doubt_without_a_scope_to_read_it_asks_and_never_posts_again(
    server: lab.Slack, tmp_path: Path
) -> None:
    for method in ("conversations.history", "conversations.list", "conversations.replies"):
        server.faults.order(lab.Fault(method, error="missing_scope", times=99))
    server.faults.order(lab.Fault("chat.postMessage", lose_answer=True))
    run = Run(tmp_path, client(server))
    with pytest.raises(StoppedError, match="nobody knows whether the announcement is on ops") as stopped:
        run.go()
    assert "missing_scope" in str(stopped.value)
    assert "--not-announced" in str(stopped.value)
    assert run.states == [NoticeState.INTENDED]
    assert run.acts == 0
    with pytest.raises(StoppedError):
        run.go()
    assert len(messages(server)) == 1, "posted again although nobody knew"
    thread = run.record.thread
    assert thread is not None
    link = f"https://lab.slack.com/archives/{_id(server)}/p{messages(server)[0]['ts'].replace('.', '')}"
    run.kept.append(replace(run.record, thread=thread.by_hand(link)))
    run.go()
    assert told(server) == TOLD


def test_a_person_says_that_it_is_not_there_and_it_is_posted(server: lab.Slack, tmp_path: Path) -> None:
    server.faults.order(lab.Fault("conversations.list", error="missing_scope", times=99))
    server.faults.order(lab.Fault("chat.postMessage", error="fatal_error", times=1))
    run = Run(tmp_path, client(server))
    with pytest.raises(StoppedError, match="nobody knows"):
        run.go()
    thread = run.record.thread
    assert thread is not None
    run.kept.append(replace(run.record, thread=thread.missing()))
    run.go()
    assert told(server) == TOLD


def test_announced_by_hand_the_run_replies_to_that_message(server: lab.Slack, tmp_path: Path) -> None:
    posted = server.messages.post({"channel": "ops", "text": "we have began"})
    link = f"https://team.slack.com/archives/{posted['channel']}/p{posted['ts'].replace('.', '')}"
    run = Run(tmp_path, client(server))
    run.kept.append(replace(run.record, thread=slack_driver.Thread.below("ops", link)))
    run.go()
    assert told(server) == ["began", *TOLD]


def test_without_a_token_what_is_to_be_told_is_printed(tmp_path: Path) -> None:
    run = Run(tmp_path, None)
    run.go()
    assert run.states == [NoticeState.PASTE] * 4
    assert [text.splitlines()[0] for text in run.said] == ["to paste on ops:"] * 3
    assert "Finished" in run.said[-1]


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("channel_not_found", "check `channel` in service.yaml"),
        ("not_in_channel", "/invite"),
        ("is_archived", "another `channel`"),
        ("token_revoked", "new token"),
        ("missing_scope", "docs/production.md"),
    ],
)
def test_each_error_says_what_where_and_what_next(server: lab.Slack, error: str, hint: str) -> None:
    server.faults.order(lab.Fault("chat.postMessage", error=error))
    with pytest.raises(NotPostedError) as raised:
        client(server).post("ops", "x", ("r", "k"))
    assert raised.value.what == f"Slack says: {error}"
    assert raised.value.where == f"channel ops, {server.url}"
    assert hint in (raised.value.next or "")


def test_a_wrong_token_is_named_and_never_shown(server: lab.Slack) -> None:
    with pytest.raises(NotPostedError, match="invalid_auth") as raised:
        Slack("xoxb-very-secret", server.url).post("ops", "x", ("r", "k"))
    assert "very-secret" not in str(raised.value)


def test_whose_token_it_is(server: lab.Slack) -> None:
    assert client(server).who() == "prompt-kafka in Lab"


def test_a_server_that_fails_leaves_a_doubt(server: lab.Slack) -> None:
    server.faults.order(lab.Fault("chat.postMessage", status=500, error="x"))
    with pytest.raises(DoubtfulPostError, match="Slack failed"):
        client(server).post("ops", "x", ("r", "k"))
    with pytest.raises(NotPostedError, match="Slack says: not_found"):
        Slack(server.token, server.url.replace("/api/", "/nowhere/")).post("ops", "x", ("r", "k"))


def test_a_post_is_found_by_its_mark_on_the_last_page(server: lab.Slack) -> None:
    slack = client(server)
    posted = slack.post("#ops", "the one <here> & now", ("r", "k"))
    for number in range(450):
        server.messages.post({"channel": "ops", "text": str(number)})
    since = SYSTEM.now() - timedelta(minutes=1)
    assert slack.find("ops", ("r", "k"), "", since) == posted
    assert slack.find("ops", ("r", "other"), "", since) is None
    with pytest.raises(HistoryUnreadableError, match="sees no channel #nowhere"):
        slack.find("nowhere", ("r", "k"), "", since)
    first = server.messages.history({"channel": "ops", "limit": 1000, "include_all_metadata": True})
    assert first["messages"][-1]["text"] == "the one &lt;here&gt; &amp; now"
    assert first["messages"][-1]["metadata"]["event_type"] == EVENT


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    server: lab.Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert client(server).post("ops", "x", ("r", "k")).stamp
    with pytest.raises(NotPostedError, match="Slack does not answer"):
        Slack(server.token, "https://slack.invalid/api/", patience_s=0.1).post("ops", "x", ("r", "k"))


def test_nothing_is_said_by_the_sdk_itself(
    server: lab.Slack, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(PromptKafkaError):
        Slack("xoxb-very-secret", "http://127.0.0.1:9/api/", patience_s=0.1).post("ops", "x", ("r", "k"))
    out, err = capfd.readouterr()
    assert out == err == ""
    assert "very-secret" not in caplog.text


def test_where_the_token_comes_from(tmp_path: Path) -> None:
    variables = {"PROMPT_KAFKA_SLACK_TOKEN": " xoxb-1 "}
    assert token_of(Environment("a"), variables) == ("xoxb-1", "")
    assert token_of(Environment("a"), {}) == ("", "no bot token in PROMPT_KAFKA_SLACK_TOKEN")
    file = tmp_path / "token"
    named = Environment("a", slack_token_file=str(file))
    assert token_of(named, variables)[0] == "", "one environment's token is not for another's Slack"
    assert "cannot be read" in token_of(named, variables)[1]
    file.write_text("xoxb-2\n")
    assert token_of(named, variables) == ("xoxb-2", "")


def _id(server: lab.Slack) -> str:
    found: str = server.messages.channels()["channels"][0]["id"]
    return found
