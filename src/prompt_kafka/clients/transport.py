"""How requests travel to a Kubernetes API: credentials, the read-only guard, errors.

lightkube reads the kubeconfig (TLS, tokens, exec plug-ins); what goes over the wire while a plan is being
made is decided here, in the transport, so that no caller has to remember it.
"""

from __future__ import annotations

from pathlib import Path

import httpx2
from lightkube.config.client_adapter import ConnectionParams
from lightkube.config.kubeconfig import KubeConfig, SingleConfig
from lightkube.core.exceptions import ConfigError

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


def allowed_while_planning(method: str, url: httpx2.URL) -> bool:
    """Return whether a plan may send this request.

    Reads, access reviews and server-side dry runs; nothing that persists an object.
    """
    if method in ("GET", "HEAD"):
        last = url.path.rsplit("/", 1)[-1]
        return last not in ("exec", "attach")
    if method == "POST" and url.path.rsplit("/", 1)[-1] in ACCESS_REVIEWS:
        return True
    return bool(url.params.get("dryRun") == "All")


class _ReadOnlyTransport(httpx2.BaseTransport):
    """Lets through what :func:`allowed_while_planning` allows."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if not allowed_while_planning(request.method, request.url):
            raise ReadOnlyViolation(
                f"a plan tried to write: {request.method} {request.url.path}",
                next="report this as a defect; nothing was sent",
            )
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def load_config(kubeconfig: Path | None, context: str | None) -> SingleConfig:
    """Return one context of a kubeconfig, of the one kubectl would use when none is given.

    Raises
    ------
    UsageError
        There is no such file or context.
    """
    where = str(kubeconfig) if kubeconfig else "KUBECONFIG or ~/.kube/config"
    try:
        loaded = KubeConfig.from_file(kubeconfig) if kubeconfig else KubeConfig.from_env()
        if context is not None and context not in loaded.contexts:
            known = ", ".join(sorted(loaded.contexts)) or "none"
            raise UsageError(f"no context {context!r}", where=where, next=f"contexts there: {known}")
        config = loaded.get(context_name=context)
    except ConfigError as error:
        raise UsageError(
            f"no usable kubeconfig: {error}",
            where=where,
            next="name one with --kubeconfig, or start the lab: make up",
        ) from error
    if config is None:
        raise UsageError("the kubeconfig names no context", where=where, next="give --context")
    return config


def http_client(config: SingleConfig, *, read_only: bool, timeout: float) -> httpx2.Client:
    """Return an HTTP client with the credentials of a kubeconfig context.

    Raises
    ------
    UsageError
        The kubeconfig names files or values that cannot be used.
    """
    params = ConnectionParams(timeout=httpx2.Timeout(timeout), trust_env=False)
    try:
        settings = params.httpx_params(config)
        limits = httpx2.Limits(max_connections=200, max_keepalive_connections=20)
        transport: httpx2.BaseTransport = httpx2.HTTPTransport(
            verify=settings["verify"], limits=limits, retries=1
        )
        return httpx2.Client(
            base_url=settings["base_url"],
            auth=settings["auth"],
            timeout=settings["timeout"],
            trust_env=False,
            transport=_ReadOnlyTransport(transport) if read_only else transport,
        )
    except (ConfigError, OSError, httpx2.InvalidURL) as error:
        raise UsageError(
            f"unusable kubeconfig: {error}", where=f"{config.fname} (context {config.context_name})"
        ) from error


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
