"""Production hours at a running service: kept, overridden with a reason, resumed, not in a recovery's way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.story.conftest import User, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.slow]

C0, C1 = "prompt-kafka-controller-0", "prompt-kafka-controller-1"
K3, K4 = "prompt-kafka-kafka-3", "prompt-kafka-kafka-4"
NOT_NOW = {"business": {"days": [], "from": "00:00", "to": "24:00", "zone": "UTC"}}


@pytest.fixture(scope="module", autouse=True)
def lab(user: User) -> None:
    user.run("lab", "up")


def _production(user: User, hours: Any) -> Path:
    """Write the lab's configuration as that of a production environment with these hours; return the file."""
    document = json.loads((user.labs / "lab/service.yaml").read_text())
    document["environments"]["lab"] |= {"production": True, "hours": hours}
    path = user.home / "service.yaml"
    path.write_text(json.dumps(document))
    return path


def _night_from(begin: datetime) -> dict[str, Any]:
    """Return hours that are closed from a time for eight hours."""
    times = {"from": begin.isoformat(), "to": (begin + timedelta(hours=8)).isoformat()}
    return {**NOT_NOW, "closed": [{**times, "because": "a night of the test"}]}


def _state(user: User, run: str, step: int) -> str:
    return str(user.json("run", "show", run, "-e", "lab")["steps"][step]["state"])


def _uid(user: User, pod: str) -> str:
    return user.kubectl(
        "get", "pod", pod, "-n", "prompt-kafka", "-o", "jsonpath={.metadata.uid}", "--ignore-not-found"
    )


def test_a_restart_in_production_hours_is_refused_and_nothing_is_touched(user: User) -> None:
    _production(user, "24x7")
    before = _uid(user, K3)
    refused = user.run("restart", K3, "--yes", "-e", "lab", code=4)
    assert "refused (production-hours): lab is in production hours" in refused.stderr
    assert "--override-hours" in refused.stderr
    assert _uid(user, K3) == before
    assert user.json("run", "list", "-e", "lab") == []


def test_a_look_is_never_refused(user: User) -> None:
    _production(user, "24x7")
    shown = user.run("status", "-e", "lab").stdout
    assert "TARGET lab (PRODUCTION)" in shown
    assert "production (24x7), no end of it is known" in shown


def test_with_a_reason_it_runs_and_the_reason_is_kept_and_told(user: User) -> None:
    _production(user, "24x7")
    before = _uid(user, K3)
    done = user.run("restart", K3, "--yes", "-e", "lab", "--override-hours", "a sick broker")
    assert "production hours are overridden: a sick broker" in done.stdout
    assert _uid(user, K3) != before
    (run,) = user.json("run", "list", "-e", "lab")
    record = user.json("run", "show", run["id"], "-e", "lab")
    assert record["terms"]["override_hours"] == "a sick broker"
    told = user.run("run", "show", run["id"], "-e", "lab", "-o", "markdown").stdout
    assert told.startswith("# restart 1 of 6 Kafka pods")
    assert "- production hours overridden: a sick broker" in told
    assert "| 1 | restart prompt-kafka-kafka-3 | proved |" in told


def test_a_plan_saved_by_day_is_refused_by_night_and_may_be_overridden(user: User, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    _production(user, NOT_NOW)
    user.run("restart", K3, "--save-plan", str(plan), "-e", "lab")
    _production(user, "24x7")
    assert "refused (production-hours)" in user.run("apply", str(plan), "--yes", code=4).stderr
    shown = user.run("apply", str(plan), "--dry-run", "--override-hours", "it cannot wait").stdout
    assert "production hours are overridden: it cannot wait" in shown


def test_the_night_stops_a_run_before_its_next_disruptive_step_and_it_is_resumed(user: User) -> None:
    """Two pods, one step each, by hand; the person deletes the first one when production has just begun."""
    before = _uid(user, K3), _uid(user, K4)
    begin = datetime.now(UTC) + timedelta(seconds=40)
    _production(user, _night_from(begin))
    running = user.start("restart", K3, K4, "--yes", "--by-deletion", "--by-hand", "-e", "lab")
    known = {run["id"] for run in user.json("run", "list", "-e", "lab") if run["state"] == "done"}
    wait_until(lambda: len(user.json("run", "list", "-e", "lab")) > len(known), 60, "the run")
    run = user.json("run", "list", "-e", "lab")[0]["id"]
    wait_until(lambda: _state(user, run, 0) != "pending", 60, "the first step")
    wait_until(lambda: datetime.now(UTC) > begin, 60, "the night")
    user.kubectl("delete", "pod", K3, "-n", "prompt-kafka")
    _, errors = running.communicate(timeout=300)
    assert running.returncode == 6, errors
    assert "production has begun: production hours until" in errors
    assert "--override-hours" in errors
    assert (_state(user, run, 0), _state(user, run, 1)) == ("proved", "pending")
    assert _uid(user, K3) != before[0]
    assert "production has begun" in user.run("run", "resume", run, "-e", "lab", code=6).stderr
    assert _uid(user, K4) == before[1]
    resumed = user.start("run", "resume", run, "-e", "lab", "--override-hours", "half is done")
    wait_until(lambda: _state(user, run, 1) != "pending", 60, "the second step")
    user.kubectl("delete", "pod", K4, "-n", "prompt-kafka")
    _, errors = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, errors
    record = user.json("run", "show", run, "-e", "lab")
    assert record["state"] == "done"
    assert record["terms"]["override_hours"] == "half is done"
    assert _uid(user, K4) != before[1]


def test_a_recovery_is_never_kept_from_it(user: User) -> None:
    """Two of three controllers hang, so none leads; one of them is made anew in the middle of production."""
    _production(user, "24x7")
    before = _uid(user, C0)
    for pod in (C0, C1):
        user.run("lab", "faults", "freeze", pod)
    wait_until(
        lambda: "not serving" in user.run("restart", C0, "--dry-run", "-e", "lab", code=None).stdout,
        90,
        "the loss of the quorum",
    )
    recovering = user.start("restart", C0, "--by-deletion", "--yes", "-e", "lab")
    wait_until(lambda: _uid(user, C0) not in ("", before), 120, "the new controller")
    user.run("lab", "faults", "release", C1)
    shown, errors = recovering.communicate(timeout=300)
    assert recovering.returncode == 0, errors
    assert "the service is not serving: no controller leads the quorum" in shown
    assert "a recovery is not kept from production hours" in shown
