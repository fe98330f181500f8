"""The story, as a user lives it: up, traffic, a restart under it, a sick broker, killed, down, up, gone.

Each test goes on where the one before ended.
"""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path

import pytest

from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.state import LabSettings
from tests.story.conftest import User, wait_until

pytestmark = pytest.mark.lab

SICK = "prompt-kafka-kafka-4"


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> None:
    done = user.run("lab", "up")
    assert "the service is up and proved" in done.stdout
    assert "canary back in" in done.stdout
    assert "try next:" in done.stdout


def test_status_calls_it_healthy_and_names_what_is_simulated(user: User) -> None:
    found = user.json("status")
    assert found["healthy"] is True
    assert found["problems"] == []
    assert any("Kafka is real" in line for line in found["world"]["simulated"])
    assert user.run("status").stdout.startswith("TARGET lab (not production) · lab-lab · ")


def test_a_dry_run_changes_nothing(user: User) -> None:
    before = {pod["name"]: pod["uid"] for pod in _pods(user)}
    plan = user.json("restart", "--dry-run")
    assert [step["action"]["kind"] for step in plan["steps"]] == ["Annotate", "Annotate", "Observe"]
    assert plan["steps"][0]["by_hand"].startswith("kubectl --context lab-lab annotate strimzipodset")
    time.sleep(8)
    assert {pod["name"]: pod["uid"] for pod in _pods(user)} == before


def test_a_restart_passes_under_traffic_without_a_lost_message_or_a_failed_send(user: User) -> None:
    before = {pod["name"]: pod["uid"] for pod in _pods(user)}
    traffic = user.start("lab", "traffic", "--rate", "200", "-o", "json")
    try:
        wait_until(
            lambda: any(t["name"] == "butler-writer" for t in user.json("topic", "list")["topics"]),
            10,
            "the topic",
        )
        time.sleep(5)
        record = user.json("restart", "--yes")
    finally:
        traffic.send_signal(signal.SIGINT)
        out, err = traffic.communicate(timeout=180)
    assert record["state"] == "done"
    assert "canary back in" in " ".join(record["steps"][-1]["evidence"])
    after = {pod["name"]: pod["uid"] for pod in _pods(user)}
    assert all(after[name] != uid for name, uid in before.items())
    report = json.loads(out)
    assert report["checked"], err
    assert report["acknowledged"] > 1000
    assert (report["lost"], report["failed"], report["duplicated"]) == (0, 0, 0), report


def test_messages_shows_what_was_sent(user: User) -> None:
    page = user.json("messages", "butler-writer", "-c", "3")
    assert len(page["records"]) == 3
    assert page["records"][0]["value"]["type"] == "pp-output"


def test_one_sick_broker_is_named_and_its_restart_mends_it(user: User) -> None:
    user.run("lab", "faults", "freeze", SICK)
    wait_until(lambda: _out_of_sync(user, SICK), 60, "the frozen broker out of sync")
    found = user.json("status", code=1)
    (problem,) = [p for p in found["problems"] if SICK in p["what"]]
    assert problem["mend"] == f"prompt-kafka restart {SICK} --by-deletion -e lab"
    refused = user.run("restart", "prompt-kafka-kafka-3", "--yes", code=4)
    assert "replica-out-of-sync" in refused.stderr
    user.run(*problem["mend"].split()[1:], "--yes")
    assert user.json("status")["healthy"] is True


def test_kill_9_of_the_lab_leaves_kafka_alive_and_the_next_up_adopts_it(user: User) -> None:
    kafkas = _kafka_processes(user)
    assert len(kafkas) == 6
    for process in user.processes():
        if process not in kafkas:
            process.signal(signal.SIGKILL)
    assert _kafka_processes(user) == kafkas
    user.run("lab", "up")
    assert _kafka_processes(user) == kafkas
    assert user.json("status")["healthy"] is True


def test_down_and_up_again_is_a_cold_start_on_the_same_data(user: User) -> None:
    last = user.json("messages", "butler-writer", "-c", "1")["records"][0]
    cluster_id = user.json("status")["world"]["target"]["cluster_id"]
    user.run("lab", "down")
    assert user.processes() == []
    done = user.run("lab", "up")
    assert "the service is up and proved" in done.stdout
    found = user.json("status")
    assert found["healthy"] is True
    assert found["world"]["target"]["cluster_id"] == cluster_id
    assert user.json("messages", "butler-writer", "-c", "1")["records"][0] == last


def test_purge_leaves_no_process_no_port_and_no_file(user: User) -> None:
    settings = LabSettings.from_json((user.labs / "lab" / "lab.json").read_text())
    user.run("lab", "down", "--purge")
    assert user.processes() == []
    assert not list(user.labs.rglob("*"))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", settings.api_port))
    assert user.run("status", code=2).stderr.startswith("error: no environment is known here")


def _pods(user: User) -> list[dict[str, str]]:
    pods: list[dict[str, str]] = user.json("status", code=None)["world"]["nodes"]["value"]["pods"]
    return pods


def _out_of_sync(user: User, pod: str) -> bool:
    found = user.json("status", code=None)
    return any(pod in p["what"] and "out of sync" in "".join(p["follows"]) for p in found["problems"])


def _kafka_processes(user: User) -> set[Process]:
    return {p for p in user.processes() if b"kafka.Kafka" in _command_line(p)}


def _command_line(process: Process) -> bytes:
    return Path(f"/proc/{process.pid}/cmdline").read_bytes()
