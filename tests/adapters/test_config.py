"""``service.yaml``: found where it should be, refused with the line at fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from prompt_kafka.adapters import config
from prompt_kafka.core.errors import UsageError

GOOD = """\
schema: 1
environments:
  usdfdev:
    context: usdf-dev
    cluster_id: abc
    groups: {butler-writer: 30, prompt-publication: }
    simulated: [one, two]
  usdfprod:
    production: true
"""


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(config.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (tmp_path / "here" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "below")
    return tmp_path


def test_a_file_becomes_environments(alone: Path) -> None:
    path = alone / "service.yaml"
    path.write_text(GOOD)
    found = config.read(path)
    assert found["usdfdev"].groups == {"butler-writer": 30.0, "prompt-publication": 60.0}
    assert found["usdfdev"].cluster_id == "abc"
    assert found["usdfdev"].simulated == ("one", "two")
    assert found["usdfprod"].production
    assert found["usdfprod"].kafka.user == "kafka-admin"


def test_the_nearest_file_wins_over_the_users(alone: Path) -> None:
    assert config.find() is None
    user = alone / "xdg" / "prompt-kafka" / "service.yaml"
    user.parent.mkdir(parents=True)
    user.write_text(GOOD)
    assert config.find() == user
    near = alone / "here" / "service.yaml"
    near.write_text(GOOD)
    assert config.find() == near


def test_the_variable_wins_over_the_folder_and_must_exist(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (alone / "here" / "service.yaml").write_text(GOOD)
    monkeypatch.setenv(config.VARIABLE, str(alone / "missing.yaml"))
    with pytest.raises(UsageError, match="no configuration file"):
        config.find()


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("schema: 1\nenvironments:\n  a:\n    contxt: x\n", "unknown key environments.a.contxt", 4),
        ("schema: 1\nenvironments:\n  a:\n    production: 3\n", "production must be true or false", 4),
        ("schema: 1\nenvironments: [a]\n", "environments must be a mapping", 2),
        (
            "schema: 1\nenvironments:\n  a: {kafka: {pasword: x}}\n",
            "unknown key environments.a.kafka.pasword",
            3,
        ),
        ("schema: 1\n a: b: c\n", "not YAML", 2),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(alone: Path, text: str, what: str, line: int) -> None:
    path = alone / "service.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        config.read(path)
    assert what in error.value.what
    assert error.value.where == f"{path}:{line}"


def test_a_schema_of_the_future_is_refused(alone: Path) -> None:
    path = alone / "service.yaml"
    path.write_text("schema: 2\nenvironments: {}\n")
    with pytest.raises(UsageError, match="schema 2 is not known"):
        config.read(path)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("delivery: mail", "delivery must be push, branch or pull-request"),
        ("branch_pattern: tickets/mine", "branch_pattern must be a branch's name"),
        ('branch_pattern: "a b/{change}"', "branch_pattern must be a branch's name"),
    ],
)
def test_a_way_for_changes_that_there_is_not_is_refused(tmp_path: Path, lines: str, said: str) -> None:
    file = tmp_path / "service.yaml"
    file.write_text(f"schema: 1\nenvironments:\n  lab:\n    {lines}\n")
    with pytest.raises(UsageError, match=said) as refused:
        config.read(file)
    assert str(refused.value.where).endswith(":4")


def test_changes_by_branches(tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text("schema: 1\nenvironments:\n  lab: {delivery: branch, branch_pattern: 'u/me/{change}'}\n")
    found = config.read(file)["lab"]
    assert (found.delivery, found.branch_pattern) == ("branch", "u/me/{change}")
