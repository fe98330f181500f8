"""Argo CD through its REST API with a token, where access is granted there and not to Application resources.

Whoever may patch an Application may deploy anything, so many sites grant the API only. ``ARGOCD_SERVER`` and
``ARGOCD_AUTH_TOKEN`` are the variables of Argo CD's own command, ``ARGOCD_OPTS`` its options; the server
itself copies the spec's sync options and retries into the operation, and refuses a second one.
"""

from __future__ import annotations

import shlex
import ssl
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import quote

import httpx2

from prompt_kafka.adapters import argocd
from prompt_kafka.core.changes import Refresh, Sync
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.delivery import RUN_INFO, STEP_INFO, Application
from prompt_kafka.core.errors import (
    PromptKafkaError,
    RefusedError,
    StoppedError,
    UnreachableError,
    UsageError,
)

SERVER, TOKEN, OPTIONS = "ARGOCD_SERVER", "ARGOCD_AUTH_TOKEN", "ARGOCD_OPTS"
TIMEOUT_S = 15.0
REFRESH_S = 90.0
"""A refresh is answered when the comparison was made."""
IN_PROGRESS = "another operation is already in progress"

Object = dict[str, Any]


class ArgoCdError(PromptKafkaError):
    """Argo CD's API answered with an error.

    Attributes
    ----------
    status : int
        HTTP status code.
    """

    code = "argocd"

    def __init__(self, status: int, message: str, *, where: str, next: str | None = None) -> None:
        super().__init__(f"Argo CD: {message}", where=where, next=next)
        self.status = status


class ArgoServer:
    """One Argo CD API.

    Parameters
    ----------
    address
        ``host[:port][/path]``, with ``http://`` in front for one without TLS.
    token
        Of an account or a project role.
    ca_file
        Trusted certificates; the system's when not given.
    """

    def __init__(self, address: str, token: str, *, ca_file: str = "", insecure: bool = False) -> None:
        self.address = address if "://" in address else f"https://{address}"
        try:
            verify: ssl.SSLContext | bool = not insecure
            if ca_file:
                verify = ssl.create_default_context(cafile=ca_file)
            self._http = httpx2.Client(
                base_url=self.address.rstrip("/"),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
                verify=verify,
                timeout=TIMEOUT_S,
            )
        except (OSError, ValueError, httpx2.InvalidURL) as error:
            raise UsageError(f"Argo CD's server cannot be used: {error}", where=self.address) from None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str], server: str = "") -> Self | None:
        """Return the server that the variables name; None without a server or a token.

        Parameters
        ----------
        server
            From the service's configuration; it wins over the variable.
        """
        address, token = server or variables.get(SERVER, ""), variables.get(TOKEN, "")
        if not address or not token:
            return None
        words = shlex.split(variables.get(OPTIONS, ""))
        options = dict(zip(words, [*words[1:], ""], strict=True))
        options |= dict(word.split("=", 1) for word in words if word.startswith("--") and "=" in word)
        if "--plaintext" in options and "://" not in address:
            address = f"http://{address}"
        root = options.get("--grpc-web-root-path", "").strip("/")
        return cls(
            f"{address}/{root}" if root else address,
            token,
            ca_file=options.get("--server-crt", ""),
            insecure="--insecure" in options,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def list(self, namespace: str = "") -> list[Object]:
        """Return the Application objects that the token may see."""
        answer = self._send("GET", "", query={"appNamespace": namespace})
        return [obj for obj in answer.get("items") or () if isinstance(obj, dict)]

    def get(self, name: str, namespace: str = "", *, refresh: str = "") -> Object:
        """Return an Application object, after a comparison when one is asked for: ``normal`` or ``hard``."""
        query = {"appNamespace": namespace, "refresh": refresh}
        return self._send("GET", f"/{quote(name)}", query=query, timeout=REFRESH_S if refresh else None)

    def sync(self, name: str, body: Object) -> Object:
        """Ask for a sync; `body` as in Argo CD's ``ApplicationSyncRequest``."""
        return self._send("POST", f"/{quote(name)}/sync", body={"name": name, **body})

    def rollback(self, name: str, history_id: int, namespace: str = "") -> Object:
        """Ask for what an entry of the history deployed. Git does not change: the next sync undoes it."""
        body = {"name": name, "id": history_id, "appNamespace": namespace}
        return self._send("POST", f"/{quote(name)}/rollback", body=body)

    def terminate(self, name: str, namespace: str = "") -> None:
        """End the operation under way; what it applied stays."""
        self._send("DELETE", f"/{quote(name)}/operation", query={"appNamespace": namespace})

    def version(self) -> str:
        """Return Argo CD's version; it is told without a login."""
        return str(self._request("GET", "/api/version").get("Version", ""))

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        timeout: float | None = None,
    ) -> Object:
        return self._request(method, f"/api/v1/applications{path}", query=query, body=body, timeout=timeout)

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        timeout: float | None = None,
    ) -> Object:
        params = {key: value for key, value in (query or {}).items() if value}
        try:
            response = self._http.request(
                method, path, params=params, json=body, timeout=timeout or TIMEOUT_S
            )
        except httpx2.HTTPError as error:
            raise UnreachableError(
                f"Argo CD does not answer: {error or type(error).__name__}",
                where=self.address,
                next=f"check {SERVER}, the network and the proxy",
            ) from None
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.is_success and isinstance(answer, dict):
            return answer
        message = answer.get("message") or answer.get("error") if isinstance(answer, dict) else ""
        raise ArgoCdError(
            response.status_code,
            str(message or f"HTTP {response.status_code}, and no answer of Argo CD's API"),
            where=f"{self.address}{path}",
            next={
                401: f"get a new token and put it into {TOKEN}",
                403: "the token's role does not allow this, or there is no such application",
                415: None,
            }.get(response.status_code),
        )


