"""The queue and the loop under every controller of the lab."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from prompt_kafka.core.clock import ManualClock
from prompt_kafka.lab.controller import Controller, Queue
from prompt_kafka.lab.informer import Key

A: Key = ("ns", "a")
B: Key = ("ns", "b")


def test_a_key_asked_for_twice_is_taken_once() -> None:
    queue = Queue()
    queue.add(A)
    queue.add(A)
    assert queue.take() == A
    queue.done(A)
    queue.add(B)
    assert queue.take() == B


def test_a_sooner_request_replaces_a_later_one() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    queue = Queue(clock)
    queue.add(A, after=60)
    queue.add(A, after=0)
    assert queue.take() == A


def test_a_key_that_is_busy_is_taken_again_after_it_is_done() -> None:
    queue = Queue()
    queue.add(A)
    assert queue.take() == A
    queue.add(A)
    queue.done(A)
    assert queue.take() == A


def test_closing_releases_whoever_waits() -> None:
    queue = Queue()
    got: list[Key | None] = []
    waiting = threading.Thread(target=lambda: got.append(queue.take()))
    waiting.start()
    queue.close()
    waiting.join(2)
    assert got == [None]


@pytest.fixture
def seen() -> Iterator[list[Key]]:
    yield []


def test_a_failed_look_is_tried_again(seen: list[Key]) -> None:
    done = threading.Event()

    def reconcile(key: Key) -> None:
        seen.append(key)
        if len(seen) < 3:
            raise ValueError("not yet")
        done.set()

    controller = Controller("test", reconcile)
    controller.start()
    controller.add(A)
    assert done.wait(5)
    controller.stop()
    assert seen == [A, A, A]


def test_resync_looks_at_every_key_without_a_change(seen: list[Key]) -> None:
    enough = threading.Event()

    def reconcile(key: Key) -> None:
        seen.append(key)
        if len(seen) >= 4:
            enough.set()

    controller = Controller("test", reconcile, resync=0.02, keys=lambda: [A, B])
    controller.start()
    assert enough.wait(5)
    controller.stop()
    assert set(seen) == {A, B}
