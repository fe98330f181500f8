"""The way to Kafka: which addresses, which certificate, which user.

Nothing of it is configured by hand: addresses and certificates come from the Kafka resource, passwords from
the KafkaUsers' Secrets, and the operator's own client certificate opens the controllers' listener, which lets
nobody else in.
"""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prompt_kafka.clients.kafka import Controllers, KafkaConnection, Sasl, Tls
from prompt_kafka.clients.kinds import POD, SECRET
from prompt_kafka.clients.kubernetes import Kubernetes, NotFound, Object
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.core.service import Environment

CONTROL_PLANE_PORT = 9090
"""The controllers' listener (mTLS); Strimzi's ``CONTROLPLANE-9090``."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way to the brokers.

    Attributes
    ----------
    name
        ``inside`` the cluster, or the name of an ``external`` listener.
    bootstrap
        Host and port pairs.
    tls
        Whether the listener is encrypted.
    """

    name: str
    bootstrap: tuple[tuple[str, int], ...]
    tls: bool

    def __str__(self) -> str:
        return f"{self.name} ({','.join(f'{host}:{port}' for host, port in self.bootstrap)})"


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

    def routes(self, kafka: Object) -> list[Route]:
        """Return the ways to the brokers that could work from here, best first."""
        listeners = {x["name"]: x for x in kafka["spec"]["kafka"].get("listeners") or ()}
        addresses = {
            x.get("name"): _addresses(x.get("bootstrapServers", ""))
            for x in (kafka.get("status") or {}).get("listeners") or ()
        }
        found = []
        for name, listener in listeners.items():
            bootstrap = addresses.get(name) or ()
            if not bootstrap or (listener.get("authentication") or {}).get("type") != "scram-sha-512":
                continue
            if listener.get("type") == "internal":
                if not _inside(bootstrap[0][0]):
                    continue
                route = Route("inside", bootstrap, bool(listener.get("tls")))
            else:
                route = Route(f"listener {name}", bootstrap, bool(listener.get("tls")))
            preferred = name == self._environment.kafka.listener
            found.append((route.name != "inside", not preferred, not route.tls, route))
        return [route for *_, route in sorted(found, key=lambda entry: entry[:3])]

    def connect(self, kafka: Object, user: str, *, timeout: float = 8.0) -> tuple[KafkaConnection, Route]:
        """Connect to the brokers as a user, by the first route that there is.

        Raises
        ------
        UnreachableError
            The Kafka resource names no listener that can be used from here, or the user has no password.
        """
        routes = self.routes(kafka)
        if not routes:
            raise _no_way(kafka)
        route = routes[0]
        tls = Tls(self._cluster_ca(kafka), check_hostname=False) if route.tls else None
        connection = KafkaConnection(
            route.bootstrap,
            tls=tls,
            sasl=Sasl(user, self.secret(user, "password")),
            timeout=timeout,
            read_only=self._read_only,
        )
        return connection, route

    def entry(self, kafka: Object, users: Sequence[str]) -> Entry:
        """Return what clients with these users need to connect by the first route."""
        routes = self.routes(kafka)
        if not routes:
            raise _no_way(kafka)
        ca = self._cluster_ca(kafka) if routes[0].tls else None
        return Entry(routes[0].bootstrap, ca, {user: self.secret(user, "password") for user in users})

    def controllers(self, kafka: Object, pods: list[Object], *, timeout: float = 3.0) -> Controllers:
        """Return the controllers, to be asked with the operator's client certificate."""
        cluster = kafka["metadata"]["name"]
        addresses = [
            (pod["status"]["podIP"], CONTROL_PLANE_PORT)
            for pod in pods
            if (pod.get("status") or {}).get("podIP")
            and (pod["metadata"].get("labels") or {}).get("strimzi.io/controller-role") == "true"
        ]
        if not addresses:
            raise UnreachableError("no controller pod has an address", where=f"Kafka {cluster}")
        certificate = f"{cluster}-cluster-operator-certs"
        tls = Tls(
            self._cluster_ca(kafka),
            cert_pem=self.secret(certificate, "cluster-operator.crt"),
            key_pem=self.secret(certificate, "cluster-operator.key"),
            check_hostname=False,
        )
        return Controllers(sorted(addresses), tls=tls, timeout=timeout)

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


def _no_way(kafka: Object) -> UnreachableError:
    return UnreachableError(
        "no way to the brokers from here: the Kafka resource names no external listener with SCRAM",
        where=f"Kafka {kafka['metadata']['name']}, status.listeners",
        next="run inside the cluster, or enable the external listener",
    )


def _addresses(text: str) -> tuple[tuple[str, int], ...]:
    pairs = (entry.rpartition(":") for entry in text.split(",") if entry)
    return tuple((host.strip("[]"), int(port)) for host, _, port in pairs)


def _inside(host: str) -> bool:
    """Return whether a name of the cluster's own DNS resolves here."""
    if "KUBERNETES_SERVICE_HOST" not in os.environ:
        return False
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def reason(error: Exception) -> str:
    """Return an error's reason in one line, for what is unknown."""
    if isinstance(error, PromptKafkaError):
        return f"{error.what}{f' ({error.where})' if error.where else ''}"
    return f"{type(error).__name__}: {error}"


__all__ = ["Access", "Route", "reason"]
