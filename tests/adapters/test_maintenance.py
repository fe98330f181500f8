"""A maintenance announced, extended and ended: the lab's API server keeps it, the lab's Slack hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from prompt_kafka.announcing import Announcing
from prompt_kafka.clients.kinds import CONFIG_MAP
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import RefusedError, StoppedError
from prompt_kafka.core.notices import NoticeState
from prompt_kafka.core.request import Terms
from prompt_kafka.core.service import Environment
from prompt_kafka.lab import slack as lab
from prompt_kafka.maintaining import Maintaining, announcing_of, covering
from tests.contracts.servers import free_port, lab_server

SPACE = "default"
HOUR = timedelta(hours=1)
LINK = "https://team.slack.com/archives/C0123ABCD/p1764000000123456"


class Later(Clock):
    """Real time, some of it skipped."""

    def __init__(self) -> None:
        self.skipped = timedelta(0)

    def now(self):  # type: ignore[no-untyped-def]
        return super().now() + self.skipped


@dataclass
class Desk:
    """Where somebody announces."""

    server: lab.Slack
    kubernetes: Kubernetes
    environment: Environment
    clock: Later
    said: list[str] = field(default_factory=list)

    def maintaining(self, **changed: str) -> Maintaining:
        environment = replace(self.environment, **changed)  # type: ignore[arg-type]
        return Maintaining(environment, "UTC", self.said.append, self.kubernetes, self.clock, patience_s=0.2)

    def texts(self) -> list[str]:
        """Return the one thread's first lines."""
        history = self.server.messages.history({"channel": "ops"})["messages"]
        assert len(history) <= 1
        if not history:
            return []
        self.server.later.post_due()
        replies = self.server.messages.replies({"channel": "ops", "ts": history[0]["ts"]})
        return [each["text"].partition("\n")[0] for each in replies["messages"]]

    def reminders(self) -> list[str]:
        return [each["text"] for each in self.server.later.listed({})["scheduled_messages"]]


@pytest.fixture(scope="module")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubernetes]:
    root = tmp_path_factory.mktemp("api")
    with lab_server(root, free_port()):
        connection = Kubernetes.connect(root / "kubeconfig")
        yield connection
        connection.close()


@pytest.fixture
def desk(tmp_path: Path, kubernetes: Kubernetes) -> Iterator[Desk]:
    clock = Later()
    server = lab.Slack(tmp_path, 0, clock=clock)
    server.start()
    there = server.messages.post({"channel": "ops", "text": "the channel is there"})
    server.messages.delete({"channel": "ops", "ts": there["ts"]})
    environment = Environment(
        "here",
        namespace=SPACE,
        channel="ops",
        slack_url=server.url,
        slack_token_file=str(tmp_path / "slack-token"),
    )
    yield Desk(server, kubernetes, environment, clock)
    server.stop()
    if kubernetes.find(CONFIG_MAP, "prompt-kafka-maintenance", SPACE) is not None:
        kubernetes.delete(CONFIG_MAP, "prompt-kafka-maintenance", SPACE)


def test_one_thread_from_the_announcement_to_the_end_by_anybody(desk: Desk) -> None:
    first = desk.maintaining()
    told = first.announce(first.drafted("new disks", 2 * HOUR, ""))
    assert told.thread.announced
    assert len(desk.reminders()) == 1
    assert covering(desk.kubernetes, desk.environment, SYSTEM.now()) is not None
    colleague = desk.maintaining()
    found = colleague.open()
    assert found is not None
    with pytest.raises(RefusedError) as refused:
        colleague.announce(colleague.drafted("another", HOUR, ""))
    assert refused.value.rule == "maintenance-open"
    more = colleague.extend(found, HOUR, "")
    assert more.until == told.until + HOUR
    (reminder,) = desk.reminders()
    assert f"{more.until:%H:%M} UTC" in reminder
    colleague.end(more)
    assert desk.reminders() == []
    assert [text.split("*")[1] for text in desk.texts()] == ["Kafka here: maintenance", "Extended", "Ended"]
    assert colleague.open() is None
    assert covering(desk.kubernetes, desk.environment, SYSTEM.now()) is None


def test_the_reminder_comes_in_the_thread(desk: Desk) -> None:
    maintaining = desk.maintaining()
    maintaining.announce(maintaining.drafted("new disks", 2 * HOUR, ""))
    assert "Slack reminds in the thread at" in desk.said[-1]
    desk.clock.skipped = timedelta(minutes=106)
    assert desk.texts()[-1].startswith("Kafka here: this maintenance is announced until")


def test_where_no_reminder_can_be_scheduled_the_time_is_printed(desk: Desk) -> None:
    desk.server.faults.order(lab.Fault("chat.scheduleMessage", error="restricted_too_many"))
    maintaining = desk.maintaining()
    told = maintaining.announce(maintaining.drafted("new disks", 2 * HOUR, ""))
    assert "restricted_too_many" in desk.said[-2]
    assert desk.said[-1].startswith(f"remind yourself at {told.until - timedelta(minutes=15):%Y-%m-%d %H:%M}")


