"""How requests travel to a Kubernetes API: connections, the read-only guard, errors.

What goes over the wire while a plan is being made is decided here, in the transport, so that no caller has to
remember it.
"""

from __future__ import annotations

import threading

import httpx2

from prompt_kafka.clients.auth import Credentials
from prompt_kafka.core.errors import PromptKafkaError, UsageError

ACCESS_REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")


class KubernetesError(PromptKafkaError):
    """The API answered with a Status that is not Success.

    Attributes
    ----------
    status : int
        HTTP status code.
    reason : str
        The Status object's reason, such as ``NotFound``.
    """

    code = "kubernetes"

    def __init__(self, status: int, reason: str, message: str, *, where: str) -> None:
        super().__init__(f"Kubernetes API: {message}", where=where)
        self.status = status
        self.reason = reason


class NotFound(KubernetesError):
    """There is no such object (404)."""


class Conflict(KubernetesError):
    """The object has changed since it was read (409)."""


class AlreadyExists(KubernetesError):
    """An object of that name is there already (409)."""


class Invalid(KubernetesError):
    """The API server does not accept the object (400, 422)."""


class Forbidden(KubernetesError):
    """The user has no right to do this (401, 403)."""


class Gone(KubernetesError):
    """The resource version is too old; list again (410)."""


class ReadOnlyViolation(PromptKafkaError):
    """A planning connection was asked to write. This is a defect of the caller."""

    code = "read-only"


def allowed_while_planning(method: str, url: httpx2.URL, *, allow_exec: bool = False) -> bool:
    """Return whether a plan may send this request.

    Reads, access reviews, server-side dry runs and port-forwards; nothing that persists an object. A command
    in a pod can do anything, so it needs leave of its own (``--allow-exec``).
    """
    if method in ("GET", "HEAD"):
        last = url.path.rsplit("/", 1)[-1]
        return last not in ("exec", "attach") or (last == "exec" and allow_exec)
    if method == "POST" and url.path.rsplit("/", 1)[-1] in ACCESS_REVIEWS:
        return True
    return bool(url.params.get("dryRun") == "All")


def guard(method: str, url: httpx2.URL, *, allow_exec: bool = False) -> None:
    """Refuse what a plan may not send; for everything that goes to the API, WebSockets included.

    Raises
    ------
    ReadOnlyViolation
        Nothing was sent.
    """
    if not allowed_while_planning(method, url, allow_exec=allow_exec):
        raise ReadOnlyViolation(
            f"a plan tried to write: {method} {url.path}",
            next="report this as a defect; nothing was sent",
        )


class _ReadOnlyTransport(httpx2.BaseTransport):
    """Lets through what :func:`allowed_while_planning` allows."""

    def __init__(self, inner: httpx2.BaseTransport, *, allow_exec: bool) -> None:
        self._inner, self._allow_exec = inner, allow_exec

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        guard(request.method, request.url, allow_exec=self._allow_exec)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class _Rotating(httpx2.BaseTransport):
    """Connections with the client certificate that an exec plug-in has given last.

    The connections made with the one before stay open for the answers that are still coming.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._lock = threading.Lock()
        self._made: list[tuple[tuple[str, str] | None, httpx2.BaseTransport]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        certificate = self._credentials.certificate
        with self._lock:
            if not self._made or self._made[-1][0] != certificate:
                self._made.append((certificate, _connections(self._credentials, certificate)))
                for _, old in self._made[:-2]:
                    old.close()
                del self._made[:-2]
            transport = self._made[-1][1]
        return transport.handle_request(request)

    def close(self) -> None:
        for _, transport in self._made:
            transport.close()


class _Named(httpx2.BaseTransport):
    """Expects the API's certificate to have another name than its address."""

    def __init__(self, inner: httpx2.BaseTransport, name: str) -> None:
        self._inner, self._name = inner, name

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions = {**request.extensions, "sni_hostname": self._name}
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def http_client(
    credentials: Credentials, *, read_only: bool, timeout: float, allow_exec: bool = False
) -> httpx2.Client:
    """Return an HTTP client with the credentials of a kubeconfig context.

    Raises
    ------
    UsageError
        The kubeconfig names files or values that cannot be used.
    """
    try:
        transport: httpx2.BaseTransport = (
            _Rotating(credentials) if credentials.may_bring_certificates else _connections(credentials, None)
        )
        if credentials.server_name:
            transport = _Named(transport, credentials.server_name)
        return httpx2.Client(
            base_url=credentials.server,
            auth=credentials.auth,
            timeout=httpx2.Timeout(timeout),
            trust_env=False,
            transport=_ReadOnlyTransport(transport, allow_exec=allow_exec) if read_only else transport,
        )
    except (OSError, ValueError, httpx2.InvalidURL) as error:
        raise UsageError(f"unusable kubeconfig: {error}", where=credentials.where) from error


def _connections(credentials: Credentials, certificate: tuple[str, str] | None) -> httpx2.BaseTransport:
    return httpx2.HTTPTransport(
        verify=credentials.context(certificate),
        limits=httpx2.Limits(max_connections=200, max_keepalive_connections=20),
        proxy=credentials.proxy,
        retries=1,
    )


def error_of(response: httpx2.Response) -> KubernetesError:
    """Return the error that an answer of 400 or above stands for."""
    try:
        status = response.json()
    except ValueError:
        status = {}
    reason = status.get("reason", "")
    message = status.get("message") or response.text[:200] or response.reason_phrase
    by_code: dict[int, type[KubernetesError]] = {
        400: Invalid,
        401: Forbidden,
        403: Forbidden,
        404: NotFound,
        409: AlreadyExists if reason == "AlreadyExists" else Conflict,
        410: Gone,
        422: Invalid,
    }
    cls = by_code.get(response.status_code, KubernetesError)
    return cls(response.status_code, reason, message, where=response.request.url.path)
