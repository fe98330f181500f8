"""The Deployment of the topic and user operators."""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.strimzi.model import labels, names

Object = dict[str, Any]


def deployment(resource: Object, operator: str, ca_generation: int) -> Object | None:
    """Return the Deployment; None when the resource asks for neither operator.

    Parameters
    ----------
    operator
        Version of the cluster operator, which is that of the entity operators.
    """
    spec = resource["spec"].get("entityOperator")
    if spec is None or not any(part in spec for part in ("topicOperator", "userOperator")):
        return None
    cluster = resource["metadata"]["name"]
    name = names.entity_operator(cluster)
    own = labels.common(resource, "entity-operator", name)
    selector = {labels.CLUSTER: cluster, "strimzi.io/kind": "Kafka", "strimzi.io/name": name}
    template = (spec.get("template") or {}).get("pod") or {}
    containers = [
        _container(part, port, operator, spec[field] or {}, resource)
        for field, part, port in (
            ("topicOperator", "topic-operator", 8080),
            ("userOperator", "user-operator", 8081),
        )
        if field in spec
    ]
    pod: Object = {
        "serviceAccountName": name,
        "containers": containers,
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": template.get("terminationGracePeriodSeconds", 30),
    }
    pod |= {key: template[key] for key in ("affinity", "tolerations", "securityContext") if key in template}
    annotations = {"strimzi.io/cluster-ca-cert-generation": str(ca_generation)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": resource["metadata"]["namespace"],
            "labels": own,
            "ownerReferences": [labels.owner(resource)],
        },
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": own, "annotations": annotations}, "spec": pod},
        },
    }


def _container(name: str, port: int, operator: str, spec: Object, resource: Object) -> Object:
    namespace = spec.get("watchedNamespace") or resource["metadata"]["namespace"]
    interval = spec.get("reconciliationIntervalMs")
    if interval is None:
        interval = 1000 * spec.get("reconciliationIntervalSeconds", 120)
    cluster = resource["metadata"]["name"]
    env = {
        "STRIMZI_RESOURCE_LABELS": f"{labels.CLUSTER}={cluster}",
        "STRIMZI_KAFKA_BOOTSTRAP_SERVERS": f"{names.bootstrap_service(cluster)}:{names.REPLICATION_PORT}",
        "STRIMZI_NAMESPACE": namespace,
        "STRIMZI_FULL_RECONCILIATION_INTERVAL_MS": str(interval),
        "STRIMZI_SECURITY_PROTOCOL": "SSL",
    }
    if name == "user-operator":
        env["STRIMZI_SECRET_PREFIX"] = spec.get("secretPrefix", "")
    container: Object = {
        "name": name,
        "image": f"strimzi/operator:{operator}",
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "ports": [{"name": "healthcheck", "containerPort": port, "protocol": "TCP"}],
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": "healthcheck"},
            "initialDelaySeconds": 10,
            "timeoutSeconds": 5,
        },
    }
    if spec.get("resources"):
        container["resources"] = spec["resources"]
    return container
