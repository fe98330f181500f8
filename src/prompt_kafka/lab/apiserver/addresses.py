"""Cluster addresses and node ports of Services, handed out as the real server does.

Nothing listens on them in the lab: names of Services resolve to the addresses of pods (the kubelet's hosts
file). They are there because controllers, charts and ``kubectl get`` read them.
"""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.apiserver.store import Store

Object = dict[str, Any]
SERVICES = ("", "services")


def carry_over(service: Object, old: Object) -> None:
    """Keep what was handed out when an update does not name it."""
    spec, before = service.setdefault("spec", {}), old["spec"]
    if spec.get("type", "ClusterIP") == "ExternalName":
        return
    for field in ("clusterIP", "clusterIPs", "healthCheckNodePort", "ipFamilies", "ipFamilyPolicy"):
        if not spec.get(field) and before.get(field):
            spec[field] = before[field]
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        ports = {
            (port.get("port"), port.get("protocol")): port.get("nodePort")
            for port in before.get("ports") or []
        }
        for port in spec.get("ports") or []:
            had = ports.get((port.get("port"), port.get("protocol", "TCP")))
            if had and not port.get("nodePort"):
                port["nodePort"] = had


def allocate(store: Store, service: Object) -> None:
    """Give a Service the cluster address and node ports that it lacks."""
    spec = service["spec"]
    if spec["type"] == "ExternalName":
        return
    others = [
        entry.object["spec"]
        for entry in store.entries(SERVICES)
        if (entry.namespace, entry.name)
        != (service["metadata"].get("namespace"), service["metadata"]["name"])
    ]
    if not spec.get("clusterIP"):
        taken = {other.get("clusterIP") for other in others}
        number = next(n for n in range(10, 65000) if f"10.96.{n // 256}.{n % 256}" not in taken)
        spec["clusterIP"] = f"10.96.{number // 256}.{number % 256}"
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    wanted = spec["type"] == "NodePort" or (
        spec["type"] == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)
    )
    if not wanted:
        return
    used = {port.get("nodePort") for other in others for port in other.get("ports") or []}
    used |= {port.get("nodePort") for port in spec.get("ports") or []}
    for port in spec.get("ports") or []:
        if not port.get("nodePort"):
            port["nodePort"] = next(number for number in range(30000, 32768) if number not in used)
            used.add(port["nodePort"])
