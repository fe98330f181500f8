"""Exec plug-ins: a program that gives a token or a client certificate (``client.authentication.k8s.io``).

lightkube knows the first version only, and passes a plug-in nothing. The rules are client-go's: what the
plug-in is told is in ``KUBERNETES_EXEC_INFO``, it gets standard input only where the mode allows it, its
answer is kept until the time that it names, and its standard error is the user's.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from prompt_kafka.clients.auth.errors import CredentialsError
from prompt_kafka.clients.kubeconfig import Login
from prompt_kafka.core.clock import SYSTEM, Clock

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
MODES = ("Never", "IfAvailable", "Always")
TIMEOUT_S = 120.0
"""How long a plug-in that nobody talks to may take."""

_CLUSTER_FIELDS = (
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
    "disable-compression",
)

_known: dict[str, PluginAuth] = {}
_known_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plug-in gave.

    Attributes
    ----------
    certificate
        Client certificate and key, PEM.
    expires
        Until when it may be used; None for as long as the API takes it.
    """

    token: str = field(default="", repr=False)
    certificate: tuple[str, str] | None = field(default=None, repr=False)
    expires: datetime | None = None


def plugin_of(login: Login, config: Any) -> PluginAuth:
    """Return the plug-in of a user; connections of one process to one cluster share it and its answer."""
    if not isinstance(config, Mapping):
        raise CredentialsError("exec is not a mapping", where=login.where)
    key = json.dumps([login.server, login.cluster, config], sort_keys=True, default=str)
    with _known_lock:
        if key not in _known:
            _known[key] = PluginAuth(login, config)
        return _known[key]


