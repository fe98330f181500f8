"""Exec plug-ins: what they are told, what they may answer, and when they run."""

from __future__ import annotations

import json
import os
import pty
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from prompt_kafka.clients.auth import Credentials, CredentialsError
from prompt_kafka.clients.auth.plugin import PluginAuth
from prompt_kafka.clients.kubeconfig import Login, load
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import UsageError
from tests.clients.auth.issuer import pem_pair

START = datetime(2026, 1, 1, tzinfo=UTC)
V1 = "client.authentication.k8s.io/v1"
SCRIPT = """\
#!/bin/sh
printf '%s' "$KUBERNETES_EXEC_INFO" > "$HERE/info.json"
echo "$@" >> "$HERE/calls"
if [ -t 0 ]; then echo terminal; else cat; fi > "$HERE/stdin"
cat "$HERE/answer"
exit "$(cat "$HERE/code")"
"""


class Plugin:
    """A real program whose answer a test sets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock(START)
        self.program = folder / "plugin"
        self.program.write_text(SCRIPT)
        self.program.chmod(0o755)
        self.ends_with(0)

    def answers(self, version: str = V1, **status: Any) -> None:
        document = {"apiVersion": version, "kind": "ExecCredential", "status": status}
        self.prints(json.dumps(document))

    def prints(self, text: str) -> None:
        (self.folder / "answer").write_text(text)

    def ends_with(self, code: int) -> None:
        (self.folder / "code").write_text(f"{code}\n")

    def config(self, **more: Any) -> dict[str, Any]:
        return {
            "apiVersion": V1,
            "interactiveMode": "Never",
            "command": str(self.program),
            "args": ["login", "two words"],
            "env": [{"name": "HERE", "value": str(self.folder)}],
            **more,
        }

    def login(self, **cluster: Any) -> Login:
        return Login("usdf", "default", {"server": "https://127.0.0.1:1", **cluster}, {}, "rubin")

    def auth(self, cluster: dict[str, Any] | None = None, **more: Any) -> PluginAuth:
        return PluginAuth(self.login(**cluster or {}), self.config(**more), self.clock)

    @property
    def info(self) -> dict[str, Any]:
        document = json.loads((self.folder / "info.json").read_text())
        assert isinstance(document, dict)
        return document

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    made = Plugin(tmp_path)
    made.answers(token="the-token")
    return made


def test_it_is_told_who_calls(plugin: Plugin) -> None:
    assert plugin.auth().credential().token == "the-token"
    assert plugin.info == {"apiVersion": V1, "kind": "ExecCredential", "spec": {"interactive": False}}
    assert plugin.calls == ["login two words"]


def test_it_is_told_of_the_cluster_when_it_asks(plugin: Plugin, tmp_path: Path) -> None:
    authority, _ = pem_pair(tmp_path)
    cluster = {
        "certificate-authority": str(authority),
        "tls-server-name": "api.example",
        "extensions": [
            {"name": "other", "extension": 1},
            {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "usdf"}},
        ],
    }
    plugin.auth(cluster, provideClusterInfo=True).credential()
    told = plugin.info["spec"]["cluster"]
    assert told.pop("certificate-authority-data")
    assert told == {
        "server": "https://127.0.0.1:1",
        "tls-server-name": "api.example",
        "config": {"audience": "usdf"},
    }


def test_its_answer_is_kept_until_the_time_it_names(plugin: Plugin) -> None:
    plugin.answers(token="one", expirationTimestamp=(START + timedelta(minutes=5)).isoformat())
    auth = plugin.auth()
    auth.credential()
    plugin.answers(token="two")
    plugin.clock.turn(299)
    assert auth.credential().token == "one"
    plugin.clock.turn(2)
    assert auth.credential().token == "two"
    plugin.clock.turn(1e6)
    assert auth.credential().token == "two"
    assert len(plugin.calls) == 2


def test_it_runs_again_when_the_api_refuses(plugin: Plugin) -> None:
    seen = []

    def api(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["Authorization"])
        return httpx2.Response(200 if seen[-1] == "Bearer new" else 401)

    auth = plugin.auth()
    with httpx2.Client(transport=httpx2.MockTransport(api), auth=auth, base_url="https://x") as http:
        plugin.answers(token="old")
        auth.credential()
        plugin.answers(token="new")
        assert http.get("/").status_code == 200
    assert seen == ["Bearer old", "Bearer new"]


def test_the_connections_of_a_process_share_it(plugin: Plugin, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        json.dumps(
            {
                "current-context": "c",
                "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
                "users": [{"name": "u", "user": {"exec": plugin.config(command="./plugin")}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    for _ in range(3):
        assert Credentials(load(file, None)).headers() == {"Authorization": "Bearer the-token"}
    assert len(plugin.calls) == 1


def test_a_certificate_goes_into_the_tls_context(plugin: Plugin, tmp_path: Path) -> None:
    certificate, key = (file.read_text() for file in pem_pair(tmp_path))
    plugin.answers(clientCertificateData=certificate, clientKeyData=key)
    login = Login("c", "d", {"server": "https://127.0.0.1:1"}, {"exec": plugin.config()}, "u")
    credentials = Credentials(login)
    assert credentials.certificate == (certificate, key)
    credentials.context(credentials.certificate)
    assert credentials.headers() == {}


TERMINAL = {"Never": "", "IfAvailable": "terminal", "Always": "terminal"}


@pytest.mark.parametrize("mode", TERMINAL)
def test_it_gets_a_terminal_where_the_mode_allows(
    plugin: Plugin, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer, inner = pty.openpty()
    saved = os.dup(0)
    os.dup2(inner, 0)
    try:
        with open(0, closefd=False) as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            plugin.auth(interactiveMode=mode).credential()
    finally:
        os.dup2(saved, 0)
        for handle in (saved, outer, inner):
            os.close(handle)
    assert (plugin.folder / "stdin").read_text().strip() == TERMINAL[mode]
    assert plugin.info["spec"]["interactive"] is bool(TERMINAL[mode])


def test_it_gets_none_from_a_pipe(plugin: Plugin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    piped = tmp_path / "piped"
    piped.write_text("yes\n")
    with piped.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        plugin.auth(interactiveMode="IfAvailable").credential()
        assert (plugin.folder / "stdin").read_text() == ""
        with pytest.raises(CredentialsError, match="standard input is not a terminal"):
            plugin.auth(interactiveMode="Always").credential()


def test_v1beta1_needs_no_mode(plugin: Plugin) -> None:
    version = "client.authentication.k8s.io/v1beta1"
    plugin.answers(version, token="beta")
    config = plugin.config(apiVersion=version)
    del config["interactiveMode"]
    assert PluginAuth(plugin.login(), config).credential().token == "beta"
    assert plugin.info["apiVersion"] == version


REFUSED = {
    "v1alpha1": ({"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "is not spoken"),
    "no mode": ({"interactiveMode": None}, "interactiveMode '' is not one"),
    "no command": ({"command": ""}, "exec names no command"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_run_is_said_at_once(plugin: Plugin, case: str) -> None:
    more, message = REFUSED[case]
    with pytest.raises(CredentialsError, match=message):
        plugin.auth(**more)


def test_a_missing_program_shows_its_hint(plugin: Plugin) -> None:
    hint = "install kubelogin:\n  brew install kubelogin"
    with pytest.raises(CredentialsError) as caught:
        plugin.auth(command="no-such-plugin-anywhere", installHint=hint).credential()
    assert str(caught.value).splitlines() == [
        "exec plug-in no-such-plugin-anywhere cannot be run: No such file or directory",
        "where: service account (context usdf)",
        "next: install kubelogin: brew install kubelogin",
    ]


ANSWERS = {
    "not JSON": ("the-token\n", "did not print an ExecCredential"),
    "a list": ("[]", "did not print an ExecCredential"),
    "another version": (
        '{"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential"}',
        "answered with client.authentication.k8s.io/v1beta1",
    ),
    "no status": (json.dumps({"apiVersion": V1, "kind": "ExecCredential"}), "gave no status"),
    "nothing": (json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": {}}), "neither a token"),
    "half": (
        json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": {"clientKeyData": "S3CRET"}}),
        "only one of certificate and key",
    ),
    "no time": (
        json.dumps(
            {
                "apiVersion": V1,
                "kind": "ExecCredential",
                "status": {"token": "S3CRET", "expirationTimestamp": "soon"},
            }
        ),
        "not a time",
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_wrong_answer_is_one_error(plugin: Plugin, case: str) -> None:
    text, message = ANSWERS[case]
    plugin.prints(text)
    with pytest.raises(CredentialsError, match=message) as caught:
        plugin.auth().credential()
    assert "S3CRET" not in str(caught.value)


def test_a_failing_plugin_is_one_error(plugin: Plugin) -> None:
    plugin.ends_with(3)
    with pytest.raises(CredentialsError, match="failed with exit code 3"):
        plugin.auth().credential()


def test_other_providers_name_their_successor() -> None:
    login = Login("c", "d", {"server": "https://x"}, {"auth-provider": {"name": "gcp"}}, "u")
    with pytest.raises(CredentialsError, match="'gcp' is not one") as caught:
        Credentials(login)
    assert "gke-gcloud-auth-plugin" in str(caught.value)


def test_a_token_beside_a_plugin_wins(plugin: Plugin) -> None:
    login = Login("c", "d", {"server": "https://x"}, {"token": "plain", "exec": plugin.config()}, "u")
    assert Credentials(login).headers() == {"Authorization": "Bearer plain"}
    assert not (plugin.folder / "calls").exists()


def test_a_bad_certificate_is_one_error_without_its_text() -> None:
    user = {"client-certificate-data": "U0VDUkVU", "client-key-data": "U0VDUkVU"}
    with pytest.raises(UsageError, match="unusable kubeconfig") as caught:
        Credentials(Login("c", "d", {"server": "https://x"}, user, "u"))
    assert "SECRET" not in str(caught.value) and "U0VD" not in str(caught.value)
