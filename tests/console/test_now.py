"""The page Now: never blank, the words of ``status``, and one look for everybody."""

from __future__ import annotations

import html
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from prompt_kafka.console import now
from prompt_kafka.console.app import link
from prompt_kafka.console.flow import Rates
from prompt_kafka.console.observatory import Status
from prompt_kafka.console.rendering import View
from prompt_kafka.console.shared import Shared
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.kafka import Group, GroupLag
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.status import report
from prompt_kafka.core.status_told import facts, row, verdict
from prompt_kafka.core.world import Seen, World
from prompt_kafka.targets import TargetOptions
from tests.console.conftest import BASE, Makes
from tests.worlds import NOW, change, healthy

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def test_a_service_without_kafka_is_named_and_not_blank(browser: TestClient) -> None:
    text = browser.get("/").text
    assert "CANNOT TELL" in text or "NOT HEALTHY" in text
    assert "TARGET here" in text
    status = browser.get("/api/v1/status").json()
    assert status["healthy"] is not True
    assert status["world"]["target"]["environment"] == "here"


def test_an_api_that_does_not_answer_is_named(makes: Makes, target: TargetOptions, tmp_path: Any) -> None:
    silent = tmp_path / "kubeconfig"
    silent.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "c",
            }
        )
    )
    with TestClient(makes(meant=replace(target, kubeconfig=silent)), base_url=BASE) as client:
        app: Any = client.app
        text = client.get(link(app).removeprefix(BASE)).text
        assert "CANNOT TELL" in text
        assert "the Kubernetes API of context c does not answer" in text
        assert "prompt-kafka doctor -e here" in text


def test_a_kubeconfig_that_is_not_there_is_named(makes: Makes, target: TargetOptions, tmp_path: Any) -> None:
    with TestClient(makes(meant=replace(target, kubeconfig=tmp_path / "none")), base_url=BASE) as client:
        app: Any = client.app
        text = client.get(link(app).removeprefix(BASE)).text
        assert str(tmp_path / "none") in text
        assert client.get("/api/v1/status").status_code >= 400


def parts(browser: TestClient, world: World) -> dict[str, str]:
    app: Any = browser.app
    here = app.state.desk
    seen = Status(world, report(world), Rates().flow(world))
    here.observatory.status = Shared(lambda: seen)
    here.observatory.status.get(0)
    return {name: str(text) for name, text in now.parts(here, View(zone="America/Santiago")).items()}


def test_it_has_the_words_of_status(browser: TestClient) -> None:
    world = change(healthy(), {"pods": {"prompt-kafka-kafka-4": {"ready": False}}, "hours": [[-2, 10]]})
    judged = report(world)
    text = html.unescape("".join(parts(browser, world).values()))
    quorum = quorum_of(world.quorum.known or ())
    assert verdict(judged) in text
    for cause in judged.causes:
        assert cause.what in text
        assert cause.mend in text
    for name, said in facts(world, quorum):
        assert name in text
        assert said in text
    assert world.nodes.known is not None
    for pod in world.nodes.known.pods:
        assert all(cell in text for cell in row(world, judged, pod, quorum))


def test_names_of_the_service_are_text_and_nothing_else(browser: TestClient) -> None:
    world = healthy()
    groups = (Group(HOSTILE, "Stable", lags=(GroupLag(HOSTILE, 0, 1, 0, 9, 3.0),)),)
    world = replace(
        world,
        groups=Seen(groups, NOW),
        target=replace(world.target, context=HOSTILE, cluster_id=HOSTILE),
        lag_objectives={HOSTILE: 1.0},
        simulated=(HOSTILE,),
        route=HOSTILE,
    )
    text = "".join(parts(browser, world).values())
    assert "<script" not in text
    assert "<img" not in text
    assert html.escape(HOSTILE) in text or "&lt;script&gt;" in text


def test_rates_are_differences_of_two_looks() -> None:
    rates = Rates()

    def world(seconds: float, end: int) -> World:
        at = NOW.fromtimestamp(NOW.timestamp() + seconds, NOW.tzinfo)
        groups = (
            Group("late", "Stable", lags=(GroupLag("t", 0, 1, 0, end, 90.0),)),
            Group("other", "Empty", lags=(GroupLag("t", 0, 1, 0, end, None),)),
        )
        return replace(healthy(), groups=Seen(groups, at), lag_objectives={"late": 60.0})

    assert rates.flow(world(0, 100)).lanes[0].rate is None
    (lane,) = rates.flow(world(10, 150)).lanes
    assert lane.rate == pytest.approx(5.0)
    late, other = lane.readers
    assert late.late
    assert not other.late
    (lane,) = rates.flow(world(12, 20)).lanes
    assert lane.rate == 0.0


def test_one_look_for_all_who_ask() -> None:
    looks = []
    inside, go = threading.Event(), threading.Event()

    def look() -> int:
        looks.append(1)
        inside.set()
        assert go.wait(30)
        return len(looks)

    shared = Shared(look)
    found: list[int | None] = []
    threads = [threading.Thread(target=lambda: found.append(shared.get(60).value)) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert inside.wait(30)
    go.set()
    for thread in threads:
        thread.join(30)
    assert found == [1] * 20


def test_a_look_that_fails_keeps_what_was_seen() -> None:
    clock = ManualClock(NOW)
    answers: list[Any] = [1, UnreachableError("silent"), ValueError("ours"), 4]

    def look() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return int(answer)

    shared = Shared(look, clock)
    seen = []
    for _ in range(4):
        kept = shared.get(1)
        seen.append((kept.value, kept.error.what if kept.error else ""))
        clock.turn(5)
    assert seen == [(1, ""), (1, "silent"), (1, "the console failed: ValueError"), (4, "")]


def test_the_stream_brings_every_part_and_then_what_changed(browser: TestClient) -> None:
    app: Any = browser.app
    world = healthy()
    first = parts(browser, world)
    app.state.desk.observatory.channel.close()
    with browser.stream("GET", "/now/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = list(answer.iter_lines())
    (data,) = [line.removeprefix("data: ") for line in lines if line.startswith("data: {")]
    assert json.loads(data).keys() == first.keys()
