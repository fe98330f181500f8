"""On call: faults that nobody named beforehand, and ``status`` names each with the command that mends it.

Seeded random singles and pairs. Right is a draw whose named causes are exactly the injected faults, within
five seconds (over what its imports take) of the first look after their effect is due. Harmful is a command
that restarts what is well, starting, catching up or in log recovery.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.cli.main import ENTRIES
from tests.story.ailments import Ailment, draws
from tests.story.conftest import User, wait_until

pytestmark = pytest.mark.lab

SEED, DRAWS = 20261124, 30
SAMPLE = (1, 3, 7, 15, 22, 26)
DRAWN = draws(SEED, DRAWS)
RESULTS = Path(__file__).parent / "results" / "on_call.json"
WITHIN_S = 5.0
FLOOR = "import click, lightkube, kafka.admin"
"""What the command's imports alone take (as in ``bench/command.py``): on a busy machine that is seconds."""


class OnCall(User):
    """Someone on call, in an environment whose groups may be three seconds behind."""

    @property
    def service(self) -> Path:
        return self.home / "on-call.yaml"

    def configure(self) -> None:
        document = json.loads((self.labs / "lab" / "service.yaml").read_text())
        document["environments"]["lab"]["groups"] = {"butler-writer": 3, "prompt-publication": 3600}
        self.service.write_text(json.dumps(document))

    def look(self) -> tuple[dict[str, Any], float]:
        began = time.monotonic()
        found = self.json("status", "-e", "lab", "--config", str(self.service), code=None)
        return found, time.monotonic() - began

    def run(self, *words: str, **more: Any) -> Any:
        if words == ("produce-unread",):
            return self._produce()
        return super().run(*words, **more)

    def _produce(self) -> None:
        import os

        from prompt_kafka.factory import session
        from prompt_kafka.targets import TargetOptions

        before = os.environ.get("XDG_STATE_HOME")
        os.environ["XDG_STATE_HOME"] = str(self.home / "state")
        try:
            with session(TargetOptions(config=self.service, environment="lab")) as look:
                entry = look.entry(("prompt-processing",))
        finally:
            os.environ.pop("XDG_STATE_HOME")
            if before is not None:
                os.environ["XDG_STATE_HOME"] = before
        from prompt_kafka.clients.kafka import KafkaConnection, Sasl, Tls

        tls = Tls(entry.ca_pem, check_hostname=False) if entry.ca_pem else None
        login = Sasl("prompt-processing", entry.passwords["prompt-processing"])
        with KafkaConnection(entry.bootstrap, tls=tls, sasl=login) as connection:
            connection.produce_one("butler-writer", None, b'{"type": "pp-output"}')


@pytest.fixture(scope="module")
def on_call(user: User) -> OnCall:
    person = OnCall(user.home)
    person.run("lab", "up")
    person.configure()
    person.run("lab", "traffic", "--duration", "3s", code=None, timeout=120)
    _healthy(person)
    return person


def _healthy(person: OnCall, timeout: float = 240.0) -> None:
    last: dict[str, Any] = {}

    def well() -> bool:
        found, _ = person.look()
        last.update(found)
        return bool(found["healthy"]) and not found["problems"] and not found["warnings"]

    try:
        wait_until(well, timeout, "a healthy service")
    except AssertionError as error:
        said = [cause["what"] for cause in (*last.get("problems", ()), *last.get("warnings", ()))]
        raise AssertionError(f"{error}: {said}") from None


def _equal(ailments: tuple[Ailment, ...], causes: list[dict[str, Any]]) -> bool:
    """The named causes are exactly the injected faults; two lost controllers are one cause."""
    return all(any(a.matches(c) for c in causes) for a in ailments) and all(
        any(a.matches(c) for a in ailments) for c in causes
    )