class PluginAuth(httpx2.Auth):
    """Runs the plug-in when there is no credential, when it has expired, and when the API refuses it.

    Parameters
    ----------
    login
        The context.
    config
        The user's ``exec`` as written.

    Raises
    ------
    CredentialsError
        It is not one that can be run.
    """

    def __init__(self, login: Login, config: Mapping[str, Any], clock: Clock = SYSTEM) -> None:
        self._login, self._config, self._clock = login, config, clock
        self._lock = threading.Lock()
        self._credential: Credential | None = None
        self._command = str(config.get("command") or "")
        self._version = str(config.get("apiVersion") or "")
        if not self._command:
            raise CredentialsError("exec names no command", where=login.where)
        if self._version not in VERSIONS:
            raise CredentialsError(
                f"exec plug-in {self._command}: apiVersion {self._version!r} is not spoken",
                where=login.where,
                next=f"use {' or '.join(VERSIONS)}; kubectl has dropped v1alpha1 too",
            )
        mode = config.get("interactiveMode") or ("IfAvailable" if self._version == VERSIONS[1] else "")
        if mode not in MODES:
            raise CredentialsError(
                f"exec plug-in {self._command}: interactiveMode {mode!r} is not one",
                where=login.where,
                next=f"one of {', '.join(MODES)}",
            )
        self._mode = str(mode)

    def __repr__(self) -> str:
        return f"PluginAuth({self._command!r})"

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the token; once more with a new one when the answer is 401."""
        shown = self.credential()
        self._show(request, shown)
        response = yield request
        if response.status_code == 401:
            self._show(request, self.credential(refused=shown))
            yield request

    @staticmethod
    def _show(request: httpx2.Request, credential: Credential) -> None:
        if credential.token:
            request.headers["Authorization"] = f"Bearer {credential.token}"
        else:
            request.headers.pop("Authorization", None)

    def credential(self, refused: Credential | None = None) -> Credential:
        """Return a credential that has not expired, and is not the one that the API refused.

        Raises
        ------
        CredentialsError
            The plug-in cannot be run, fails, or answers with something else.
        """
        with self._lock:
            kept = self._credential
            if kept is not None and kept is not refused and self._valid(kept):
                return kept
            self._credential = self._read(self._run())
            return self._credential

    def _valid(self, credential: Credential) -> bool:
        return credential.expires is None or self._clock.now() < credential.expires

    # Running it

    def _interactive(self) -> bool:
        terminal = sys.stdin is not None and sys.stdin.isatty()
        if self._mode == "Always" and not terminal:
            raise CredentialsError(
                f"exec plug-in {self._command} must talk to you, and standard input is not a terminal",
                where=self._login.where,
                next="run this in a terminal, or use a plug-in with another interactiveMode",
            )
        return terminal and self._mode != "Never"

    def _run(self) -> bytes:
        interactive = self._interactive()
        info = {
            "apiVersion": self._version,
            "kind": "ExecCredential",
            "spec": {"interactive": interactive, **self._cluster()},
        }
        own = {str(x.get("name")): str(x.get("value", "")) for x in self._config.get("env") or ()}
        try:
            done = subprocess.run(
                [self._command, *map(str, self._config.get("args") or ())],
                env={**os.environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(info)},
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=None if interactive else TIMEOUT_S,
                check=False,
            )
        except (FileNotFoundError, PermissionError) as error:
            hint = " ".join(str(self._config.get("installHint") or "").split())
            raise CredentialsError(
                f"exec plug-in {self._command} cannot be run: {error.strerror}",
                where=self._login.where,
                next=hint or "install it; the kubeconfig gives no hint how",
            ) from None
        except subprocess.TimeoutExpired:
            raise self._failed(f"did not answer within {TIMEOUT_S:.0f} s", "run it by hand") from None
        except OSError as error:
            raise self._failed(f"cannot be run: {error.strerror}", "run it by hand") from None
        if done.returncode:
            raise self._failed(f"failed with exit code {done.returncode}", "its own message is above")
        return done.stdout

    def _cluster(self) -> dict[str, Any]:
        if not self._config.get("provideClusterInfo"):
            return {}
        cluster = self._login.cluster
        told: dict[str, Any] = {"server": cluster.get("server", "")}
        told |= {name: cluster[name] for name in _CLUSTER_FIELDS if cluster.get(name)}
        authority = cluster.get("certificate-authority")
        if authority and "certificate-authority-data" not in told:
            try:
                told["certificate-authority-data"] = base64.b64encode(Path(authority).read_bytes()).decode()
            except OSError as error:
                raise CredentialsError(
                    f"certificate-authority cannot be read: {error.strerror}", where=str(authority)
                ) from None
        for extension in cluster.get("extensions") or ():
            if extension.get("name") == f"{GROUP}/exec":
                told["config"] = extension.get("extension")
        return {"cluster": told}

    # Reading its answer

    def _read(self, output: bytes) -> Credential:
        try:
            answer = json.loads(output)
            version, kind, status = answer.get("apiVersion"), answer.get("kind"), answer.get("status")
        except (ValueError, AttributeError):
            raise self._failed("did not print an ExecCredential", "run it by hand") from None
        if kind != "ExecCredential" or version != self._version:
            raise self._failed(
                f"answered with {version} {kind}, wanted is {self._version} ExecCredential",
                "make the apiVersion in the kubeconfig the plug-in's own",
            )
        if not isinstance(status, dict):
            raise self._failed("gave no status", "run it by hand")
        token = str(status.get("token") or "")
        certificate, key = (str(status.get(f"client{x}Data") or "") for x in ("Certificate", "Key"))
        if bool(certificate) != bool(key):
            raise self._failed("gave only one of certificate and key", "run it by hand")
        if not token and not certificate:
            raise self._failed("gave neither a token nor a certificate", "log in with it, then try again")
        return Credential(
            token=token,
            certificate=(certificate, key) if certificate else None,
            expires=self._time(status.get("expirationTimestamp")),
        )

    def _time(self, text: Any) -> datetime | None:
        if not text:
            return None
        try:
            time = datetime.fromisoformat(str(text))
        except ValueError:
            raise self._failed("gave an expirationTimestamp that is not a time", "run it by hand") from None
        return time if time.tzinfo else time.replace(tzinfo=UTC)

    def _failed(self, what: str, next: str) -> CredentialsError:
        return CredentialsError(f"exec plug-in {self._command} {what}", where=self._login.where, next=next)
