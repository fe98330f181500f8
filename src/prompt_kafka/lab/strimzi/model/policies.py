"""Who may do what around a Kafka cluster: service accounts, roles, network policy, disruption budget."""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.strimzi.model import labels, names
from prompt_kafka.lab.strimzi.model.cluster import Cluster

Object = dict[str, Any]


def service_account(resource: Object, name: str, component: str) -> Object:
    """Return a ServiceAccount."""
    own = labels.common(resource, component, name)
    return _object(resource, "v1", "ServiceAccount", name, own)


def role(cluster: Cluster) -> Object:
    """Return the Role by which the nodes read their certificates."""
    name = names.kafka(cluster.name)
    secrets = sorted([names.cluster_ca(cluster.name) + "-cert", *(node.pod for node in cluster.nodes)])
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": secrets}]
    return _object(cluster.resource, "rbac.authorization.k8s.io/v1", "Role", name, rules=rules)


def role_binding(cluster: Cluster) -> Object:
    """Return the binding of `role`."""
    name = names.kafka(cluster.name)
    return _object(
        cluster.resource,
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        f"{name}-role",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        subjects=[{"kind": "ServiceAccount", "name": name, "namespace": cluster.namespace}],
    )


def disruption_budget(cluster: Cluster) -> Object:
    """Return the disruption budget: all nodes but as many as may be away."""
    template = (cluster.spec.get("template") or {}).get("podDisruptionBudget") or {}
    away = template.get("maxUnavailable", 1)
    spec = {
        "minAvailable": len(cluster.nodes) - int(away),
        "selector": {"matchLabels": labels.selector(cluster.name)},
    }
    return _object(cluster.resource, "policy/v1", "PodDisruptionBudget", names.kafka(cluster.name), spec=spec)


def network_policy(cluster: Cluster) -> Object:
    """Return the network policy: the control plane for nodes and operators, listeners for everybody.

    The lab has no network to enforce it on.
    """
    kafka = {"podSelector": {"matchLabels": labels.selector(cluster.name)}}
    operators: list[Object] = [
        {"podSelector": {"matchLabels": {"strimzi.io/kind": "cluster-operator"}}, "namespaceSelector": {}},
        {"podSelector": {"matchLabels": {"strimzi.io/name": names.entity_operator(cluster.name)}}},
    ]
    ingress: list[Object] = [
        {"ports": [_port(names.CONTROL_PLANE_PORT)], "from": [operators[0], kafka]},
        {"ports": [_port(names.REPLICATION_PORT)], "from": [*operators, kafka]},
        {"ports": [_port(names.AGENT_PORT)], "from": [operators[0]]},
    ]
    for listener in cluster.listeners:
        rule: Object = {"ports": [_port(listener["port"])]}
        if listener.get("networkPolicyPeers"):
            rule["from"] = listener["networkPolicyPeers"]
        ingress.append(rule)
    if cluster.spec.get("metricsConfig"):
        ingress.append({"ports": [_port(names.METRICS_PORT)]})
    spec = {
        "podSelector": {"matchLabels": labels.selector(cluster.name)},
        "policyTypes": ["Ingress"],
        "ingress": ingress,
    }
    name = f"{cluster.name}-network-policy-kafka"
    return _object(cluster.resource, "networking.k8s.io/v1", "NetworkPolicy", name, spec=spec)


def _port(number: int) -> Object:
    return {"port": number, "protocol": "TCP"}


def _object(
    resource: Object, api_version: str, kind: str, name: str, own: dict[str, str] | None = None, **rest: Any
) -> Object:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": resource["metadata"]["namespace"],
            "labels": own or labels.kafka(resource),
            "ownerReferences": [labels.owner(resource)],
        },
        **rest,
    }
