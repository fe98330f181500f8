"""Runs tell the lab's Slack: one thread each, nothing twice, and a recovery waits for nobody."""

from __future__ import annotations

import json
import signal
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.story.conftest import User, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.slow]

K4 = "prompt-kafka-kafka-4"
KEYS = ["started", "step-1", "finished"]


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> None:
    user.run("lab", "up")


@pytest.fixture(autouse=True)
def mended(user: User) -> Iterator[None]:
    yield
    user.run("lab", "faults", "release", code=None)


def _slack(user: User, method: str, **given: str) -> Any:
    folder = user.labs / "lab"
    entry = json.loads((folder / "service.yaml").read_text())["environments"]["lab"]
    data = urllib.parse.urlencode({"limit": 1000, "include_all_metadata": "true", **given}).encode()
    head = {"Authorization": f"Bearer {(folder / 'slack-token').read_text().strip()}"}
    asked = urllib.request.Request(f"{entry['slack_url']}{method}", data=data, headers=head)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        found = json.loads(answer.read())
    return found["messages"] if found["ok"] else []


def _threads(user: User) -> dict[str, list[str]]:
    """Return, by run, the keys of its notices; the notices of a run must be in one thread."""
    found: dict[str, list[str]] = {}
    roots: dict[str, set[str]] = {}
    for root in _slack(user, "conversations.history", channel="lab-announcements"):
        for each in _slack(user, "conversations.replies", channel="lab-announcements", ts=root["ts"]):
            payload = each["metadata"]["event_payload"]
            found.setdefault(payload["run"], []).append(payload["key"])
            roots.setdefault(payload["run"], set()).add(root["ts"])
    assert all(len(each) == 1 for each in roots.values()), roots
    return found


def _newest(user: User) -> dict[str, Any]:
    run: dict[str, Any] = user.json("run", "list", "-e", "lab")[0]
    return run


def _uid(user: User, pod: str) -> str:
    return user.kubectl("get", "pod", pod, "-n", "prompt-kafka", "-o", "jsonpath={.metadata.uid}")


def test_a_restart_previews_and_tells_its_thread(user: User) -> None:
    plan = json.loads(user.run("restart", K4, "--dry-run", "-o", "json").stdout)
    assert plan["announcement"]["channel"] == "lab-announcements"
    shown = user.run("restart", K4, "--dry-run", "--announce", "New disks.").stdout
    assert "Announced on lab-announcements" in shown
    assert "New disks." in shown
    assert _threads(user) == {}, "a plan tells nobody"
    done = user.run("restart", K4, "--yes", "--announce", "New disks.")
    assert "announced on lab-announcements: http" in done.stdout
    run = _newest(user)
    assert _threads(user)[run["id"]] == KEYS
    (root,) = _slack(user, "conversations.history", channel="lab-announcements")
    assert "New disks." in root["text"]
    assert "What: restart 1 of 6 Kafka pods" in root["text"]


def test_slack_down_a_planned_run_stops_before_anything_and_goes_on_when_told_by_hand(user: User) -> None:
    before = _uid(user, K4)
    user.run("lab", "faults", "slack-down")
    stopped = user.run("restart", K4, "--yes", code=6)
    assert "nothing was done" in stopped.stderr
    assert "What: restart 1 of 6 Kafka pods" in stopped.stderr, "the text to paste"
    assert _uid(user, K4) == before
    run = _newest(user)
    assert run["state"] == "stopped"
    user.run("run", "resume", run["id"], "--announced", "https://example.org/announced", "-e", "lab")
    assert _uid(user, K4) != before
    user.run("lab", "faults", "release", "slack-down")
    assert run["id"] not in _threads(user)


def test_a_recovery_goes_on_without_slack_and_the_next_change_tells_it_once(user: User) -> None:
    user.run("lab", "faults", "wedge-quorum")
    wait_until(lambda: user.json("status", code=None)["healthy"] is not True, 60, "no leader")
    user.run("lab", "faults", "slack-down")
    done = user.run("restart", "controllers", "--by-deletion", "--yes")
    assert "wait for Slack" in done.stdout
    run = _newest(user)
    user.run("lab", "faults", "release", "slack-down")
    assert run["id"] not in _threads(user)
    for _ in range(2):
        user.run("restart", K4, "--yes")
    told = _threads(user)[run["id"]]
    assert told[0] == "started"
    assert told[-1] == "finished"
    assert len(told) == len(set(told))


def test_killed_in_the_middle_and_resumed_it_is_one_thread_without_doubles(user: User) -> None:
    running = user.start("restart", K4, "--yes")
    wait_until(lambda: _newest(user)["state"] == "running", 30, "the run's record")
    run = _newest(user)["id"]
    wait_until(lambda: _threads(user).get(run) == ["started"], 30, "the announcement")
    running.send_signal(signal.SIGKILL)
    running.communicate()
    user.run("run", "resume", run, "-e", "lab")
    assert _threads(user)[run] == KEYS


def test_a_maintenance_has_the_runs_in_its_thread(user: User) -> None:
    user.run("maintenance", "announce", "new disks", "--for", "2h", "--yes", "-e", "lab")
    user.run("restart", K4, "--yes")
    run = _newest(user)["id"]
    user.run("maintenance", "extend", "--for", "30m", "--yes", "-e", "lab")
    user.run("maintenance", "end", "--yes", "-e", "lab")
    newest = _slack(user, "conversations.history", channel="lab-announcements")[0]
    thread = _slack(user, "conversations.replies", channel="lab-announcements", ts=newest["ts"])
    keys = [each["metadata"]["event_payload"]["key"] for each in thread]
    assert keys == ["announced", *KEYS, "extended-1", "ended"]
    assert _threads(user)[run] == KEYS
