"""One context's credentials, for HTTP requests and for WebSockets alike."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
from lightkube.config.client_adapter import ConnectionParams
from lightkube.config.kubeconfig import KubeConfig
from lightkube.core.exceptions import ConfigError

from prompt_kafka.clients.auth.errors import CredentialsError
from prompt_kafka.clients.auth.oidc import OidcAuth
from prompt_kafka.clients.auth.plugin import PluginAuth, plugin_of
from prompt_kafka.clients.kubeconfig import Login
from prompt_kafka.core.errors import UsageError

GONE = {
    "gcp": "use the exec plug-in gke-gcloud-auth-plugin",
    "azure": "use the exec plug-in kubelogin",
}
"""Providers that kubectl itself has dropped, and what took their place."""


class Credentials:
    """How to talk to the API of one context, and who we are.

    Parameters
    ----------
    login
        The context.

    Attributes
    ----------
    auth
        Adds the token or password to a request, renews it when it is refused; None for certificates alone.

    Raises
    ------
    UsageError
        The kubeconfig names files or values that cannot be used.
    CredentialsError
        The user is of a kind that nothing here can serve.
    """

    def __init__(self, login: Login) -> None:
        self._login = login
        user = dict(login.user)
        plugin, provider = user.pop("exec", None), user.pop("auth-provider", None)
        try:
            self._config = _config(login, user)
            self._settings = ConnectionParams(trust_env=False).httpx_params(self._config)
        except (ConfigError, OSError, ValueError, TypeError, KeyError, httpx2.InvalidURL) as error:
            raise UsageError(f"unusable kubeconfig: {_said(error)}", where=login.where) from None
        self.auth: httpx2.Auth | None = self._settings["auth"]
        self._plugin: PluginAuth | None = None
        if provider and self.auth is None:
            self.auth = _provided(login, provider)
        elif plugin and self.auth is None and not _has_certificate(user):
            self.auth = self._plugin = plugin_of(login, plugin)

    @property
    def server(self) -> str:
        """Address of the API."""
        return self._login.server

    @property
    def where(self) -> str:
        """The place to mend, for error messages."""
        return self._login.where

    @property
    def server_name(self) -> str | None:
        """The name that the API's certificate must have, where it is not the address's."""
        name = self._login.cluster.get("tls-server-name")
        return str(name) if name else None

    @property
    def proxy(self) -> str | None:
        """The proxy that the kubeconfig names for this cluster; the environment's is for others."""
        proxy = self._login.cluster.get("proxy-url")
        return str(proxy) if proxy else None

    @property
    def certificate(self) -> tuple[str, str] | None:
        """The client certificate and key that an exec plug-in gave, PEM; the plug-in runs when it must."""
        return self._plugin.credential().certificate if self._plugin else None

    @property
    def may_bring_certificates(self) -> bool:
        """Whether `certificate` can ever be one."""
        return self._plugin is not None

    def context(self, certificate: tuple[str, str] | None = None) -> ssl.SSLContext:
        """Return a TLS context that trusts the cluster's CA and shows our certificate, if there is one.

        Raises
        ------
        UsageError, CredentialsError
            A certificate cannot be used.
        """
        try:
            context = ConnectionParams(trust_env=False).httpx_params(self._config)["verify"]
        except (OSError, ValueError) as error:
            raise UsageError(f"unusable kubeconfig: {_said(error)}", where=self._login.where) from None
        assert isinstance(context, ssl.SSLContext)
        if certificate is not None:
            _load(context, certificate, self._login.where)
        return context

    def headers(self, refused: bool = False) -> Mapping[str, str]:
        """Return the headers that say who we are, for what is not an HTTP request.

        Parameters
        ----------
        refused
            The ones before were answered with 401: renew them first.
        """
        request = httpx2.Request("GET", f"{self.server}/")
        if self.auth is not None:
            flow = self.auth.sync_auth_flow(request)
            request = next(flow)
            if refused:
                try:
                    request = flow.send(httpx2.Response(401, request=request))
                except StopIteration:
                    pass
            flow.close()
        shown = request.headers.get("Authorization")
        return {"Authorization": shown} if shown else {}


def _config(login: Login, user: Mapping[str, Any]) -> Any:
    name = login.context
    document = {
        "current-context": name,
        "clusters": [{"name": name, "cluster": dict(login.cluster)}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": name, "namespace": login.namespace}}
        ],
        "users": [{"name": name, "user": dict(user)}],
    }
    return KubeConfig.from_dict(document, fname=login.file).get(name)


def _provided(login: Login, provider: Any) -> httpx2.Auth:
    name = str(provider.get("name", "")) if isinstance(provider, Mapping) else ""
    if name == "oidc":
        return OidcAuth(login, dict(provider.get("config") or {}))
    raise CredentialsError(
        f"auth-provider {name!r} is not one that can be used",
        where=login.where,
        next=GONE.get(name, "use oidc or an exec plug-in"),
    )


def _has_certificate(user: Mapping[str, Any]) -> bool:
    return bool(user.get("client-certificate") or user.get("client-certificate-data"))


def _load(context: ssl.SSLContext, certificate: tuple[str, str], where: str) -> None:
    """Load a certificate that is in memory. Python reads a key from a file only: mode 0600, for a moment."""
    with tempfile.TemporaryDirectory(prefix="prompt-kafka-") as folder:
        path = Path(folder) / "client.pem"
        path.touch(mode=0o600)
        path.write_text(f"{certificate[1].rstrip()}\n{certificate[0]}", encoding="utf-8")
        try:
            context.load_cert_chain(path)
        except ssl.SSLError as error:
            raise CredentialsError(
                f"the exec plug-in's client certificate cannot be used: {error.reason or 'not PEM'}",
                where=where,
            ) from None


def _said(error: Exception) -> str:
    """Return what an error says, without a value of the kubeconfig: those may be secrets."""
    if isinstance(error, FileNotFoundError):
        return f"no file {error.filename}" if error.filename else "a file that it names is not there"
    if isinstance(error, ssl.SSLError):
        return f"a certificate or key in it cannot be read ({error.reason or 'not PEM'})"
    if isinstance(error, (ConfigError, httpx2.InvalidURL, OSError)):
        return str(error)
    return f"a value has the wrong form ({type(error).__name__})"
