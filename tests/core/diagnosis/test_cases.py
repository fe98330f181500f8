"""The diagnosis, world in, causes out: one case a file."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from prompt_kafka.cli.main import ENTRIES
from prompt_kafka.core.cause import Cause, Kind
from prompt_kafka.core.status import report
from prompt_kafka.core.verdict import Answer
from tests.core.diagnosis.sick import sick, well
from tests.core.test_false_green import SEED, looks_finished

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def _case(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = YAML(typ="safe").load(path.read_text())
    return case


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = _case(path)
    found = report(sick(case.get("world") or {}))
    assert [_said(cause) for cause in found.causes] == [_wanted(each) for each in case["causes"]]
    for cause, each in zip(found.causes, case["causes"], strict=True):
        assert each.get("says", "") in cause.what
        assert each.get("so", "") in "; ".join(cause.follows)
        assert cause.first == each.get("first", "")
    assert found.answer is Answer[case.get("answer", "NO")]
    for line, wanted in zip(found.ahead, case.get("ahead") or (), strict=False):
        assert wanted["says"] in line.what
        assert line.mend == wanted.get("mend", "")
        assert line.urgent is wanted.get("urgent", False)


def _said(cause: Cause) -> tuple[str, tuple[str, ...], str]:
    return cause.kind.value, cause.objects, cause.mend


def _wanted(each: dict[str, Any]) -> tuple[str, tuple[str, ...], str]:
    return each["kind"], tuple(each["objects"]), each["mend"]


def test_a_healthy_service_has_no_cause_and_one_roll_ahead() -> None:
    found = report(well())
    assert (found.answer, found.causes) == (Answer.YES, ())
    assert [line.what for line in found.ahead] == [
        "next unplanned roll of every node: renewal of cluster CA, clients CA"
    ]


def test_every_kind_of_cause_has_a_case() -> None:
    kinds = {each["kind"] for path in CASES for each in _case(path)["causes"]}
    assert kinds == {kind.value for kind in Kind}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_command_exists(path: Path) -> None:
    for cause in report(sick(_case(path).get("world") or {})).causes:
        words = cause.mend.split()
        assert words[0] in ("prompt-kafka", "kubectl")
        if words[0] == "prompt-kafka":
            assert words[1] in ENTRIES


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_nothing_that_recovers_or_catches_up_is_restarted(path: Path) -> None:
    """Harmful advice: a restart of what is in log recovery, catching up, starting, or well."""
    world = sick(_case(path).get("world") or {})
    causes = report(world).causes
    named = {name for cause in causes for name in cause.objects}
    for cause in causes:
        words = cause.mend.split()
        if words[:2] != ["prompt-kafka", "restart"]:
            continue
        assert not cause.waits
        assert all(word in named for word in words[2 : words.index("-e")] if not word.startswith("--"))
        nodes = world.nodes.known
        assert nodes is not None
        for name in cause.objects:
            pod = nodes.pod(name)
            dead = pod is not None and pod.running_since is None
            assert pod is None or dead or pod.broker_state not in ("Recovery", "Starting")


@pytest.mark.parametrize("number", range(500))
def test_what_only_looks_finished_has_a_cause_with_a_command(number: int) -> None:
    names, world = looks_finished(random.Random(SEED + number))
    found = report(world)
    seen = set(names) - {"canary failing", "canary not seen"}
    assert bool(found.problems) is bool(seen), names
    assert all(cause.mend for cause in found.problems)
