"""A run that tells Slack, in a process of its own that kills itself (-9) at a point given to it.

``python -m tests.slack_driver FOLDER URL DIE_AT``. Points are: before and after each time the record is kept,
each call that posts, and each act. The service is a folder: what was done to it are files.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from prompt_kafka.adapters.slack import Slack
from prompt_kafka.core.actions import Action, Annotate
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.conditions import Replaced, TargetIs
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.notices import Posted, Thread
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.run import RunRecord, RunState
from prompt_kafka.core.world import Look, World
from prompt_kafka.engine.announcer import Announcer
from prompt_kafka.engine.runner import Runner
from prompt_kafka.engine.teller import Teller
from tests.engine.test_runner import Heard
from tests.worlds import CLUSTER_ID, change, healthy

PODS = ("prompt-kafka-kafka-4", "prompt-kafka-kafka-5")


def plan(*, recovery: bool = False) -> Plan:
    steps = tuple(
        Step(
            f"restart {pod}",
            "why",
            Annotate("pod", pod, "prompt-kafka", "k", "true", f"uid-{pod[-1]}"),
            proof=(Replaced(((pod, f"uid-{pod[-1]}"),)),),
            needs=(TargetIs(CLUSTER_ID),),
            disruptive=True,
            timeout_s=60,
        )
        for pod in PODS
    )
    return Plan("restart", healthy().target, "restart 2 of 6 Kafka pods", steps, recovery=recovery)


def begin(run: str, channel: str = "ops", *, recovery: bool = False) -> RunRecord:
    record = RunRecord.begin(run, plan(recovery=recovery), "ada@desk", SYSTEM.now())
    return replace(record, thread=Thread(channel))


class Service:
    """Pods that are replaced at once when they are annotated."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def observe(self, parts: frozenset[Look]) -> World:
        done = [pod for pod in PODS if list(self._folder.glob(f"act-{pod}-*"))]
        return change(healthy(), {"pods": {pod: {"uid": f"{pod}-new"} for pod in done}})

    def perform(self, action: Action) -> None:
        assert isinstance(action, Annotate)
        count = len(list(self._folder.glob(f"act-{action.name}-*")))
        (self._folder / f"act-{action.name}-{count}").touch()


class Point:
    """Counts, and dies at one."""

    def __init__(self, die_at: int) -> None:
        self._left = die_at

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Watched(Slack):
    """Slack, with a point before and after each call that posts or looks."""

    point: Point

    def post(self, channel: str, text: str, mark: tuple[str, str], root: str = "") -> Posted:
        self.point()
        posted = super().post(channel, text, mark, root)
        self.point()
        return posted

    def find(self, channel: str, mark: tuple[str, str], root: str, since: datetime) -> Posted | None:
        self.point()
        found = super().find(channel, mark, root, since)
        self.point()
        return found


def main(folder: Path, url: str, die_at: int) -> None:
    point = Point(die_at)
    file = folder / "record.json"

    def keep(record: RunRecord) -> None:
        point()
        temporary = folder / "record.tmp"
        temporary.write_text(json.dumps(encode(record)))
        temporary.replace(file)
        point()

    service = Service(folder)

    def perform(action: Action) -> None:
        point()
        service.perform(action)
        point()

    slack = Watched((folder / "slack-token").read_text().strip(), url, patience_s=1.0)
    slack.point = point
    record = decode(json.loads(file.read_text()), RunRecord)
    record = replace(record, state=RunState.RUNNING)
    teller = Teller(Announcer(slack, record.id, record.started, SYSTEM), "ada@desk", print, SYSTEM)
    runner = Runner(service.observe, perform, keep, Heard(), SYSTEM, notifier=teller)
    try:
        runner.run(record)
    except PromptKafkaError as error:
        print(error)
        sys.exit(6)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
