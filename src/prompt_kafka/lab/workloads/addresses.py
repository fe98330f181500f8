"""Addresses of LoadBalancer Services on the lab's loopback network: chosen from values.

A per-pod Service (its selector names one pod) gets an address of its own, which then *is* the pod's address:
the lab's load balancer has no data path. A bootstrap Service gets the addresses of the per-pod Services whose
selectors are narrower than its own, unless it is annotated to have one of its own, with a data path, as a
real one has. The address that a chart asks for is kept visible; a new Service gets it where it is one of the
lab's network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

REQUESTED = "lab.prompt-kafka/requested-address"
OWN = "lab.prompt-kafka/own-address"
"""Annotation of a bootstrap Service: ``"true"`` for an address of its own."""
PER_POD = ("strimzi.io/pod-name", "statefulset.kubernetes.io/pod-name")
_ASKED = ("metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs")

Object = dict[str, Any]


def is_balanced(service: Mapping[str, Any]) -> bool:
    """Return whether a Service is of type LoadBalancer and is not being deleted."""
    return service["spec"].get("type") == "LoadBalancer" and not service["metadata"].get("deletionTimestamp")


def pod_of(service: Mapping[str, Any]) -> str | None:
    """Return the one pod that a Service selects by its name, None when it selects otherwise."""
    selector = service["spec"].get("selector") or {}
    return next((str(selector[label]) for label in PER_POD if label in selector), None)


def requested(service: Mapping[str, Any]) -> str | None:
    """Return the static address that a Service asks for."""
    annotations = service["metadata"].get("annotations") or {}
    found = next((annotations[key] for key in _ASKED if annotations.get(key)), None)
    return found or service["spec"].get("loadBalancerIP") or None


def has_own(service: Mapping[str, Any]) -> bool:
    """Return whether a Service of many pods is to have an address of its own, with a data path."""
    annotations = service["metadata"].get("annotations") or {}
    return pod_of(service) is None and annotations.get(OWN) == "true"


def present(service: Mapping[str, Any]) -> list[str]:
    """Return the addresses that a Service has."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return [each["ip"] for each in ingress if each.get("ip")]


def narrower(service: Mapping[str, Any], than: Mapping[str, Any]) -> bool:
    """Return whether a Service selects among the pods of another one."""
    mine, theirs = service["spec"].get("selector") or {}, than["spec"].get("selector") or {}
    same = service["metadata"]["namespace"] == than["metadata"]["namespace"]
    return same and bool(theirs) and theirs.items() < mine.items()


def choose(service: Object, services: Sequence[Object], network: str) -> list[str]:
    """Return the addresses that a LoadBalancer Service should have.

    Parameters
    ----------
    service
        The Service.
    services
        All Services of the cluster, this one included.
    network
        The first two numbers of the lab's network, ``127.64``.

    Returns
    -------
    list of str
        In the order of the per-pod Services' names for a bootstrap Service; empty while none of them has one.
    """
    others = [each for each in services if each["metadata"]["uid"] != service["metadata"]["uid"]]
    balanced = [each for each in others if is_balanced(each)]
    if pod_of(service) is None and not has_own(service):
        pods = [each for each in balanced if pod_of(each) and narrower(each, service)]
        if pods:
            pods.sort(key=lambda each: str(each["metadata"]["name"]))
            return [address for each in pods for address in present(each)]
    taken = {address for each in balanced for address in present(each)}
    if has := [each for each in present(service) if not has_own(service) or each not in taken]:
        return has[:1]
    asked = requested(service)
    mine = [asked] if asked in _pool(network) else []
    return [next(each for each in (*mine, *_pool(network)) if each not in taken)]


def _pool(network: str) -> list[str]:
    return [f"{network}.1.{number}" for number in range(1, 255)]


def status(addresses: Sequence[str]) -> Object:
    """Return the Service's ``status.loadBalancer``."""
    return {"ingress": [{"ip": each, "ipMode": "VIP"} for each in addresses]} if addresses else {}
