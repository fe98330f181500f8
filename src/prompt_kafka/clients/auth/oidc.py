"""``auth-provider: oidc``: an ID token, and a refresh token with which its issuer gives the next one.

Kubernetes deprecates the shape, sites still document it, and lightkube refuses it. The rules are client-go's:
a token counts as expired ten seconds early, the issuer's discovery document names the endpoint, scopes are
not sent, and both tokens are kept in the kubeconfig.
"""

from __future__ import annotations

import base64
import binascii
import json
import ssl
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from prompt_kafka.clients.auth.errors import CredentialsError
from prompt_kafka.clients.auth.writeback import provider_config, refreshing, write_back
from prompt_kafka.clients.kubeconfig import Login
from prompt_kafka.core.clock import SYSTEM, Clock

SKEW_S = 10.0
"""How much earlier than it says a token counts as expired; client-go's value."""
TIMEOUT_S = 15.0
LOGIN = "log in again (the site's own command), or ask for a new kubeconfig"

_TOKENS = ("id-token", "refresh-token")
_turn = threading.Lock()
"""One refresh at a time in this process; between processes the file's lock does the same."""


class OidcAuth(httpx2.Auth):
    """Sends the ID token; gets a new one before it expires, and when the API refuses it.

    Parameters
    ----------
    login
        The context, for messages and for the file to write to.
    config
        ``auth-provider.config`` as written.

    Raises
    ------
    CredentialsError
        It names no issuer or no client.
    """

    def __init__(self, login: Login, config: dict[str, Any], clock: Clock = SYSTEM) -> None:
        self._login = login
        self._config = {key: str(value) for key, value in config.items() if value is not None}
        self._clock = clock
        for name in ("idp-issuer-url", "client-id"):
            if not self._config.get(name):
                raise CredentialsError(f"auth-provider oidc has no {name}", where=login.where)

    def __repr__(self) -> str:
        return f"OidcAuth({self._issuer!r})"

    @property
    def _issuer(self) -> str:
        return self._config["idp-issuer-url"].rstrip("/")

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the token; once more with a new one when the answer is 401."""
        token = self.token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401 and self._config.get("refresh-token"):
            request.headers["Authorization"] = f"Bearer {self.token(refused=token)}"
            yield request

    def token(self, refused: str = "") -> str:
        """Return an ID token that is valid now.

        Parameters
        ----------
        refused
            A token that the API did not take, however valid it looks.

        Raises
        ------
        CredentialsError
            There is no valid one, and none can be had.
        """
        with _turn:
            if self._good(refused):
                return self._config["id-token"]
            if self._login.file is None:
                return self._refresh()
            with refreshing(self._login.file):
                # Another process, or kubectl, may have been here first.
                now_in_file = provider_config(self._login.file, self._login.user_name)
                self._config |= {name: now_in_file[name] for name in _TOKENS if now_in_file.get(name)}
                if self._good(refused):
                    return self._config["id-token"]
                return self._refresh()

    def _good(self, refused: str) -> bool:
        token = self._config.get("id-token", "")
        if not token or token == refused:
            return False
        return self._clock.now().timestamp() + SKEW_S < expiry(token, self._login.where)

    def _refresh(self) -> str:
        old = self._config.get("refresh-token")
        if not old:
            raise CredentialsError(
                "the ID token has expired, and there is no refresh token",
                where=self._login.where,
                next=LOGIN,
            )
        answer = self._ask(old)
        token = answer.get("id_token")
        if not isinstance(token, str) or not token:
            raise CredentialsError(
                "the issuer gave no ID token: it does not renew them, or the login lacked the scope openid",
                where=self._issuer,
                next=LOGIN,
            )
        expiry(token, self._issuer)
        new = answer.get("refresh_token")
        changed = {"id-token": token}
        if isinstance(new, str) and new and new != old:
            changed["refresh-token"] = new
        self._config |= changed
        self._keep(changed)
        return token

    def _keep(self, changed: dict[str, str]) -> None:
        if self._login.file is None:
            return
        try:
            write_back(self._login.file, self._login.user_name, changed)
        except CredentialsError:
            # With the old refresh token still good nothing is lost: the next process asks again.
            if "refresh-token" in changed:
                raise

    def _ask(self, refresh_token: str) -> dict[str, Any]:
        try:
            # The issuer may be anywhere: unlike the cluster it is reached as the environment says.
            with httpx2.Client(verify=self._trust(), timeout=TIMEOUT_S, follow_redirects=False) as http:
                metadata = self._discover(http)
                endpoint = str(metadata["token_endpoint"])
                form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
                last: httpx2.Response | None = None
                for extra, headers in self._introductions(metadata):
                    last = http.post(endpoint, data={**form, **extra}, headers=headers)
                    if last.is_success:
                        return _json(last, endpoint)
                    if _oauth_error(last) not in ("invalid_client", ""):
                        break
        except (httpx2.HTTPError, OSError) as error:
            raise CredentialsError(
                f"the token issuer does not answer: {error or type(error).__name__}",
                where=self._issuer,
                next="check the network, the proxy and idp-certificate-authority",
            ) from None
        assert last is not None
        why = _oauth_error(last) or f"HTTP {last.status_code}"
        raise CredentialsError(f"the issuer refused to renew the token: {why}", where=endpoint, next=LOGIN)

    def _discover(self, http: httpx2.Client) -> dict[str, Any]:
        url = f"{self._issuer}/.well-known/openid-configuration"
        response = http.get(url)
        if not response.is_success:
            raise CredentialsError(
                f"the issuer has no discovery document: HTTP {response.status_code}",
                where=url,
                next="check idp-issuer-url",
            )
        metadata = _json(response, url)
        endpoint = metadata.get("token_endpoint")
        if not isinstance(endpoint, str) or not endpoint:
            raise CredentialsError("the issuer's discovery document names no token endpoint", where=url)
        if self._issuer.startswith("https:") and urlsplit(endpoint).scheme != "https":
            raise CredentialsError("the issuer's token endpoint is not encrypted", where=endpoint)
        return metadata

    def _introductions(self, metadata: dict[str, Any]) -> list[tuple[dict[str, str], dict[str, str]]]:
        """Return the ways to say which client we are, best first: HTTP basic, or fields of the form."""
        client, secret = self._config["client-id"], self._config.get("client-secret", "")
        in_form = {"client_id": client, **({"client_secret": secret} if secret else {})}
        if not secret:
            return [(in_form, {})]
        pair = base64.b64encode(f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()).decode()
        basic: tuple[dict[str, str], dict[str, str]] = ({}, {"Authorization": f"Basic {pair}"})
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        ways = [basic, (in_form, {})]
        return ways if "client_secret_basic" in methods else ways[::-1]

    def _trust(self) -> ssl.SSLContext | bool:
        data, file = (self._config.get(f"idp-certificate-authority{end}") for end in ("-data", ""))
        try:
            if data:
                return ssl.create_default_context(cadata=base64.b64decode(data).decode())
            if file:
                return ssl.create_default_context(cafile=self._beside(file))
        except (OSError, ValueError, binascii.Error) as error:
            what = error.strerror if isinstance(error, FileNotFoundError) else "not a PEM certificate"
            raise CredentialsError(
                f"idp-certificate-authority cannot be read: {what}", where=file or self._login.where
            ) from None
        return True

    def _beside(self, file: str) -> str:
        """Return a path as kubectl takes it, else beside the kubeconfig."""
        if Path(file).exists() or self._login.file is None:
            return file
        return str(self._login.file.parent / file)


def expiry(token: str, where: str) -> float:
    """Return the ``exp`` claim of a JWT, in seconds since 1970. Its signature is the API server's business.

    Raises
    ------
    CredentialsError
        It is not a JWT with that claim.
    """
    parts = token.split(".")
    try:
        if len(parts) != 3:
            raise ValueError
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise CredentialsError("the ID token is not a JWT with an expiry", where=where, next=LOGIN) from None


def _json(response: httpx2.Response, where: str) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise CredentialsError("the issuer's answer is not a JSON object", where=where)
    return answer


def _oauth_error(response: httpx2.Response) -> str:
    """Return the error code of a token endpoint; its description may repeat what was sent."""
    try:
        error = response.json().get("error", "")
    except (ValueError, AttributeError):
        return ""
    return error if isinstance(error, str) and error.replace("_", "").isalnum() else ""
