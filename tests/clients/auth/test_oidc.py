"""``auth-provider: oidc``: when a token is renewed, how, and what is written back."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from prompt_kafka.clients.auth import Credentials, CredentialsError
from prompt_kafka.clients.auth.oidc import OidcAuth
from prompt_kafka.clients.auth.writeback import edited
from prompt_kafka.clients.kubeconfig import load
from tests.clients.auth.conftest import Write
from tests.clients.auth.issuer import Issuer


def shown(file: Path) -> str:
    return Credentials(load(file, None)).headers()["Authorization"].removeprefix("Bearer ")


def tokens(file: Path) -> dict[str, str]:
    user = load(file, None).user
    config = user["auth-provider"]["config"]
    return {key: config[key] for key in ("id-token", "refresh-token")}


def test_a_valid_token_is_sent_as_it_is(issuer: Issuer, kubeconfig: Write) -> None:
    token = issuer.token(60)
    assert shown(kubeconfig(token)) == token
    assert issuer.asked == []


@pytest.mark.parametrize("seconds", [-3600, 5], ids=["expired", "about to expire"])
def test_an_expired_token_is_renewed_and_written_back(
    issuer: Issuer, kubeconfig: Write, seconds: float
) -> None:
    old = issuer.token(seconds)
    file = kubeconfig(old)
    before = file.read_text()
    new = shown(file)
    assert new != old
    assert file.read_text() == before.replace(old, json.dumps(new))
    assert file.stat().st_mode & 0o777 == 0o640
    assert shown(file) == new
    assert issuer.refreshes == 1
    assert sorted(p.name for p in file.parent.glob("*config*")) == ["config"]


def test_a_rotated_refresh_token_is_kept(issuer: Issuer, kubeconfig: Write) -> None:
    issuer.rotate = True
    file = kubeconfig(issuer.token(-1))
    first = shown(file)
    assert tokens(file) == {"id-token": first, "refresh-token": "refresh-token-2"}


def test_the_request_is_what_client_go_sends(issuer: Issuer, kubeconfig: Write) -> None:
    shown(kubeconfig(issuer.token(-1)))
    (asked,) = issuer.asked
    assert asked.pop("authorization").startswith("Basic ")
    assert asked == {"grant_type": "refresh_token", "refresh_token": "first-refresh-token"}


@pytest.mark.parametrize("methods", [None, ["client_secret_post"]], ids=["found out", "as announced"])
def test_an_issuer_that_takes_no_basic_gets_fields(
    issuer: Issuer, kubeconfig: Write, methods: list[str] | None
) -> None:
    issuer.takes_basic, issuer.methods = False, methods
    shown(kubeconfig(issuer.token(-1)))
    assert issuer.asked[-1]["client_id"] == "prompt-kafka"
    assert len(issuer.asked) == (2 if methods is None else 1)


def test_two_connections_renew_once(issuer: Issuer, kubeconfig: Write) -> None:
    issuer.rotate = True
    file = kubeconfig(issuer.token(-1))
    connections = [Credentials(load(file, None)) for _ in range(8)]
    got: list[str] = []
    threads = [threading.Thread(target=lambda c=c: got.append(str(c.headers()))) for c in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == 1
    assert issuer.refreshes == 1


def test_several_processes_renew_once(issuer: Issuer, kubeconfig: Write) -> None:
    issuer.rotate = True
    file = kubeconfig(issuer.token(-1))
    program = (
        "import sys; from pathlib import Path\n"
        "from prompt_kafka.clients.auth import Credentials\n"
        "from prompt_kafka.clients.kubeconfig import load\n"
        "print(Credentials(load(Path(sys.argv[1]), None)).headers()['Authorization'])\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(said) == 1 and said.pop().startswith("Bearer ")
    assert issuer.refreshes == 1


def test_a_refused_token_is_renewed_once(issuer: Issuer, kubeconfig: Write) -> None:
    token = issuer.token(3600)
    login = load(kubeconfig(token), None)
    credentials = Credentials(login)
    assert credentials.headers()["Authorization"].endswith(token)
    assert not credentials.headers(refused=True)["Authorization"].endswith(token)
    assert issuer.refreshes == 1


def test_a_file_that_cannot_be_written_costs_nothing_while_the_refresh_token_stays(
    issuer: Issuer, kubeconfig: Write
) -> None:
    file = kubeconfig(issuer.token(-1))
    lock = file.with_name("config.lock")
    lock.mkdir()  # nobody can make the lock file now, root included
    import prompt_kafka.clients.auth.writeback as writeback

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writeback, "KUBECTL_LOCK_S", 0.1)
        assert shown(file) != ""
        issuer.rotate = True
        with pytest.raises(CredentialsError, match="locked by another process") as caught:
            shown(file)
    assert str(lock) in str(caught.value)


WRONG = {
    "refused": ("invalid_grant", "the issuer refused to renew the token: invalid_grant"),
    "no id token": (None, "gave no ID token"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_issuer_that_says_no(issuer: Issuer, kubeconfig: Write, case: str) -> None:
    issuer.error, message = WRONG[case]
    issuer.gives_id_token = False
    file = kubeconfig(issuer.token(-1))
    before = file.read_text()
    with pytest.raises(CredentialsError, match=message) as caught:
        shown(file)
    assert "log in again" in str(caught.value)
    for secret in ("first-refresh-token", "client/secret+1", *tokens(file).values()):
        assert secret not in str(caught.value)
    assert file.read_text() == before


def test_an_issuer_that_is_not_there(issuer: Issuer, kubeconfig: Write) -> None:
    file = kubeconfig(issuer.token(-1))
    issuer.close()
    with pytest.raises(CredentialsError, match="the token issuer does not answer") as caught:
        shown(file)
    assert issuer.url in str(caught.value)


def test_an_issuer_with_another_certificate(issuer: Issuer, kubeconfig: Write, tmp_path: Path) -> None:
    from tests.clients.auth.issuer import pem_pair

    other, _ = pem_pair(tmp_path, "other")
    login = load(kubeconfig(issuer.token(-1)), None)
    config = {**login.user["auth-provider"]["config"], "idp-certificate-authority": str(other)}
    del config["idp-certificate-authority-data"]
    with pytest.raises(CredentialsError, match=r"does not answer: .*CERTIFICATE"):
        OidcAuth(login, config).token()
    assert issuer.asked == []


def test_what_is_missing_is_named(issuer: Issuer, kubeconfig: Write) -> None:
    login = load(kubeconfig(issuer.token(-1)), None)
    config = dict(login.user["auth-provider"]["config"])
    with pytest.raises(CredentialsError, match="no refresh token"):
        del config["refresh-token"]
        login.file and login.file.write_text("users: []\n")
        OidcAuth(login, config).token()
    with pytest.raises(CredentialsError, match="no client-id"):
        OidcAuth(login, {"idp-issuer-url": "https://x"})
    with pytest.raises(CredentialsError, match="not a JWT"):
        OidcAuth(login, {**config, "id-token": "abc"}).token()


BLOCK = """\
users:
- user:
    auth-provider:
      config:
        # why
        {}
        x: y
  name: u
"""
FLOW = "users: [{name: u, user: {auth-provider: {config: {}}}}]  # ümläut 🚀\n"
EDITS = {
    "added to a block": (BLOCK.replace("{}\n        ", ""), BLOCK.replace("{}", 'id-token: "N"')),
    "an empty value": (BLOCK.replace("{}", "id-token:"), BLOCK.replace("{}", 'id-token: "N"')),
    "folded": (
        BLOCK.replace("{}", "id-token: >-\n          a.b\n          c"),
        BLOCK.replace("{}", 'id-token: "N"'),
    ),
    "added to an empty one": (FLOW, FLOW.replace("{}", '{"id-token": "N"}')),
    "added to JSON": (FLOW.replace("{}", '{"x": "y"}'), FLOW.replace("{}", '{"id-token": "N", "x": "y"}')),
    "quoted, after letters of every kind": (
        "# ä 🚀\n" + FLOW.replace("{}", "{id-token: 'o'}"),
        "# ä 🚀\n" + FLOW.replace("{}", '{id-token: "N"}'),
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_only_the_value_changes(case: str) -> None:
    before, after = EDITS[case]
    assert edited(before, "u", {"id-token": "N"}) == after
