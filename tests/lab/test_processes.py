"""Processes by pid and start time: none is taken for another, none is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from prompt_kafka.lab import processes
from prompt_kafka.lab.processes import Process

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


@pytest.fixture
def start(tmp_path):
    started = []

    def run(command=SLEEP, **more):
        log = tmp_path / f"{len(started)}.log"
        process = processes.start(command, state=tmp_path, log=log, **more)
        started.append(process)
        processes.SYSTEM.wait_until(lambda: b"up" in log.read_bytes() or not process.alive(), 10)
        return process

    yield run
    for process in started:
        process.signal(signal.SIGKILL)
        process.wait(5)
        process.forget()


def test_it_lives_in_its_own_session_and_is_found_again(start, tmp_path):
    process = start()
    process.save(tmp_path / "record.json")

    assert os.getsid(process.pid) == process.pid
    again = Process.load(tmp_path / "record.json")
    assert again == process and again.alive()


def test_term_then_kill(start):
    kind, deaf = start(), start(DEAF)
    processes.stop([kind, deaf], grace=0.5)

    assert not kind.alive() and not deaf.alive()
    assert (kind.exit_code(), deaf.exit_code()) == (143, 137)


def test_another_process_of_the_same_number_is_left_alone(start):
    process = start()
    for other in (
        Process(process.pid, process.start_time - 1),
        Process(process.pid, process.start_time, "another boot"),
    ):
        assert not other.alive()
        assert not other.signal(signal.SIGKILL)
        assert other.wait(0.1)
    assert process.alive()


def test_a_frozen_process_is_alive_and_can_be_killed(start):
    process = start()
    assert process.signal(signal.SIGSTOP)
    processes.SYSTEM.wait_until(process.frozen, 5)

    assert process.frozen() and process.alive()
    processes.stop([process], grace=0.2)
    assert not process.alive() and process.exit_code() == 137


def test_exit_codes_are_kept_for_children_only(start):
    process = start([sys.executable, "-c", "raise SystemExit(3)"])
    process.wait(5)

    assert not process.alive()
    assert process.exit_code() == 3
    assert Process(1, 1).exit_code() is None


def test_a_zombie_is_not_alive():
    child = subprocess.Popen([sys.executable, "-c", ""])
    process = Process.of(child.pid)
    try:
        assert process is not None
        assert process.wait(10)
    finally:
        child.wait()


def test_the_mark_finds_what_was_not_written_down(start, tmp_path):
    process = start()

    assert processes.marked(tmp_path) == [process]
    assert processes.marked(tmp_path.parent) == []
    assert processes.marked(tmp_path, pods=True) == []
    pod = start(env={processes.POD_MARK: "n/p"})
    assert processes.marked(tmp_path, pods=True) == [pod]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x", "start_time": 1}'])
def test_a_damaged_record_is_no_process(tmp_path, text):
    (tmp_path / "record.json").write_text(text)
    assert Process.load(tmp_path / "record.json") is None


def test_a_record_without_a_boot_names_no_living_process(start, tmp_path):
    process = start()
    (tmp_path / "r.json").write_text(json.dumps({"pid": process.pid, "start_time": process.start_time}))
    found = Process.load(tmp_path / "r.json")
    assert found is not None and not found.alive()


def test_logs_rotate_at_rest_and_under_a_writer(tmp_path):
    log = tmp_path / "x.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 100)
        assert not processes.trim(log, 100)
        writer.write(b"b")
        assert processes.trim(log, 100)
        writer.write(b"c")
    assert log.read_bytes() == b"c"
    assert (tmp_path / "x.log.1").stat().st_size == 101
    processes.rotate(log)
    assert not log.exists() and (tmp_path / "x.log.1").read_bytes() == b"c"
