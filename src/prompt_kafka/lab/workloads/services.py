"""Services: endpoints from ready pods, addresses of load balancers.

Cluster addresses are the API server's business, there as here.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import Any

from prompt_kafka.clients.kinds import ENDPOINT_SLICE, ENDPOINTS, POD, SERVICE, Kind
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.controller import Controller, owner_reference
from prompt_kafka.lab.informer import Informer, Key, key_of
from prompt_kafka.lab.workloads import addresses, pods
from prompt_kafka.lab.workloads.forwarding import Forwarding

log = logging.getLogger(__name__)

MANAGER = "endpointslice-controller.k8s.io"


class Endpoints:
    """The controller of Endpoints and EndpointSlices.

    Parameters
    ----------
    kubernetes
        The API.
    """

    def __init__(self, kubernetes: Kubernetes, *, clock: Clock = SYSTEM) -> None:
        self._kubernetes = kubernetes
        self._services = Informer(kubernetes, SERVICE, clock=clock)
        self._pods = Informer(kubernetes, POD, clock=clock)
        self._controller = Controller("endpoints", self._reconcile, clock=clock)
        self._before: dict[Key, dict[str, str]] = {}

    def start(self) -> None:
        """Begin to act."""
        self._services.on_change(self._controller.enqueue)
        self._pods.on_change(self._pod_changed)
        for informer in (self._services, self._pods):
            informer.start()
        for informer in (self._services, self._pods):
            informer.wait_synced()
        self._controller.start()

    def stop(self) -> None:
        """Stop."""
        for part in (self._controller, self._services, self._pods):
            part.stop()

    def _pod_changed(self, event: str, pod: Object) -> None:
        namespace, name = key_of(pod)
        labels = pod["metadata"].get("labels") or {}
        sets = [labels, self._before.get((namespace, name), labels)]
        for service in self._services.items(namespace):
            selector = service["spec"].get("selector")
            if selector and any(selector.items() <= each.items() for each in sets):
                self._controller.add(key_of(service), 0.01)
        if event == "DELETED":
            self._before.pop((namespace, name), None)
        else:
            self._before[namespace, name] = labels

    def _reconcile(self, key: Key) -> float | None:
        service = self._services.get(*key)
        if service is None:
            self._remove(ENDPOINTS, key)  # slices go with the Service by their owner reference
            return None
        selector = service["spec"].get("selector")
        if not selector or service["metadata"].get("deletionTimestamp"):
            return None
        selected = [
            each
            for each in self._pods.items(key[0])
            if selector.items() <= (each["metadata"].get("labels") or {}).items()
            and (each.get("status") or {}).get("podIP")
            and (each.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
        ]
        selected.sort(key=lambda each: str(each["metadata"]["name"]))
        self._write(ENDPOINTS, endpoints(service, selected))
        self._write(ENDPOINT_SLICE, endpoint_slice(service, selected))
        return None

    def _write(self, kind: Kind, wanted: Object) -> None:
        metadata = wanted["metadata"]
        live = self._kubernetes.find(kind, metadata["name"], metadata["namespace"])
        if live is None:
            try:
                self._kubernetes.create(wanted)
            except AlreadyExists:
                pass
            return
        content = {key: each for key, each in wanted.items() if key not in ("apiVersion", "kind", "metadata")}
        if any(live.get(key) != each for key, each in content.items()):
            self._kubernetes.replace({**live, **content})

    def _remove(self, kind: Kind, key: Key) -> None:
        with suppress(NotFound, Conflict):
            self._kubernetes.delete(kind, key[1], key[0])


def _ports(service: Object, pod: Object | None) -> list[Object]:
    """Return a Service's ports as its pods listen on them."""
    named = {
        port["name"]: port["containerPort"]
        for container in (pod or {"spec": {}})["spec"].get("containers") or ()
        for port in container.get("ports") or ()
        if port.get("name")
    }
    found = []
    for port in service["spec"].get("ports") or ():
        target: Any = port.get("targetPort", port["port"])
        number = named.get(target) if isinstance(target, str) else target
        if number is None:
            continue
        entry = {"port": number, "protocol": port.get("protocol", "TCP")}
        found.append({**({"name": port["name"]} if port.get("name") else {}), **entry})
    return found


def _ready(service: Object, pod: Object) -> bool:
    if service["spec"].get("publishNotReadyAddresses"):
        return True
    return pods.is_ready(pod) and not pod["metadata"].get("deletionTimestamp")


def _reference(pod: Object) -> Object:
    metadata = pod["metadata"]
    return {
        "kind": "Pod",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
    }


def _hostname(pod: Object) -> Object:
    spec = pod["spec"]
    return {"hostname": spec["hostname"]} if spec.get("hostname") and spec.get("subdomain") else {}


