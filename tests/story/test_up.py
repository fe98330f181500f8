"""``lab up`` when things go otherwise: twice at once, interrupted, refused by the operator, not as pinned."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from prompt_kafka.lab import processes
from tests.story.conftest import User, wait_until

pytestmark = pytest.mark.lab


def test_two_at_once_make_one_lab(user: User) -> None:
    first = user.start("lab", "up")
    second = user.start("lab", "up")
    outputs = [each.communicate(timeout=300) for each in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert any("another `lab up`" in out for out, _ in outputs)
    supervisors = [p for p in user.processes() if b"lab.supervisor" in _command_line(p)]
    assert len(supervisors) == 1


def test_a_cluster_that_is_not_the_pinned_one_is_refused(user: User, tmp_path: Path) -> None:
    document = json.loads((user.labs / "lab/service.yaml").read_text())
    document["environments"]["lab"]["cluster_id"] = "AAAAAAAAAAAAAAAAAAAAAA"
    other = tmp_path / "service.yaml"
    other.write_text(json.dumps(document))
    done = user.run("restart", "--yes", "-e", "lab", "--config", str(other), code=4)
    assert "refused (cluster-id)" in done.stderr
    assert "AAAAAAAAAAAAAAAAAAAAAA" in done.stderr
    looked = user.run("status", "-e", "lab", "--config", str(other), code=None)
    assert "as pinned" in looked.stdout


def test_a_lab_of_another_kind_is_not_made_of_this_one(user: User) -> None:
    done = user.run("lab", "up", "--kafka-version", "4.1.0", code=2)
    assert "is there already" in done.stderr
    user.run("lab", "down", "--purge")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_it_leaves_nothing_that_down_does_not_end(user: User, number: signal.Signals) -> None:
    name = f"cut-{number.name.lower()}"
    up = user.start("lab", "up", "--name", name)
    wait_until(lambda: (user.labs / name / "supervisor.json").exists(), 60, "the supervisor")
    up.send_signal(number)
    up.communicate(timeout=120)
    if number is signal.SIGINT:
        assert up.returncode == 130
    user.run("lab", "down", "--name", name)
    assert processes.marked(user.labs / name) == []
    user.run("lab", "down", "--purge", "--name", name)


def test_a_kafka_version_that_the_operator_does_not_know_is_told_in_its_words(user: User) -> None:
    done = user.run("lab", "up", "--name", "old", "--kafka-version", "4.0.0", code=1)
    assert "UnsupportedKafkaVersionException" in done.stderr
    assert "Supported versions are: [4.1.0, 4.1.1, 4.2.0]" in done.stderr
    assert not [p for p in user.processes("old") if b"kafka.Kafka" in _command_line(p)]
    user.run("lab", "down", "--purge", "--name", "old")


def _command_line(process: processes.Process) -> bytes:
    return Path(f"/proc/{process.pid}/cmdline").read_bytes()