def applications(server: ArgoServer, namespace: str) -> tuple[Application, ...]:
    """Return the Applications that the token may see, as values."""
    return tuple(argocd.application(obj) for obj in server.list(namespace))


def refresh(server: ArgoServer, action: Refresh) -> None:
    """Have Argo CD compare; when this returns, it has."""
    server.get(action.application, action.namespace, refresh="hard" if action.hard else "normal")


def sync(server: ArgoServer, action: Sync, revision: str, who: str, clock: Clock = SYSTEM) -> None:
    """Ask for a sync, unless this run's is under way already.

    Raises
    ------
    RefusedError
        Another operation is under way, or the application is frozen or being deleted.
    StoppedError
        Operations of others kept coming and going.
    """
    for _ in range(argocd.TRIES):
        obj = argocd.after_its_own(lambda: server.get(action.application, action.namespace), clock)
        found = argocd.application(obj)
        if found.busy is not None and (found.busy.run, found.busy.step) == (action.mark, action.step):
            return
        if found.busy is not None:
            raise RefusedError(
                "sync-under-way",
                f"another sync of {found.name} is under way, by {found.busy.by or 'somebody'}",
                where=f"Application {found.namespace}/{found.name}",
                next="wait for its end",
            )
        if found.frozen or found.deleting:
            raise RefusedError(
                "application-frozen",
                f"{found.name} is {'being deleted' if found.deleting else 'not reconciled (skip-reconcile)'}",
                where=f"Application {found.namespace}/{found.name}",
            )
        operation = action.operation(revision, who=who, spec={})
        request: Object = {
            "appNamespace": action.namespace,
            "revision": revision,
            "prune": False,
            "infos": [
                {"name": RUN_INFO, "value": action.mark},
                {"name": STEP_INFO, "value": action.step},
                {"name": "by", "value": who},
            ],
        }
        if action.resources:
            request["resources"] = operation["sync"]["resources"]
        try:
            server.sync(action.application, request)
        except ArgoCdError as error:
            if IN_PROGRESS in error.what:
                clock.sleep(0.1)
                continue
            raise
        return
    raise StoppedError(
        f"operations of others on {action.application} kept coming and going", next="try again"
    )
