"""Bad input: one clear error, the right exit code, no traceback, nothing half made. No Kafka starts here."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from prompt_kafka.clients import gitops
from tests.story.conftest import User


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


def _nothing_made(user: User) -> bool:
    return not [p for p in user.labs.rglob("*") if p.is_file() and p.name != ".lock"]


def test_unknown_environment(user: User) -> None:
    done = user.run("lab", "up", "--environment", "usdfprod", code=2)
    assert "usdfprod" in done.stderr
    assert "usdfprod-prompt-processing" in done.stderr
    assert _nothing_made(user)


def test_a_repository_that_is_none(user: User, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = user.run("lab", "up", "--repo", str(tmp_path / "empty"), code=2)
    assert "empty" in done.stderr
    assert _nothing_made(user)


def test_a_chart_that_does_not_render_names_file_and_line(user: User, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    shutil.copytree(gitops.shipped(), repo)
    template = repo / "applications/prompt-kafka/charts/butler-writer/templates/users.yaml"
    lines = template.read_text().splitlines()
    lines.insert(4, "{{ .Values.no.such.thing }}")
    template.write_text("\n".join(lines) + "\n")
    done = user.run("lab", "up", "--repo", str(repo), code=1)
    assert "charts/butler-writer/templates/users.yaml:5" in done.stderr
    assert user.processes() == []


def test_no_network_and_no_cached_jars(user: User, tmp_path: Path) -> None:
    nowhere = {
        name: "http://127.0.0.1:9" for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
    }
    done = user.run("lab", "up", code=1, XDG_CACHE_HOME=str(tmp_path / "cache"), **nowhere)
    assert "network" in done.stderr
    assert "next:" in done.stderr
    assert user.processes() == []


@pytest.mark.parametrize(
    ("version", "what"), [("three", "not a Kafka version"), ("3.9.0", "cannot run Kafka 3.9.0")]
)
def test_a_kafka_version_that_the_lab_cannot_run(user: User, version: str, what: str) -> None:
    done = user.run("lab", "up", "--kafka-version", version, code=2)
    assert what in done.stderr
    assert user.processes() == []


def test_an_operator_whose_schema_is_not_published(user: User) -> None:
    done = user.run("lab", "up", "--strimzi-version", "1.0.0", code=None)
    assert done.returncode in (1, 2)
    assert "1.0.0" in done.stderr
    assert "0.51.0" in done.stderr
    assert user.processes() == []


def test_a_damaged_state_folder(user: User) -> None:
    folder = user.labs / "lab"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "lab.json").write_text("{ half a docum")
    done = user.run("lab", "up", code=1)
    assert "damaged" in done.stderr
    assert "lab down --purge" in done.stderr
    user.run("lab", "down", "--purge")
    assert _nothing_made(user)


def test_a_state_folder_of_the_future(user: User) -> None:
    folder = user.labs / "lab"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "lab.json").write_text('{"schema": 99}')
    done = user.run("lab", "up", code=1)
    assert "newer" in done.stderr


def test_a_port_that_is_taken(user: User) -> None:
    """The lab's API port is chosen once; when somebody else has it later, the error names it."""
    from prompt_kafka.lab.state import LabState

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(user.home / "state"))
        state = LabState.create("lab")
    with socket.create_server(("127.0.0.1", state.settings.api_port)):
        done = user.run("lab", "up", code=1)
    assert f"port {state.settings.api_port}" in done.stderr
    assert user.processes() == []


def test_no_environment_is_known(user: User) -> None:
    done = user.run("restart", "--yes", code=2)
    assert "no environment is known here" in done.stderr
    assert "make up" in done.stderr


def test_a_kubeconfig_that_is_none(user: User) -> None:
    done = user.run("status", "--kubeconfig", "nothing.yaml", code=2)
    assert "kubeconfig" in done.stderr


def test_a_change_needs_a_name_not_only_a_context(user: User) -> None:
    done = user.run("restart", "--context", "somewhere", "--yes", code=2)
    assert "a change needs an environment by name" in done.stderr


def test_a_lab_that_is_not_there(user: User) -> None:
    for words in (("down",), ("down", "--purge"), ("kubeconfig",), ("logs", "supervisor")):
        done = user.run("lab", *words, "--name", "nowhere", code=None)
        assert done.returncode in (1, 2)
        assert "nowhere" in done.stderr


def test_a_wrong_command_is_answered_with_the_nearest(user: User) -> None:
    assert "Did you mean restart" in user.run("restrat", code=2).stderr