def _harmful(ailments: tuple[Ailment, ...], found: dict[str, Any]) -> list[str]:
    sick = {pod for ailment in ailments for pod in ailment.sick}
    nodes = found["world"]["nodes"]["value"]
    states = {pod["name"]: pod["broker_state"] for pod in nodes.get("pods", ())}
    bad = []
    for cause in (*found["problems"], *found["warnings"]):
        words = cause["mend"].split()
        if words[:2] != ["prompt-kafka", "restart"]:
            continue
        for pod in [w for w in words[2 : words.index("-e")] if not w.startswith("--")] or ["everything"]:
            if pod not in sick or states.get(pod) == "Recovery" or cause["waits"]:
                bad.append(cause["mend"])
    return bad


def _one(person: OnCall, number: int) -> dict[str, Any]:
    """Inject a draw, look, mend or release, and wait until all is well again."""
    ailments = DRAWN[number]
    for ailment in ailments:
        ailment.inject(person)
    time.sleep(max(ailment.due for ailment in ailments))
    found: dict[str, Any] = {}
    causes: list[dict[str, Any]] = []
    harmful: list[str] = []
    said: list[list[str]] = []
    looks = 0
    floor = _floor()
    began, right, took = time.monotonic(), False, 0.0
    while not right and (looks == 0 or time.monotonic() - began < WITHIN_S + floor):
        found, _ = person.look()
        looks, took = looks + 1, time.monotonic() - began
        causes = [*found["problems"], *found["warnings"]]
        right = _equal(ailments, causes)
        said.append([f"{c['cause']}: {', '.join(c['objects'])}" for c in causes])
        harmful += _harmful(ailments, found)
    result = {
        "number": number,
        "injected": [str(ailment) for ailment in ailments],
        "named": said[-1],
        "before": said[:-1],
        "mends": [c["mend"] for c in causes],
        "right": right and took - floor <= WITHIN_S,
        "seconds": round(took, 2),
        "imports": round(floor, 2),
        "harmful": harmful,
    }
    print(json.dumps(result), flush=True)
    if right and len(ailments) == 1 and ailments[0].mends:
        result["mended"] = _mend(person, causes[0]["mend"])
    person.run("lab", "faults", "release")
    for ailment in ailments:
        if ailment.undo is not None and not result.get("mended"):
            ailment.undo(person)
    _healthy(person)
    return result


def _floor() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", FLOOR], check=True)
    return time.monotonic() - began


def _mend(person: OnCall, line: str) -> bool:
    """Run the printed command; whether the service is healthy after it without anything else."""
    words = shlex.split(line)
    if words[0] == "kubectl":
        person.kubectl(*words[3:])
    elif words[1] in ENTRIES:
        person.run(*words[1:], "--yes", timeout=400)
    else:
        return False
    _healthy(person)
    return True


@pytest.fixture(scope="module")
def results() -> Iterator[list[dict[str, Any]]]:
    found: list[dict[str, Any]] = []
    yield found
    if len(found) < DRAWS:
        return
    summary = {
        "suite": "on call: seeded random singles and pairs on six real Kafka nodes",
        "seed": SEED,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "right": sum(each["right"] for each in found),
        "of": len(found),
        "harmful": sum(len(each["harmful"]) for each in found),
        "mended by the printed command": sum(bool(each.get("mended")) for each in found),
        "seconds to the answer over its imports, worst": round(
            max(each["seconds"] - each["imports"] for each in found if each["right"]), 2
        ),
        "draws": found,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(summary, indent=1) + "\n")


@pytest.mark.parametrize(
    "number", [SAMPLE[0], *(pytest.param(each, marks=pytest.mark.slow) for each in SAMPLE[1:])]
)
def test_a_sample_is_named_and_mended(on_call: OnCall, number: int) -> None:
    found = _one(on_call, number)
    assert found["right"], found
    assert not found["harmful"], found


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_thirty_faults_are_named_in_five_seconds_and_no_advice_does_harm(
    on_call: OnCall, results: list[dict[str, Any]]
) -> None:
    for number in range(DRAWS):
        results.append(_one(on_call, number))
    wrong = [each for each in results if not each["right"]]
    assert len(wrong) <= 1, wrong
    assert [each for each in results if each["harmful"]] == []
