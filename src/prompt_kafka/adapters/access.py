"""The way to Kafka: which route, which certificate, which user.

Nothing of it is configured by hand: addresses and certificates come from the Kafka resource, passwords from
the KafkaUsers' Secrets, and the operator's own client certificate opens the controllers' listener, which lets
nobody else in.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from prompt_kafka.adapters.forwards import Forwards
from prompt_kafka.adapters.quorum import Asked, QuorumWays
from prompt_kafka.adapters.routes import CERTIFICATE, SCRAM, Route, direct, forwarded, listeners, refusal
from prompt_kafka.clients.kafka import KafkaConnection, Sasl, Tls
from prompt_kafka.clients.kinds import CONFIG_MAP, POD, SECRET
from prompt_kafka.clients.kubernetes import Kubernetes, NotFound, Object
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.core.service import Environment


@dataclass(frozen=True, slots=True)
class Entry:
    """What clients outside this process need to connect.

    Attributes
    ----------
    bootstrap
        Host and port pairs.
    ca_pem
        The cluster's CA, None for a listener without TLS.
    passwords
        By user; kept in memory only.
    """

    bootstrap: tuple[tuple[str, int], ...]
    ca_pem: str | None = field(repr=False)
    passwords: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """How one user logs in: by password, or by a client certificate. Neither shows.

    Attributes
    ----------
    login
        The ``authentication.type`` of the listeners that let the user in.
    """

    login: str
    sasl: Sasl | None = None
    cert_pem: str | None = field(default=None, repr=False)
    key_pem: str | None = field(default=None, repr=False)


class Access:
    """Makes connections to one cluster.

    Parameters
    ----------
    kubernetes
        Where its resources and Secrets are.
    environment
        Which cluster, and which users.
    read_only
        Make connections that refuse every request which is not a read.
    """

    def __init__(self, kubernetes: Kubernetes, environment: Environment, *, read_only: bool) -> None:
        self._kubernetes = kubernetes
        self._environment = environment
        self._read_only = read_only
        self.forwards = Forwards(kubernetes, environment.namespace)

    def close(self) -> None:
        """Close the port-forwards."""
        self.forwards.close()

    def secret(self, name: str, key: str) -> str:
        """Return one value of a Secret, decoded.

        Raises
        ------
        UnreachableError
            The Secret or the key is not there (yet).
        """
        namespace = self._environment.namespace
        try:
            data = self._kubernetes.get(SECRET, name, namespace).get("data") or {}
            return base64.b64decode(data[key]).decode()
        except (NotFound, KeyError) as error:
            raise UnreachableError(
                f"Secret {name} has no {key}", where=f"namespace {namespace}", next="is the KafkaUser Ready?"
            ) from error

    def has_login(self, user: str) -> bool:
        """Return whether a user's Secret is there, and may be read."""
        try:
            return self._kubernetes.find(SECRET, user, self._environment.namespace) is not None
        except PromptKafkaError:
            return False

    def connect(self, kafka: Object, user: str, *, timeout: float = 8.0) -> tuple[KafkaConnection, Route]:
        """Connect to the brokers as a user, by the first way that works.

        Raises
        ------
        UnreachableError
            No way works, each for its reason, or the user has no password.
        NotAuthorizedError
            The brokers answer, and refuse the login.
        """
        credential = self._credential(user)
        ways, tried = self._direct(kafka, credential.login)
        for route in ways:
            why = refusal(route.bootstrap)
            connection = None if why else self._connection(kafka, credential, timeout, route)
            why = why or self._try(connection)
            if connection is not None and not why:
                return connection, _after(route, tried)
            tried.append(f"{route.name}: {why}")
        return self._forward(kafka, credential, partial(self._connection, kafka, credential, timeout), tried)

    def _credential(self, user: str) -> Credential:
        """Return how a user logs in, by what the KafkaUser's Secret holds."""
        secret = self._kubernetes.find(SECRET, user, self._environment.namespace)
        if "user.crt" in ((secret or {}).get("data") or {}):
            cert, key = self.secret(user, "user.crt"), self.secret(user, "user.key")
            return Credential(CERTIFICATE, cert_pem=cert, key_pem=key)
        return Credential(SCRAM, sasl=Sasl(user, self.secret(user, "password")))

    def _forward(
        self,
        kafka: Object,
        credential: Credential,
        connect: Callable[[Route], KafkaConnection],
        tried: list[str],
    ) -> tuple[KafkaConnection, Route]:
        """Connect through the Kubernetes API. A pod that refuses is a broker that is down: no way's fault."""
        try:
            ways = self._forwarded(kafka, credential.login)
        except PromptKafkaError as error:
            raise _no_way(kafka, [*tried, f"port-forward: {error.what}"]) from error
        down = True
        for route in ways:
            refused = [said for said in self.forwards.check(route.pods.values()).values() if said]
            why = _said(refused[0]) if len(refused) == len(route.pods) else ""
            down &= all(isinstance(said, str) for said in refused)
            connection = None if why else connect(route)
            why = why or self._try(connection)
            if connection is not None and not why:
                return connection, _after(route, tried)
            tried.append(f"{route.name}: {why}")
        if not ways:
            tried.append("port-forward: no broker pod is running")
        raise _no_way(kafka, tried, down=down)

    def _direct(self, kafka: Object, login: str) -> tuple[list[Route], list[str]]:
        return direct(kafka, self._environment.kafka.listener, login)

    def _forwarded(self, kafka: Object, login: str) -> list[Route]:
        external = all(x.get("type") != "internal" for x in listeners(kafka, login))
        pods = self.pods(kafka)
        config_maps: dict[str, Object] = {}
        if external:
            # Only an internal listener advertises the pods' names; what others do is in the configuration.
            names = [pod["metadata"]["name"] for pod in pods]
            found = {
                name: self._kubernetes.find(CONFIG_MAP, name, self._environment.namespace) for name in names
            }
            config_maps = {name: obj for name, obj in found.items() if obj is not None}
        return forwarded(kafka, pods, config_maps, login)

    def _connection(
        self, kafka: Object, credential: Credential, timeout: float, route: Route
    ) -> KafkaConnection:
        def resolve(host: str, port: int) -> tuple[str, int]:
            there = route.pods.get((host, port))
            return self.forwards.address(*there) if there else (host, port)

        return KafkaConnection(
            route.bootstrap,
            tls=self._tls(kafka, credential) if route.tls else None,
            sasl=credential.sasl,
            resolve=resolve if route.pods else None,
            timeout=timeout,
            read_only=self._read_only,
        )

    def _tls(self, kafka: Object, credential: Credential) -> Tls:
        return Tls(
            self._cluster_ca(kafka),
            cert_pem=credential.cert_pem,
            key_pem=credential.key_pem,
            check_hostname=False,
        )

    @staticmethod
    def _try(connection: KafkaConnection | None) -> str:
        """Connect now; return why that fails. A refused login is no matter of the way, and is raised."""
        if connection is None:
            return ""
        try:
            _ = connection.admin
            return ""
        except UnreachableError as error:
            connection.close()
            return error.what
        except BaseException:
            connection.close()
            raise

    def entry(self, kafka: Object, users: Sequence[str]) -> Entry:
        """Return what clients with these users need to connect by the first way that takes connections."""
        ways, tried = self._direct(kafka, SCRAM)
        for route in ways:
            if why := refusal(route.bootstrap):
                tried.append(f"{route.name}: {why}")
                continue
            ca = self._cluster_ca(kafka) if route.tls else None
            return Entry(route.bootstrap, ca, {user: self.secret(user, "password") for user in users})
        raise _no_way(kafka, tried)

    def ask_controllers(self, kafka: Object, pods: list[Object], *, timeout: float = 3.0) -> Asked:
        """Ask the controllers for the quorum, by the first way that leads to them.

        Raises
        ------
        UnreachableError
            No way does.
        """
        ways = QuorumWays(self._kubernetes, self.forwards, lambda: self._operator_tls(kafka), timeout=timeout)
        return ways.ask(pods)

    def _operator_tls(self, kafka: Object) -> Tls:
        certificate = f"{kafka['metadata']['name']}-cluster-operator-certs"
        return Tls(
            self._cluster_ca(kafka),
            cert_pem=self.secret(certificate, "cluster-operator.crt"),
            key_pem=self.secret(certificate, "cluster-operator.key"),
            check_hostname=False,
        )

    def pods(self, kafka: Object) -> list[Object]:
        """Return the pods of the Kafka nodes."""
        name, namespace = kafka["metadata"]["name"], kafka["metadata"]["namespace"]
        labels = f"strimzi.io/cluster={name},strimzi.io/kind=Kafka,strimzi.io/name={name}-kafka"
        return self._kubernetes.list(POD, namespace, labels=labels)

    def _cluster_ca(self, kafka: Object) -> str:
        for listener in (kafka.get("status") or {}).get("listeners") or ():
            if listener.get("certificates"):
                return "\n".join(listener["certificates"])
        return self.secret(f"{kafka['metadata']['name']}-cluster-ca-cert", "ca.crt")


def _after(route: Route, tried: Sequence[str]) -> Route:
    """Return a route with what was tried before it; not being inside the cluster goes without saying."""
    return replace(route, tried=tuple(why for why in tried if not why.startswith("inside: ")))


def _no_way(kafka: Object, tried: Sequence[str], *, down: bool = False) -> UnreachableError:
    what = "no broker answers" if down else "no way to the brokers works from here"
    return UnreachableError(
        f"{what}: {'; '.join(tried) or 'no listener lets this user in'}",
        where=f"Kafka {kafka['metadata']['name']}",
        next="prompt-kafka doctor says what works from here",
    )


def _said(failure: str | Exception) -> str:
    return failure if isinstance(failure, str) else reason(failure)


def reason(error: Exception) -> str:
    """Return an error's reason in one line, for what is unknown."""
    if isinstance(error, PromptKafkaError):
        return f"{error.what}{f' ({error.where})' if error.where else ''}"
    return f"{type(error).__name__}: {error}"


__all__ = ["Access", "Asked", "Entry", "Route", "reason"]
