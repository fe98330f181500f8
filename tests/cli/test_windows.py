"""``maintenance windows`` and the output formats, as a person at a terminal gets them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from prompt_kafka.cli.main import root
from prompt_kafka.core.errors import UsageError

NIGHT = "hours: {night: {site: Cerro Pachón}}"


def run(tmp_path: Path, hours: str, *words: str, production: bool = True) -> str:
    path = tmp_path / "service.yaml"
    path.write_text(
        f"schema: 1\nenvironments:\n  usdf:\n    production: {str(production).lower()}\n    {hours}\n"
    )
    done = CliRunner().invoke(
        root, ["maintenance", "windows", "-e", "usdf", "--config", str(path), *words], standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_the_windows_are_shown_on_the_clocks_that_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = run(tmp_path, NIGHT)
    assert shown.startswith("usdf: night at Cerro Pachón: sunset − 60 min to sunrise + 60 min\nnow: ")
    assert "America/Santiago" in shown
    assert 7 <= shown.count(" h") - 1 <= 12


def test_json_and_yaml_say_the_same_and_markdown_is_a_table(tmp_path: Path) -> None:
    data = json.loads(run(tmp_path, NIGHT, "--days", "3", "-o", "json"))
    again = YAML(typ="safe").load(run(tmp_path, NIGHT, "--days", "3", "-o", "yaml"))
    assert list(again) == list(data)
    assert again["windows"] == data["windows"]
    begin, end = (datetime.fromisoformat(data["windows"][-1][edge]) for edge in ("begin", "end"))
    assert (end - begin).total_seconds() == pytest.approx(data["windows"][-1]["seconds"], abs=1)
    assert "| UTC | America/Santiago |" in run(tmp_path, NIGHT, "-o", "markdown")


def test_around_the_clock_there_is_none(tmp_path: Path) -> None:
    shown = run(tmp_path, "hours: 24x7")
    assert "now: production (24x7), no end of it is known" in shown
    assert "no window in these days; --override-hours is the only way" in shown


def test_only_windows_with_room_are_shown(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, NIGHT, "--for", "20h", "-o", "json"))["windows"] == []
    assert "no window with 20.0 h left in these days" in run(tmp_path, NIGHT, "--for", "20h")


def test_far_ahead_the_days_are_all_there(tmp_path: Path) -> None:
    data = json.loads(run(tmp_path, NIGHT, "--days", "400", "-o", "json"))
    assert len(data["windows"]) in (400, 401)
    last = datetime.fromisoformat(data["windows"][-1]["end"])
    assert last - datetime.now(UTC) > timedelta(days=399)


def test_elsewhere_than_in_production_they_are_for_information(tmp_path: Path) -> None:
    assert "hours bind only in production" in run(tmp_path, NIGHT, production=False)


def test_without_hours_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        run(tmp_path, "namespace: x")
    assert error.value.next == "add `hours` to the environment in service.yaml"


def test_an_override_without_a_reason_is_none() -> None:
    done = CliRunner().invoke(root, ["restart", "--override-hours", "  "])
    assert done.exit_code == 2
    assert "say why" in done.output
