"""A schema registry over its REST API, for reading only.

A schema never changes under its id, so it is asked once and kept on disk. A registry that does not answer
must not hold up a page of a hundred messages: every request has a time as a whole, and after a failure none
is made for a while.
"""

from __future__ import annotations

import hashlib
import json
import os
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from prompt_kafka.clients.assets import cache_home
from prompt_kafka.clients.files import write_atomic
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.messages import RegistryAccess

LARGEST = 4 << 20
"""Bytes of an answer."""
PAUSE_S = 30.0
"""Seconds without a request after one failed."""
DEPTH = 8
"""How deep schemas may refer to others, and how many they may be in all (times eight)."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A schema of the registry.

    Parameters
    ----------
    kind
        ``AVRO``, ``JSON`` or ``PROTOBUF``.
    text
        As it was registered.
    references
        The texts that it refers to, each after those that it refers to itself.
    """

    kind: str
    text: str
    references: tuple[str, ...] = ()


class SchemaRegistry:
    """One registry. Thread-safe; connects on first use.

    Parameters
    ----------
    access
        Address, time and login.
    variables
        Where a password or token may be; the process's environment when not given.
    """

    def __init__(
        self,
        access: RegistryAccess,
        *,
        clock: Clock = SYSTEM,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.access = access
        self._clock = clock
        self._variables = os.environ if variables is None else variables
        self._lock = threading.RLock()
        self._known: dict[int, Registered | str] = {}
        self._http: httpx2.Client | None = None
        self._silent_until = 0.0
        self._why = ""
        name = hashlib.sha256(access.url.encode()).hexdigest()[:16]
        self._folder = cache_home() / "schemas" / name

    def __repr__(self) -> str:
        return f"SchemaRegistry({self.access.url!r})"

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def schema(self, number: int) -> Registered:
        """Return the schema with an id, from the disk where it was asked before.

        Raises
        ------
        UnreachableError
            The registry does not answer, did not a moment ago, or has no such schema.
        """
        with self._lock:
            found = self._known.get(number)
            if found is None:
                found = self._kept(number)
            if found is None:
                found = self._ask(number)
            self._known[number] = found
        if isinstance(found, str):
            raise UnreachableError(found, where=self.access.url)
        return found

    def _ask(self, number: int) -> Registered | str:
        answer = self._get(f"/schemas/ids/{number}")
        if answer is None:
            return f"the registry has no schema {number}"
        references: dict[str, str] = {}
        self._refer(answer, references, DEPTH)
        found = Registered(
            str(answer.get("schemaType") or "AVRO"), str(answer["schema"]), tuple(references.values())
        )
        self._keep(number, found)
        return found

    def _refer(self, answer: Mapping[str, Any], found: dict[str, str], depth: int) -> None:
        for reference in answer.get("references") or ():
            subject, version = str(reference["subject"]), str(reference["version"])
            name = f"{subject}/{version}"
            if name in found:
                continue
            if depth == 0 or len(found) >= 8 * DEPTH:
                raise UnreachableError("the schema refers to too many others", where=self.access.url)
            inner = self._get(f"/subjects/{quote(subject, safe='')}/versions/{quote(version, safe='')}")
            if inner is None:
                raise UnreachableError(f"the registry has no schema {name}", where=self.access.url)
            self._refer(inner, found, depth - 1)
            found[name] = str(inner["schema"])

    # -- asking ---------------------------------------------------------------------------------------------

    def _get(self, path: str) -> dict[str, Any] | None:
        """Return a JSON answer; ``None`` when there is no such thing."""
        now = self._clock.monotonic()
        if now < self._silent_until:
            raise UnreachableError(
                f"{self._why} (not asked again for {self._silent_until - now:.0f} s)", where=self.access.url
            )
        try:
            status, body = self._answer(path)
            if status == 404:
                return None
            if status in (401, 403):
                raise OSError(f"it refused the login ({status})")
            if status != 200:
                raise OSError(f"it answered {status}")
            found = json.loads(body)
            if not isinstance(found, dict) or not isinstance(found.get("schema"), str):
                raise OSError("its answer holds no schema")
            return found
        except (OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            what = "no answer in time" if isinstance(error, httpx2.TimeoutException) else str(error)
            self._why = f"the registry cannot be read: {what or type(error).__name__}"
            self._silent_until = self._clock.monotonic() + PAUSE_S
            raise UnreachableError(self._why, where=self.access.url) from error

    def _answer(self, path: str) -> tuple[int, bytes]:
        """Ask in a thread: names, handshakes and answers that trickle in have no time limit of their own."""
        found: list[tuple[int, bytes] | BaseException] = []
        client = self._client()
        thread = threading.Thread(target=_ask, args=(client, path, found), daemon=True)
        thread.start()
        thread.join(self.access.timeout)
        if not found:
            self._http = None  # the thread keeps the old one until it ends
            raise OSError(f"no answer in {self.access.timeout:g} s")
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]

    def _client(self) -> httpx2.Client:
        if self._http is None:
            access = self.access
            verify: ssl.SSLContext | bool = True
            if access.ca_file:
                verify = ssl.create_default_context(cafile=str(Path(access.ca_file).expanduser()))
            headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
            login = None
            if secret := self._secret():
                if access.user:
                    login = httpx2.BasicAuth(access.user, secret)
                else:
                    headers["Authorization"] = f"Bearer {secret}"
            self._http = httpx2.Client(
                base_url=access.url.rstrip("/"),
                headers=headers,
                auth=login,
                verify=verify,
                timeout=access.timeout,
            )
        return self._http

    def _secret(self) -> str:
        access = self.access
        if access.secret_file:
            try:
                return Path(access.secret_file).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "it is not text"
                raise OSError(f"its login cannot be read from {access.secret_file}: {why}") from None
        if access.secret_variable:
            secret = self._variables.get(access.secret_variable, "").strip()
            if not secret:
                raise OSError(f"its login is to be in {access.secret_variable}, which is empty")
            return secret
        return ""

    # -- keeping --------------------------------------------------------------------------------------------

    def _kept(self, number: int) -> Registered | None:
        """Return a schema from the disk; a file that is damaged counts as none."""
        try:
            text = (self._folder / f"{number}.json").read_text(encoding="utf-8")
            digest, _, body = text.partition("\n")
            if hashlib.sha256(body.encode()).hexdigest() != digest:
                return None
            kind, schema, references = json.loads(body)
            return Registered(kind, schema, tuple(references))
        except (OSError, ValueError):
            return None

    def _keep(self, number: int, found: Registered) -> None:
        body = json.dumps([found.kind, found.text, list(found.references)])
        digest = hashlib.sha256(body.encode()).hexdigest()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomic(self._folder / f"{number}.json", f"{digest}\n{body}")
        except OSError:
            pass  # it is asked again next time


def _ask(client: httpx2.Client, path: str, found: list[tuple[int, bytes] | BaseException]) -> None:
    try:
        body = bytearray()
        with client.stream("GET", path) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise OSError("its answer is too large")
        found.append((response.status_code, bytes(body)))
    except Exception as error:
        found.append(error)
