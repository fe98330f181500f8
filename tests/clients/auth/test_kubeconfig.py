"""Kubeconfig files as kubectl reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from prompt_kafka.clients import kubeconfig
from prompt_kafka.clients.kubeconfig import load
from prompt_kafka.core.errors import UsageError

ONE = """\
current-context: dev
contexts:
- {name: dev, context: {cluster: dev, user: me, namespace: prompt-kafka}}
- {name: broken, context: {cluster: gone, user: me}}
clusters:
- {name: dev, cluster: {server: "https://dev/", certificate-authority: ca.crt}}
"""
TWO = """\
current-context: ignored
clusters:
- {name: dev, cluster: {server: "https://second"}}
users:
- {name: me, user: {tokenFile: secrets/token}}
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    one, two = tmp_path / "one" / "config", tmp_path / "two" / "config"
    for file, text in ((one, ONE), (two, TWO)):
        file.parent.mkdir()
        file.write_text(text)
    monkeypatch.setenv("KUBECONFIG", f"{one}:{tmp_path / 'missing'}:{two}")
    return one, two


def test_several_files_are_merged(files: tuple[Path, Path]) -> None:
    one, two = files
    login = load(None, None)
    assert (login.context, login.namespace, login.server) == ("dev", "prompt-kafka", "https://dev")
    assert login.cluster["certificate-authority"] == str(one.parent / "ca.crt")
    assert login.user["tokenFile"] == str(two.parent / "secrets" / "token")
    assert (login.user_name, login.file) == ("me", two)


def test_what_is_missing_is_named(files: tuple[Path, Path], tmp_path: Path) -> None:
    for context, message in (("prod", "no context 'prod'"), ("broken", "names cluster 'gone'")):
        with pytest.raises(UsageError, match=message):
            load(None, context)
    with pytest.raises(UsageError, match="no kubeconfig"):
        load(tmp_path / "nowhere", None)


WRONG = {
    "not YAML": ("users:\n- {token: S3CRET\n", "not YAML"),
    "a list": ("- S3CRET\n", "not a mapping"),
    "no context": ("users: []\n", "names no current context"),
    "users not a list": ("current-context: a\nusers: S3CRET\n", "users is not a list"),
    "no name": ("current-context: a\nusers: [{user: S3CRET}]\n", "has no name"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_cannot_be_read(tmp_path: Path, case: str) -> None:
    text, message = WRONG[case]
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        load(file, None)
    assert str(file) in str(caught.value)
    assert "S3CRET" not in str(caught.value)


def test_inside_a_pod_the_service_account_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("token", "t"), ("namespace", "prompt-kafka\n"), ("ca.crt", "")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    login = load(None, None)
    assert (login.server, login.namespace) == ("https://[fd00::1]:443", "prompt-kafka")