def test_a_lost_answer_leaves_one_reminder(desk: Desk) -> None:
    desk.server.faults.order(lab.Fault("chat.scheduleMessage", lose_answer=True))
    maintaining = desk.maintaining()
    maintaining.announce(maintaining.drafted("new disks", 2 * HOUR, ""))
    assert len(desk.reminders()) == 1
    assert "Slack reminds in the thread at" in desk.said[-1]


def test_a_reminder_that_a_killed_process_never_scheduled_is_made_up_for_once(desk: Desk) -> None:
    maintaining = desk.maintaining()
    told = maintaining.announce(maintaining.drafted("new disks", 2 * HOUR, ""))
    (lost,) = desk.server.later.listed({})["scheduled_messages"]
    assert told.id in lost["text"]
    desk.server.later.delete({"scheduled_message_id": lost["id"]})
    for _ in range(2):
        with pytest.raises(RefusedError, match="is open already"):
            maintaining.announce(maintaining.drafted("new disks", HOUR, ""))
        assert desk.reminders() == [lost["text"]]


def test_told_only_leaves_nothing_open(desk: Desk) -> None:
    maintaining = desk.maintaining()
    maintaining.announce(maintaining.drafted("a look", HOUR, ""), only=True)
    assert maintaining.open() is None
    assert desk.reminders() == []
    assert len(desk.texts()) == 1


def test_slack_down_nothing_is_open_and_the_text_is_to_be_pasted(desk: Desk) -> None:
    down = desk.maintaining(slack_url="http://127.0.0.1:9/api/")
    with pytest.raises(StoppedError, match="could not be announced on ops") as stopped:
        down.announce(down.drafted("new disks", HOUR, ""))
    assert "What: new disks" in str(stopped.value)
    assert down.open() is None
    maintaining = desk.maintaining()
    maintaining.announce(maintaining.drafted("new disks", HOUR, ""))
    assert len(desk.texts()) == 1


def test_a_lost_answer_is_not_announced_twice_by_whoever_tries_again(desk: Desk) -> None:
    desk.server.faults.order(lab.Fault("chat.postMessage", lose_answer=True))
    desk.server.faults.order(lab.Fault("conversations.list", error="missing_scope"))
    maintaining = desk.maintaining()
    with pytest.raises(StoppedError, match="nobody knows whether it is announced"):
        maintaining.announce(maintaining.drafted("new disks", HOUR, ""))
    with pytest.raises(RefusedError, match="on its way just now"):
        desk.maintaining().announce(maintaining.drafted("new disks", HOUR, ""))
    desk.clock.skipped = timedelta(minutes=2)
    told = desk.maintaining().announce(maintaining.drafted("new disks", HOUR, ""))
    assert told.thread.announced
    assert len(desk.texts()) == 1


def test_without_a_token_it_is_pasted_and_kept_with_its_link(desk: Desk) -> None:
    maintaining = desk.maintaining(slack_token_file="/nowhere")
    told = maintaining.announce(maintaining.drafted("new disks", 2 * HOUR, "", LINK))
    assert told.thread.link == LINK
    assert "remind yourself at" in desk.said[-1]
    ended = maintaining.end(maintaining.extend(told, HOUR, ""))
    assert [notice.state for notice in ended.thread.notices] == [
        NoticeState.SENT,
        NoticeState.PASTE,
        NoticeState.PASTE,
    ]
    assert "to paste on ops:\n*Ended*" in desk.said[-1]


def test_what_waits_is_sent_by_the_next_change(desk: Desk) -> None:
    maintaining = desk.maintaining()
    told = maintaining.announce(maintaining.drafted("new disks", 2 * HOUR, ""))
    desk.server.faults.order(lab.Fault("chat.postMessage", error="is_archived"))
    maintaining.end(told)
    assert len(desk.texts()) == 1
    said: list[str] = []
    announcing = Announcing(desk.environment, clock=desk.clock)
    assert announcing.send_waiting(desk.kubernetes, said.append) == 0, "somebody may be at it"
    desk.clock.skipped = timedelta(minutes=2)
    assert announcing.send_waiting(desk.kubernetes, said.append) == 1
    assert announcing.send_waiting(desk.kubernetes, said.append) == 0
    assert len(desk.texts()) == 2


def test_runs_reply_below_it(desk: Desk) -> None:
    maintaining = desk.maintaining()
    told = maintaining.announce(maintaining.drafted("new disks", 2 * HOUR, ""))
    thread = announcing_of(desk.kubernetes, desk.environment).thread(Terms())
    assert thread is not None
    assert (thread.root, thread.notices) == (told.thread.root, ())
