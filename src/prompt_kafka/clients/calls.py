"""Requests to a Kubernetes API and their answers: JSON out, JSON in, every error one of ours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx2

from prompt_kafka.clients.transport import Gone, KubernetesError, error_of
from prompt_kafka.core.errors import UnreachableError

Object = dict[str, Any]

PATCH_TYPES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}

SILENT = (429, 502, 503, 504)
"""What a load balancer answers for an API that is away, and an API that wants to be asked later."""


class Calls:
    """What :class:`prompt_kafka.clients.kubernetes.Kubernetes` sends its requests with.

    Attributes
    ----------
    context, server
        Where they go, for people.
    """

    def __init__(self, http: httpx2.Client, *, context: str, server: str) -> None:
        self._http = http
        self.context = context
        self.server = server
        self._closing = threading.Event()

    def close(self) -> None:
        """Close the connections; running watches end."""
        self._closing.set()
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def read(self, path: str) -> Object:
        """Return the answer to a GET of any path: discovery, version, OpenAPI."""
        return self._send("GET", path)

    def version(self) -> tuple[str, datetime | None]:
        """Return the API server's version, and what its clock says, in whole seconds."""
        response = self._request("GET", "/version")
        date = response.headers.get("Date")
        return str(response.json().get("gitVersion", "")), parsedate_to_datetime(date) if date else None

    def _follow(
        self, path: str, query: Mapping[str, str], timeout: float | None
    ) -> Iterator[tuple[str, Object]]:
        """Yield the events of a watch until the server ends it."""
        limit = httpx2.Timeout(10.0, read=timeout + 5 if timeout else None)
        try:
            with self._http.stream("GET", path, params=query, timeout=limit) as response:
                if response.status_code >= 400:
                    response.read()
                    raise error_of(response)
                for line in response.iter_lines():
                    if self._closing.is_set():
                        return
                    if line:
                        yield self._event(json.loads(line), path)
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error

    @staticmethod
    def _event(event: Object, path: str) -> tuple[str, Object]:
        obj = event["object"]
        if event["type"] == "ERROR":
            cls = Gone if obj.get("code") == 410 else KubernetesError
            raise cls(
                obj.get("code", 500), obj.get("reason", ""), obj.get("message", "watch failed"), where=path
            )
        return event["type"], obj

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | None] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Object:
        response = self._request(method, path, params=params, body=body, content_type=content_type)
        answer = response.json()
        assert isinstance(answer, dict)
        return answer

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | None] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> httpx2.Response:
        query = {key: value for key, value in (params or {}).items() if value is not None}
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if content is not None else {}
        try:
            response = self._http.request(method, path, params=query, content=content, headers=headers)
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        if response.status_code in SILENT:
            raise self._unreachable(error_of(response))
        if response.status_code >= 400:
            raise error_of(response)
        return response

    def _unreachable(self, error: Exception) -> UnreachableError:
        return UnreachableError(
            f"the Kubernetes API does not answer: {error or type(error).__name__}",
            where=f"{self.server} (context {self.context})",
            next="check the network and the context; for a lab: prompt-kafka lab up",
        )
