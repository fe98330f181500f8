"""Which environment a command means when nobody says: a lone lab, else the only one, for a look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prompt_kafka.adapters import config
from prompt_kafka.core.errors import UsageError
from prompt_kafka.targets import TargetOptions, environment_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(config.VARIABLE, raising=False)
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def _lab(home: Path, name: str) -> None:
    folder = home / "xdg_state_home" / "prompt-kafka" / "labs" / name
    folder.mkdir(parents=True)
    (folder / "service.yaml").write_text(json.dumps({"schema": 1, "environments": {name: {}}}))


def _configured(home: Path, *names: str) -> None:
    folder = home / "here" / "deploy"
    folder.mkdir()
    (folder / "service.yaml").write_text(json.dumps({"schema": 1, "environments": {n: {} for n in names}}))


@pytest.mark.parametrize("changes", [False, True])
def test_a_lone_lab_is_meant_also_in_a_repository_that_knows_other_environments(
    home: Path, changes: bool
) -> None:
    _lab(home, "lab")
    _configured(home, "usdfprod", "usdfdev")
    assert environment_of(TargetOptions(), changes=changes).name == "lab"
    assert environment_of(TargetOptions("usdfprod"), changes=changes).name == "usdfprod"


def test_a_lab_that_is_configured_by_hand_is_no_default(home: Path) -> None:
    """Its entry may say anything, also that it is production."""
    _lab(home, "lab")
    _configured(home, "lab", "usdfprod")
    with pytest.raises(UsageError, match="which environment"):
        environment_of(TargetOptions(), changes=True)


def test_of_two_labs_none_is_meant(home: Path) -> None:
    _lab(home, "one")
    _lab(home, "two")
    with pytest.raises(UsageError, match="which environment"):
        environment_of(TargetOptions(), changes=False)


def test_the_only_environment_is_meant_by_a_look_and_by_no_change(home: Path) -> None:
    _configured(home, "usdfprod")
    assert environment_of(TargetOptions(), changes=False).name == "usdfprod"
    with pytest.raises(UsageError, match="which environment"):
        environment_of(TargetOptions(), changes=True)
