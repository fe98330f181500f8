"""A stand-in for Strimzi's own operator chart, which lies in a remote chart repository.

Remote charts are not rendered here, but without the operator's Deployment and CustomResourceDefinitions
nothing else of the service means anything. So the lab writes what that chart would have brought: the
definitions of that version (generated from Strimzi's own classes), the Deployment with the environment that
an administrator changes, its ServiceAccount and ConfigMap. RBAC objects are left out; the Application says
all of this in its conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prompt_kafka.clients.helm import Dependency

CHART = "strimzi-kafka-operator"
NAME = "strimzi-cluster-operator"
_LABELS = {"app": "strimzi"}

Manifest = dict[str, Any]


def watched(values: Mapping[str, Any], namespace: str) -> str:
    """Return ``STRIMZI_NAMESPACE`` as the chart computes it from its values.

    Parameters
    ----------
    values
        Of the dependency.
    namespace
        Of the release: always among the watched ones.
    """
    if values.get("watchAnyNamespace"):
        return "*"
    return ",".join(sorted({*(str(each) for each in values.get("watchNamespaces") or ()), namespace}))


def manifests(version: str, values: Mapping[str, Any], release: str, namespace: str) -> list[Manifest]:
    """Return what stands in for the chart, without the definitions.

    Parameters
    ----------
    version
        Of the operator.
    values
        Of the dependency, merged.
    release, namespace
        Of the release.
    """
    labels = {**_LABELS, "chart": f"{CHART}-{version}", "component": "deployment", "release": release}
    labels |= {"heritage": "Helm"}
    metadata = {"name": NAME, "namespace": namespace}
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {**metadata, "labels": {**labels, "component": "service-account"}},
    }
    logging = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**metadata, "labels": {**labels, "component": "logging-config-map"}},
        "data": {
            "log4j2.properties": _LOGGING.format(
                level=values.get("logLevel") or "${env:STRIMZI_LOG_LEVEL:-INFO}"
            )
        },
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**metadata, "labels": labels},
        "spec": {
            "replicas": int(values.get("replicas", 1)),
            "selector": {"matchLabels": {"name": NAME, "strimzi.io/kind": "cluster-operator"}},
            "template": {
                "metadata": {
                    "labels": {
                        "name": NAME,
                        "strimzi.io/kind": "cluster-operator",
                        **(values.get("labels") or {}),
                    },
                    **({"annotations": values["annotations"]} if values.get("annotations") else {}),
                },
                "spec": {
                    "serviceAccountName": NAME,
                    "containers": [_container(version, values, namespace)],
                },
            },
        },
    }
    return [account, logging, deployment]


def _container(version: str, values: Mapping[str, Any], namespace: str) -> Manifest:
    probe = {"httpGet": {"path": "/healthy", "port": "http"}, "initialDelaySeconds": 10, "periodSeconds": 30}
    environment = [
        {"name": "STRIMZI_NAMESPACE", "value": watched(values, namespace)},
        {
            "name": "STRIMZI_FULL_RECONCILIATION_INTERVAL_MS",
            "value": str(int(values.get("fullReconciliationIntervalMs") or 120_000)),
        },
        {
            "name": "STRIMZI_OPERATION_TIMEOUT_MS",
            "value": str(int(values.get("operationTimeoutMs") or 300_000)),
        },
        {"name": "STRIMZI_FEATURE_GATES", "value": str(values.get("featureGates") or "")},
        {
            "name": "STRIMZI_LEADER_ELECTION_ENABLED",
            "value": str((values.get("leaderElection") or {}).get("enable", True)).lower(),
        },
        {"name": "STRIMZI_LOG_LEVEL", "value": str(values.get("logLevel") or "INFO")},
        *(values.get("extraEnvs") or ()),
    ]
    return {
        "name": NAME,
        "image": f"strimzi/operator:{version}",
        "imagePullPolicy": "IfNotPresent",
        "args": ["/opt/strimzi/bin/cluster_operator_run.sh"],
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "env": environment,
        "livenessProbe": probe,
        "readinessProbe": {**probe, "httpGet": {"path": "/ready", "port": "http"}},
        "resources": values.get("resources")
        or {"limits": {"cpu": "1000m", "memory": "384Mi"}, "requests": {"cpu": "200m", "memory": "384Mi"}},
    }


def shipped(definition: Manifest) -> Manifest:
    """Return a generated definition as the chart ships it: without descriptions.

    With them the largest one would not fit into the last-applied annotation.
    """
    return _undescribed(definition, False)  # type: ignore[no-any-return]


def _undescribed(value: Any, names: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: _undescribed(each, key == "properties" and not names)
            for key, each in value.items()
            if names or key != "description" or not isinstance(each, str)
        }
    return [_undescribed(each, False) for each in value] if isinstance(value, list) else value


def note(dependency: Dependency) -> str:
    """Return what the Application says about the stand-in."""
    return (
        f"The remote chart {dependency.name} {dependency.version} is not rendered. In its place: Deployment "
        f"{NAME} and the CustomResourceDefinitions of operator {dependency.version}; no RBAC objects."
    )


_LOGGING = "name = COConfig\nrootLogger.level = {level}\n"
