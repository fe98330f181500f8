"""The address of each pod, and the file in which the nodes look names up.

A pod's address is kept for its name, so that a restarted node is found where it was. Where a LoadBalancer
Service serves one pod, the pod's address is the Service's: the lab's load balancer has no data path.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from prompt_kafka.clients.files import write_atomic

Object = dict[str, Any]
#: The fault (a file of `standing`) while which no name is written.
DNS_LATE = "dns-late"
POD_NAME_LABELS = ("strimzi.io/pod-name", "statefulset.kubernetes.io/pod-name")


class Addresses:
    """Hands out addresses ``127.<n>.2.1`` and up, and remembers them.

    Parameters
    ----------
    network
        The first two numbers, ``127.64``.
    file
        Where they are kept.
    """

    def __init__(self, network: str, file: Path) -> None:
        self._network = network
        self._file = file
        self._lock = threading.Lock()
        try:
            kept = json.loads(file.read_text())
            self._given = {str(key): str(ip) for key, ip in kept.items() if str(ip).startswith(f"{network}.")}
        except (OSError, ValueError, AttributeError):
            self._given = {}

    def of(self, namespace: str, name: str) -> str:
        """Return the address of a pod that no load balancer has given one."""
        key = f"{namespace}/{name}"
        with self._lock:
            if key not in self._given:
                taken = set(self._given.values())
                pool = (f"{self._network}.{2 + n // 254}.{1 + n % 254}" for n in range(250 * 254))
                self._given[key] = next(ip for ip in pool if ip not in taken)
                write_atomic(self._file, json.dumps(self._given, indent=1, sort_keys=True))
            return self._given[key]


def balancer_of(pod: Mapping[str, Any], services: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the LoadBalancer Service that serves this one pod, if there is one."""
    labels = pod["metadata"].get("labels") or {}
    for service in services:
        selector = service["spec"].get("selector") or {}
        if (
            service["spec"].get("type") == "LoadBalancer"
            and service["metadata"]["namespace"] == pod["metadata"]["namespace"]
            and not service["metadata"].get("deletionTimestamp")
            and any(label in selector for label in POD_NAME_LABELS)
            and selector.items() <= labels.items()
        ):
            return service
    return None


def ingress_of(service: Mapping[str, Any]) -> str | None:
    """Return the address of a LoadBalancer Service."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return next((str(each["ip"]) for each in ingress if each.get("ip")), None)


def hosts(pods: Iterable[Mapping[str, Any]], services: Iterable[Mapping[str, Any]]) -> str:
    """Return the names of pods and Services, one address and its names a line, as in ``/etc/hosts``."""
    lines = [f"127.0.0.1 localhost {socket.gethostname()}"]
    placed = [pod for pod in pods if (pod.get("status") or {}).get("podIP")]
    placed.sort(key=lambda pod: (pod["metadata"]["namespace"], pod["metadata"]["name"]))
    for pod in placed:
        namespace, spec = pod["metadata"]["namespace"], pod["spec"]
        if spec.get("subdomain"):
            name = f"{spec.get('hostname') or pod['metadata']['name']}.{spec['subdomain']}.{namespace}.svc"
            lines.append(f"{pod['status']['podIP']} {name} {name}.cluster.local")
    for service in sorted(services, key=lambda one: (one["metadata"]["namespace"], one["metadata"]["name"])):
        namespace, selector = service["metadata"]["namespace"], service["spec"].get("selector")
        name = f"{service['metadata']['name']}.{namespace}.svc"
        for pod in placed:
            labels = pod["metadata"].get("labels") or {}
            if selector and pod["metadata"]["namespace"] == namespace and selector.items() <= labels.items():
                lines.append(f"{pod['status']['podIP']} {name} {name}.cluster.local")
    return "\n".join(lines) + "\n"