def endpoints(service: Object, selected: list[Object]) -> Object:
    """Return the Endpoints of a Service."""
    metadata = service["metadata"]

    def entries(ready: bool) -> list[Object]:
        return [
            {
                "ip": each["status"]["podIP"],
                **_hostname(each),
                **({"nodeName": each["spec"]["nodeName"]} if each["spec"].get("nodeName") else {}),
                "targetRef": _reference(each),
            }
            for each in selected
            if _ready(service, each) is ready
        ]

    subset: Object = {}
    if good := entries(True):
        subset["addresses"] = good
    if bad := entries(False):
        subset["notReadyAddresses"] = bad
    if subset and (ports := _ports(service, selected[0])):
        subset["ports"] = ports
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": dict(metadata.get("labels") or {}),
        },
        "subsets": [subset] if subset else [],
    }


def endpoint_slice(service: Object, selected: list[Object]) -> Object:
    """Return the EndpointSlice of a Service; one is enough for a lab."""
    metadata = service["metadata"]
    entries = []
    for pod in selected:
        ending = bool(pod["metadata"].get("deletionTimestamp"))
        serving = pods.is_ready(pod)
        ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not ending)
        entries.append(
            {
                "addresses": [pod["status"]["podIP"]],
                "conditions": {"ready": ready, "serving": serving, "terminating": ending},
                **_hostname(pod),
                **({"nodeName": pod["spec"]["nodeName"]} if pod["spec"].get("nodeName") else {}),
                "targetRef": _reference(pod),
            }
        )
    labels = {
        **(metadata.get("labels") or {}),
        "kubernetes.io/service-name": metadata["name"],
        "endpointslice.kubernetes.io/managed-by": MANAGER,
    }
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{metadata['name']}-lab",
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": entries,
        "ports": [{"name": "", **port} for port in _ports(service, selected[0] if selected else None)],
    }


class LoadBalancers:
    """Hands addresses to Services of type LoadBalancer.

    Parameters
    ----------
    kubernetes
        The API.
    network
        The first two numbers of the lab's network.
    """

    def __init__(self, kubernetes: Kubernetes, network: str, *, clock: Clock = SYSTEM) -> None:
        self._kubernetes = kubernetes
        self._network = network
        self._services = Informer(kubernetes, SERVICE, clock=clock)
        self._endpoints = Informer(kubernetes, ENDPOINTS, clock=clock)
        self._forwarding = Forwarding()
        # One key for all: addresses are chosen one after another, so that none is given twice.
        self._controller = Controller("load-balancers", self._reconcile, clock=clock)

    def start(self) -> None:
        """Begin to act."""
        self._services.on_change(lambda _event, _obj: self._controller.add(("", "all")))
        for informer in (self._services, self._endpoints):
            informer.start()
        for informer in (self._services, self._endpoints):
            informer.wait_synced()
        self._controller.start()

    def stop(self) -> None:
        """Stop."""
        for part in (self._controller, self._services, self._endpoints, self._forwarding):
            part.stop()

    def _reconcile(self, _key: Key) -> float | None:
        services = self._services.items()
        balanced = sorted(
            filter(addresses.is_balanced, services),
            key=lambda each: (addresses.pod_of(each) is None, key_of(each)),
        )
        for service in balanced:
            self._address(service, services)
        wanted = {
            (address, int(port["port"])): partial(self._backends, key_of(service))
            for service in balanced
            if addresses.has_own(service)
            for address in addresses.present(service)
            for port in service["spec"].get("ports") or ()
        }
        return 1.0 if self._forwarding.keep(wanted) else None

    def _backends(self, key: Key) -> list[tuple[str, int]]:
        """Return where the ready pods of a Service listen."""
        return [
            (each["ip"], int(port["port"]))
            for subset in (self._endpoints.get(*key) or {}).get("subsets") or ()
            for port in subset.get("ports") or ()
            for each in subset.get("addresses") or ()
        ]

    def _address(self, service: Object, services: list[Object]) -> None:
        metadata = service["metadata"]
        asked = addresses.requested(service)
        annotations = metadata.get("annotations") or {}
        try:
            if asked and annotations.get(addresses.REQUESTED) != asked:
                body: Object = {"metadata": {"annotations": {addresses.REQUESTED: asked}}}
                self._kubernetes.patch(SERVICE, metadata["name"], metadata["namespace"], body)
            chosen = addresses.choose(service, services, self._network)
            if chosen != addresses.present(service):
                body = {"status": {"loadBalancer": addresses.status(chosen) or None}}
                self._kubernetes.patch(
                    SERVICE, metadata["name"], metadata["namespace"], body, subresource="status"
                )
                # What is chosen next must see it at once, not when the watch brings it.
                service.setdefault("status", {})["loadBalancer"] = addresses.status(chosen)
                log.info(
                    "%s/%s: %s", metadata["namespace"], metadata["name"], ", ".join(chosen) or "none yet"
                )
        except (NotFound, Conflict):
            pass
