"""Services of a Kafka cluster, and the addresses that come out of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from prompt_kafka.lab.strimzi.model import labels, names
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node
from prompt_kafka.lab.strimzi.model.config import Address

Object = dict[str, Any]


def services(cluster: Cluster) -> list[Object]:
    """Return all Services: bootstrap, headless, and those of listeners that are reached from outside."""
    made = [_bootstrap(cluster), _headless(cluster)]
    for listener in cluster.external():
        configuration = listener.get("configuration") or {}
        if configuration.get("createBootstrapService", True):
            made.append(_external_bootstrap(cluster, listener))
        made += [_external_broker(cluster, listener, node) for node in cluster.brokers]
    return made


def awaited(cluster: Cluster) -> tuple[list[str], list[str]]:
    """Return the names of the Services that must have an address before any pod is made.

    Returns
    -------
    own, shared : list of str
        Those of one broker each, and those of all brokers.
    """
    own: list[str] = []
    shared: list[str] = []
    for listener in cluster.external():
        if listener["type"] == "loadbalancer":
            if (listener.get("configuration") or {}).get("createBootstrapService", True):
                shared.append(names.external_bootstrap_service(cluster.name, listener))
            own += [broker_service(cluster, listener, node) for node in cluster.brokers]
    return own, shared


def broker_service(cluster: Cluster, listener: Object, node: Node) -> str:
    """Return the name of a broker's own Service for a listener."""
    return names.external_broker_service(cluster.pool(node.pool).pod_set, node.id, listener)


def ingress(service: Object | None) -> list[str]:
    """Return the addresses that a load balancer gave a Service."""
    status = (service or {}).get("status") or {}
    entries = (status.get("loadBalancer") or {}).get("ingress") or ()
    return [entry.get("hostname") or entry["ip"] for entry in entries]


def advertised(cluster: Cluster, live: Mapping[str, Object]) -> dict[tuple[int, str], Address]:
    """Return where each broker is reached from outside, from the Services as they are."""
    found = {}
    for listener in cluster.listeners:
        overrides = {
            broker["broker"]: broker
            for broker in (listener.get("configuration") or {}).get("brokers") or ()
            if "broker" in broker
        }
        for node in cluster.brokers:
            at = _address(cluster, listener, node, live)
            override = overrides.get(node.id, {})
            host = override.get("advertisedHost") or (at.host if at else None)
            if host:
                port = override.get("advertisedPort") or listener["port"]
                found[node.id, names.listener_name(listener)] = Address(host, int(port))
    return found


def _address(cluster: Cluster, listener: Object, node: Node, live: Mapping[str, Object]) -> Address | None:
    if listener["type"] == "loadbalancer":
        hosts = ingress(live.get(broker_service(cluster, listener, node)))
        return Address(hosts[0], listener["port"]) if hosts else None
    if listener["type"] == "cluster-ip":
        return Address(f"{broker_service(cluster, listener, node)}.{cluster.namespace}.svc", listener["port"])
    return None


def status(cluster: Cluster, live: Mapping[str, Object], certificate: str) -> list[Object]:
    """Return ``status.listeners``.

    Parameters
    ----------
    live
        Services by name, as they are.
    certificate
        Certificate of the cluster CA, PEM.
    """
    entries = []
    for listener in cluster.listeners:
        hosts = [f"{names.bootstrap_service(cluster.name)}.{cluster.namespace}.svc"]
        if listener["type"] != "internal":
            name = names.external_bootstrap_service(cluster.name, listener)
            hosts = [f"{name}.{cluster.namespace}.svc"]
            if listener["type"] == "loadbalancer":
                hosts = sorted(set(ingress(live.get(name))))
        addresses = [{"host": host, "port": listener["port"]} for host in hosts]
        entry: Object = {
            "name": listener["name"],
            "addresses": addresses,
            "bootstrapServers": ",".join(f"{at['host']}:{at['port']}" for at in addresses),
        }
        if listener.get("tls"):
            entry["certificates"] = [certificate]
        entries.append(entry)
    return entries


def _port(name: str, number: int) -> Object:
    return {"name": name, "port": number, "targetPort": number, "protocol": "TCP"}


def _service(cluster: Cluster, name: str, owner: Object, spec: Object, **metadata: Any) -> Object:
    extra = {key: value for key, value in metadata.items() if value}
    own = labels.kafka(cluster.resource) | extra.pop("labels", {})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": cluster.namespace,
            "labels": own,
            "ownerReferences": [labels.owner(owner)],
            **extra,
        },
        "spec": spec,
    }


