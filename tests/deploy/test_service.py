"""The shipped ``service.yaml``: found in the repository, valid, and in agreement with the charts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from prompt_kafka.adapters import config
from prompt_kafka.core.forge import project_of
from prompt_kafka.core.hours_rules import CERRO_PACHON, Night
from prompt_kafka.core.service import Environment

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "service.yaml"


@pytest.fixture(scope="module")
def shipped() -> dict[str, Environment]:
    return config.read(FILE)


def test_it_is_found_from_anywhere_in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(config.VARIABLE, raising=False)
    for folder in (ROOT, ROOT / "src" / "prompt_kafka", ROOT / "deploy" / "applications"):
        monkeypatch.chdir(folder)
        assert config.find() == FILE


def test_it_is_in_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert (
        project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["deploy"]
        == "prompt_kafka/deploy"
    )


def test_production_is_observing_and_is_announced_where_the_page_says(
    shipped: dict[str, Environment],
) -> None:
    prod, dev = shipped["usdfprod"], shipped["usdfdev"]
    assert prod.production
    assert not dev.production
    assert prod.hours is not None
    assert prod.hours.rule == Night(CERRO_PACHON)
    assert prod.channel == "lsstcam-prompt-processing"
    assert dev.channel == "dm-prompt-processing"


def test_names_are_those_of_the_charts(shipped: dict[str, Environment]) -> None:
    for environment in shipped.values():
        assert environment.repository == "https://github.com/lsst-sqre/phalanx"
        assert (ROOT / "deploy" / environment.folder).is_dir()
        values = ROOT / "deploy" / environment.folder / f"values-{environment.name}-prompt-processing.yaml"
        assert values.is_file()
        assert environment.groups.keys() == {"butler-writer", "prompt-publication"}


def test_changes_go_by_pull_request_and_a_person_merges(shipped: dict[str, Environment]) -> None:
    for environment in shipped.values():
        assert (environment.delivery, environment.pull_request.merge) == ("pull-request", "person")
        found = project_of(environment.repository)
        assert found is not None and str(found) == "github.com/lsst-sqre/phalanx"
