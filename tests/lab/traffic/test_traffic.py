"""The data flow on a real node: it accounts for every message, and says so when one is gone."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import confluent_kafka
import pytest
from kafka import TopicPartition

from prompt_kafka.clients.kafka import NotAuthorizedError
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.lab.traffic import Progress, TrafficSettings, run
from tests.kafka_node import USERS, KafkaNode, kafka_node
from tests.lab.traffic.conftest import set_up, settings_for

Make = Callable[..., TrafficSettings]


def test_every_message_is_accounted_for(settings: Make) -> None:
    seen: list[Progress] = []
    report = run(settings(), seen.append)
    assert report.clean, report
    assert 50 <= report.sent <= 302
    assert report.sent == report.acknowledged == report.consumed == report.published
    assert 0 < report.latency_ms["p50"] <= report.latency_ms["p99"] <= report.latency_ms["max"]
    assert report.transactions_committed >= 2
    assert [progress.sent for progress in seen] == sorted(progress.sent for progress in seen)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("traffic-")]


def test_control_deleted_records_are_lost(service: KafkaNode, settings: Make) -> None:
    """Delete acknowledged records that the consumers already have: the topic no longer holds them."""
    with service.connect() as admin:
        done = threading.Event()

        def delete(progress: Progress) -> None:
            if progress.published > 100 and not done.is_set():
                done.set()
                ends = {TopicPartition(o.topic, o.partition): o.end for o in admin.offsets("butler-writer")}
                admin.admin.delete_records(ends)

        report = run(settings(duration=3.0), delete)
    assert done.is_set()
    assert report.not_in_topic is not None and report.not_in_topic > 50
    assert report.lost >= report.not_in_topic
    assert not report.clean


def test_control_skipped_offsets_are_lost(service: KafkaNode, settings: Make) -> None:
    """Let a stranger in the writer's group commit offsets of messages that the writer never ingests."""
    stranger = confluent_kafka.Consumer(
        {
            "bootstrap.servers": service.bootstrap,
            "group.id": "butler-writer",
            "auto.offset.reset": "latest",
            "enable.auto.commit": True,
        }
    )
    stop = threading.Event()

    def steal() -> None:
        stranger.subscribe(["butler-writer"])
        while not stop.is_set():
            stranger.poll(0.1)
        stranger.close()

    thread = threading.Thread(target=steal)
    thread.start()
    try:
        report = run(settings(duration=6.0, rate=60.0, drain_timeout=4.0))
    finally:
        stop.set()
        thread.join()
    assert report.not_in_topic == 0
    assert report.not_consumed > 0
    assert report.lost == report.not_consumed


def test_fenced_writer_reads_again_and_duplicates_nothing(service: KafkaNode, settings: Make) -> None:
    """Take the writer's transactional id away in the middle: its transaction is aborted and done again."""
    fenced = threading.Event()
    notices: list[str] = []

    def fence(progress: Progress) -> None:
        notices.extend(progress.notices)
        if progress.consumed > 50 and not fenced.is_set():
            fenced.set()
            thief = confluent_kafka.Producer(
                {"bootstrap.servers": service.bootstrap, "transactional.id": "butler-writer-output"}
            )
            thief.init_transactions(20)

    report = run(settings(duration=4.0), fence)
    assert fenced.is_set()
    assert any("reads again" in notice for notice in notices)
    assert report.clean, report
    assert report.consumed == report.sent


def test_ctrl_c_ends_in_order_with_an_account(settings: Make) -> None:
    timer = threading.Timer(2.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    report = run(settings(duration=None, rate=80.0))
    assert report.clean, report
    assert report.sent > 20


def test_stop_from_outside(settings: Make) -> None:
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    assert run(settings(duration=None), stop=stop).clean


def test_users_that_cannot_log_in_are_named_before_anything_is_sent(settings: Make) -> None:
    began = SYSTEM.monotonic()
    with pytest.raises(NotAuthorizedError, match="refused the login"):
        run(settings(passwords={**USERS, "butler-writer": "wrong"}))
    assert SYSTEM.monotonic() - began < 10


@pytest.mark.lab
def test_a_killed_broker_loses_nothing(tmp_path: Path) -> None:
    """Kill the only broker with -9 under traffic and start it again: clients wait, retry and lose nothing."""
    with kafka_node(tmp_path / "node") as node:
        set_up(node)
        killed = threading.Event()

        def kill(progress: Progress) -> None:
            if progress.consumed > 100 and not killed.is_set():
                killed.set()
                node.stop(kill=True)
                node.start()

        report = run(settings_for(node, duration=20.0, drain_timeout=60.0), kill)
    assert killed.is_set()
    assert report.clean, report
    assert report.sent == report.consumed
    assert report.longest_pause_ms > 1000