def _template(cluster: Cluster, kind: str) -> Object:
    template = (cluster.spec.get("template") or {}).get(kind) or {}
    metadata: Object = template.get("metadata") or {}
    return {
        "labels": dict(metadata.get("labels") or {}),
        "annotations": dict(metadata.get("annotations") or {}),
    }


def _bootstrap(cluster: Cluster) -> Object:
    ports = [_port("tcp-replication", names.REPLICATION_PORT)]
    discovery = []
    for listener in cluster.listeners:
        if listener["type"] == "internal":
            ports.append(_port(names.port_name(listener), listener["port"]))
            discovery.append(
                {
                    "port": listener["port"],
                    "tls": bool(listener.get("tls")),
                    "protocol": "kafka",
                    "auth": (listener.get("authentication") or {}).get("type", "none"),
                }
            )
    metadata = _template(cluster, "bootstrapService")
    metadata["labels"]["strimzi.io/discovery"] = "true"
    metadata["annotations"]["strimzi.io/discovery"] = json.dumps(discovery, indent=2)
    spec = {
        "type": "ClusterIP",
        "selector": labels.selector(cluster.name) | {labels.BROKER_ROLE: "true"},
        "ports": ports,
    }
    return _service(cluster, names.bootstrap_service(cluster.name), cluster.resource, spec, **metadata)


def _headless(cluster: Cluster) -> Object:
    ports = [
        _port("tcp-ctrlplane", names.CONTROL_PLANE_PORT),
        _port("tcp-replication", names.REPLICATION_PORT),
        _port("tcp-kafkaagent", names.AGENT_PORT),
        *(
            _port(names.port_name(entry), entry["port"])
            for entry in cluster.listeners
            if entry["type"] == "internal"
        ),
    ]
    spec = {
        "type": "ClusterIP",
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": labels.selector(cluster.name),
        "ports": ports,
    }
    metadata = _template(cluster, "brokersService")
    return _service(cluster, names.brokers_service(cluster.name), cluster.resource, spec, **metadata)


def _external_bootstrap(cluster: Cluster, listener: Object) -> Object:
    override = (listener.get("configuration") or {}).get("bootstrap") or {}
    spec = _external_spec(listener, override) | {
        "selector": labels.selector(cluster.name) | {labels.BROKER_ROLE: "true"}
    }
    metadata = _template(cluster, "externalBootstrapService")
    return _service(
        cluster,
        names.external_bootstrap_service(cluster.name, listener),
        cluster.resource,
        spec,
        labels=metadata["labels"] | (override.get("labels") or {}),
        annotations=metadata["annotations"] | (override.get("annotations") or {}),
        finalizers=(listener.get("configuration") or {}).get("finalizers"),
    )


def _external_broker(cluster: Cluster, listener: Object, node: Node) -> Object:
    configuration = listener.get("configuration") or {}
    overrides = {broker.get("broker"): broker for broker in configuration.get("brokers") or ()}
    override = overrides.get(node.id, {})
    spec = _external_spec(listener, override) | {
        # The broker's role is the lab's addition: it makes this selector narrower than the bootstrap
        # Service's, which tells the load balancer whose addresses that one has.
        "selector": labels.selector(cluster.name) | {labels.BROKER_ROLE: "true", labels.POD_NAME: node.pod}
    }
    metadata = _template(cluster, "perPodService")
    return _service(
        cluster,
        broker_service(cluster, listener, node),
        cluster.pool(node.pool).resource,
        spec,
        labels={labels.POOL_NAME: node.pool} | metadata["labels"] | (override.get("labels") or {}),
        annotations=metadata["annotations"] | (override.get("annotations") or {}),
        finalizers=configuration.get("finalizers"),
    )


def _external_spec(listener: Object, override: Object) -> Object:
    configuration = listener.get("configuration") or {}
    if listener["type"] == "cluster-ip":
        return {"type": "ClusterIP", "ports": [_port(names.port_name(listener), listener["port"])]}
    spec: Object = {"type": "LoadBalancer", "ports": [_port(names.port_name(listener), listener["port"])]}
    wanted = {
        "loadBalancerIP": override.get("loadBalancerIP"),
        "externalTrafficPolicy": configuration.get("externalTrafficPolicy"),
        "loadBalancerSourceRanges": configuration.get("loadBalancerSourceRanges"),
        "loadBalancerClass": configuration.get("class"),
        "allocateLoadBalancerNodePorts": configuration.get("allocateLoadBalancerNodePorts"),
        "externalIPs": override.get("externalIPs"),
    }
    return spec | {key: value for key, value in wanted.items() if value is not None}
