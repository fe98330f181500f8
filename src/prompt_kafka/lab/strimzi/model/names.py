"""Names of the objects that belong to a Kafka cluster, and the ports of its nodes."""

from __future__ import annotations

from typing import Any

CONTROL_PLANE_PORT = 9090
REPLICATION_PORT = 9091
AGENT_PORT = 8443
METRICS_PORT = 9404
PORT_NAMES = {
    ("plain", 9092): "tcp-clients",
    ("tls", 9093): "tcp-clientstls",
    ("external", 9094): "tcp-external",
}


def kafka(cluster: str) -> str:
    """Name of the component: ServiceAccount, disruption budget and the label ``strimzi.io/name``."""
    return f"{cluster}-kafka"


def bootstrap_service(cluster: str) -> str:
    """Service through which clients inside Kubernetes find the brokers."""
    return f"{cluster}-kafka-bootstrap"


def brokers_service(cluster: str) -> str:
    """Headless Service that gives every node its name."""
    return f"{cluster}-kafka-brokers"


def pod_dns(cluster: str, namespace: str, pod: str) -> str:
    """Address of a node inside Kubernetes."""
    return f"{pod}.{brokers_service(cluster)}.{namespace}.svc"


def external_bootstrap_service(cluster: str, listener: dict[str, Any]) -> str:
    """Bootstrap Service of a listener that is reached from outside."""
    return f"{cluster}-kafka-{listener['name']}-bootstrap"


def external_broker_service(pool_name: str, node_id: int, listener: dict[str, Any]) -> str:
    """Per-broker Service of a listener; the one called ``external`` on 9094 keeps its old short name."""
    if (listener["name"], listener["port"]) == ("external", 9094):
        return f"{pool_name}-{node_id}"
    return f"{pool_name}-{listener['name']}-{node_id}"


def port_name(listener: dict[str, Any]) -> str:
    """Name of a listener's port in pods and Services."""
    return PORT_NAMES.get((listener["name"], listener["port"]), f"tcp-{listener['name']}")


def listener_name(listener: dict[str, Any]) -> str:
    """Kafka's own name of a listener."""
    return f"{listener['name']}-{listener['port']}".upper()


def cluster_ca(cluster: str) -> str:
    """Secret with the cluster CA's key; its certificate is in the Secret with ``-cert`` added."""
    return f"{cluster}-cluster-ca"


def clients_ca(cluster: str) -> str:
    """Secret with the clients CA's key; its certificate is in the Secret with ``-cert`` added."""
    return f"{cluster}-clients-ca"


def operator_certs(cluster: str) -> str:
    """Secret with the cluster operator's own client certificate."""
    return f"{cluster}-cluster-operator-certs"


def entity_operator(cluster: str) -> str:
    """Deployment of the topic and user operators."""
    return f"{cluster}-entity-operator"
