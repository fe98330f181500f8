"""Ways to the brokers, as values: which listeners there are, where they lead, which of them answers.

The order is the same everywhere: inside the cluster, an external listener, a port-forward. A way that does
not work keeps its reason, because "Kafka does not answer" alone helps nobody at night.
"""

from __future__ import annotations

import os
import queue
import re
import socket
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from prompt_kafka.clients.kubernetes import Object
from prompt_kafka.core.clock import SYSTEM, Clock

Address = tuple[str, int]
PROBE_S = 1.0
"""How long a way may take to take a connection; after that the next one is tried."""

SCRAM, CERTIFICATE = "scram-sha-512", "tls"
"""How a listener lets users in: ``authentication.type``."""

_ADVERTISED = re.compile(r"^advertised\.listeners=(.*)$", re.MULTILINE)
_LISTENER = re.compile(r"([A-Z0-9_-]+)-(\d+)://\[?([^\],]+?)\]?:(\d+)(?:,|$)")


@dataclass(frozen=True, slots=True)
class Route:
    """A way to the brokers.

    Attributes
    ----------
    name
        ``inside``, ``listener`` with its name, or ``port-forward`` with the listener's name.
    bootstrap
        Host and port pairs, as the cluster advertises them.
    tls
        Whether the listener is encrypted.
    pods
        Name and port of the pod behind each advertised address, for a port-forward; empty otherwise.
    tried
        Which ways were tried before this one, and why they did not work.
    """

    name: str
    bootstrap: tuple[Address, ...]
    tls: bool
    pods: Mapping[Address, tuple[str, int]] = field(default_factory=dict, hash=False)
    tried: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.pods:
            where = ", ".join(f"{pod}:{port}" for pod, port in dict.fromkeys(self.pods.values()))
        else:
            where = ",".join(f"{host}:{port}" for host, port in self.bootstrap)
        failed = f"; not {'; not '.join(self.tried)}" if self.tried else ""
        return f"{self.name} ({where}){failed}"


def direct(kafka: Object, preferred: str, login: str = SCRAM) -> tuple[list[Route], list[str]]:
    """Return the ways that need nothing but the network, best first, and why others are none."""
    found: list[tuple[tuple[int, bool, bool], Route]] = []
    others: list[str] = []
    status = {x.get("name"): x for x in (kafka.get("status") or {}).get("listeners") or ()}
    for listener in listeners(kafka, login):
        name, tls = listener["name"], bool(listener.get("tls"))
        bootstrap = _addresses((status.get(name) or {}).get("bootstrapServers", ""))
        if not bootstrap:
            others.append(f"listener {name}: the Kafka resource names no address for it")
        elif listener.get("type") != "internal":
            found.append(((1, name != preferred, not tls), Route(f"listener {name}", bootstrap, tls)))
        elif why := _outside(bootstrap[0][0]):
            others += [] if f"inside: {why}" in others else [f"inside: {why}"]
        else:
            found.append(((0, name != preferred, not tls), Route("inside", bootstrap, tls)))
    return [route for _, route in sorted(found, key=lambda entry: entry[0])], others


def forwarded(
    kafka: Object, pods: Iterable[Object], config_maps: Mapping[str, Object], login: str = SCRAM
) -> list[Route]:
    """Return the ways through the Kubernetes API to the brokers' pods, best first.

    Parameters
    ----------
    config_maps
        By pod, where its listeners' advertised addresses are; without one the pod's own name is taken, which
        is what internal listeners advertise.
    """
    brokers = [pod for pod in pods if _label(pod, "broker-role") == "true" and _running(pod)]
    cluster, namespace = kafka["metadata"]["name"], kafka["metadata"]["namespace"]
    found = []
    for listener in listeners(kafka, login):
        name, port, tls = listener["name"], int(listener["port"]), bool(listener.get("tls"))
        there: dict[Address, tuple[str, int]] = {}
        for pod in brokers:
            pod_name = pod["metadata"]["name"]
            own = (f"{pod_name}.{cluster}-kafka-brokers.{namespace}.svc", port)
            told = advertised(config_maps.get(pod_name)).get(name.upper())
            if told is None and listener.get("type") != "internal":
                continue
            there[told or own] = (pod_name, port)
        if there:
            rank = (listener.get("type") != "internal", not tls)
            found.append((rank, Route(f"port-forward, listener {name}", tuple(there), tls, there)))
    return [route for _, route in sorted(found, key=lambda entry: entry[0])]


def listeners(kafka: Object, login: str) -> list[Object]:
    """Return the listeners on which a user logs in that way: with a password, or with a certificate."""
    found = (kafka["spec"].get("kafka") or {}).get("listeners") or ()
    return [x for x in found if (x.get("authentication") or {}).get("type") == login]


def advertised(config_map: Object | None) -> dict[str, Address]:
    """Return what a node advertises for each listener, from the configuration that the operator wrote."""
    text = ((config_map or {}).get("data") or {}).get("server.config", "")
    line = _ADVERTISED.search(text)
    return {name: (host, int(port)) for name, _, host, port in _LISTENER.findall(line[1] if line else "")}


def refusal(addresses: Sequence[Address], timeout: float = PROBE_S, clock: Clock = SYSTEM) -> str:
    """Try to connect to all addresses at once; return why none takes a connection, empty when one does."""
    answers: queue.Queue[str] = queue.Queue()

    def dial(address: Address) -> None:
        host, port = address
        try:
            socket.create_connection(address, timeout).close()
            answers.put("")
        except OSError as error:
            answers.put(f"{host}:{port} {(error.strerror or str(error) or 'does not answer').lower()}")

    for address in addresses:
        threading.Thread(target=dial, args=(address,), daemon=True).start()
    end = clock.monotonic() + timeout
    said: list[str] = []
    for _ in addresses:
        try:
            answer = answers.get(timeout=max(0.01, end - clock.monotonic()))
        except queue.Empty:
            break
        if not answer:
            return ""
        said.append(answer)
    silent = len(addresses) - len(said)
    if silent:
        said.append(f"{silent} of {len(addresses)} addresses do not answer within {timeout:g} s")
    return ", ".join(said[:3])


def _addresses(text: str) -> tuple[Address, ...]:
    pairs = (entry.rpartition(":") for entry in text.split(",") if entry)
    return tuple((host.strip("[]"), int(port)) for host, _, port in pairs)


def _outside(host: str) -> str:
    """Return why the cluster's own DNS does not lead there from here; empty when it does."""
    if "KUBERNETES_SERVICE_HOST" not in os.environ:
        return "this is not inside the cluster"
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return f"{host} has no address here"
    return ""


def _label(pod: Object, name: str) -> str:
    return str((pod["metadata"].get("labels") or {}).get(f"strimzi.io/{name}", ""))


def _running(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
