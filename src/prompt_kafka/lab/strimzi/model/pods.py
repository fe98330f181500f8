"""Pods and pod sets of a Kafka cluster, and the revision by which a pod is found out of date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from prompt_kafka.core.versions import compare
from prompt_kafka.lab.strimzi.model import labels, names
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node, Pool
from prompt_kafka.lab.strimzi.model.storage import annotation, volumes

Object = dict[str, Any]

REVISION = "strimzi.io/revision"
RESOURCE_REVISION = "strimzi.io/resource-revision"
KAFKA_VERSION = "strimzi.io/kafka-version"
STORAGE = "strimzi.io/storage"
MANUAL_ROLLING_UPDATE = "strimzi.io/manual-rolling-update"

CONTAINER = "kafka"


def image(cluster: Cluster) -> str:
    """Return the image of the nodes; it names both versions, so a new operator rolls every pod."""
    return str(cluster.spec.get("image") or f"strimzi/kafka:{cluster.operator}-kafka-{cluster.kafka_version}")


def revision(pod: Object) -> str:
    """Return the hash of a pod without its resources."""
    bare = json.loads(json.dumps(pod))
    for container in bare["spec"]["containers"]:
        container.pop("resources", None)
    for key in (REVISION, RESOURCE_REVISION):
        bare["metadata"].get("annotations", {}).pop(key, None)
    return _hash(bare)


def resource_revision(pod: Object) -> str:
    """Return the hash of a pod's resources."""
    return _hash([container.get("resources") or {} for container in pod["spec"]["containers"]])


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:8]


def pod_set(cluster: Cluster, pool: Pool, annotations: Callable[[Node], Mapping[str, str]]) -> Object:
    """Return the pod set of a pool.

    Parameters
    ----------
    annotations
        What is known of a node outside the pool: configuration hash, certificate generations.
    """
    own = labels.kafka(cluster.resource) | labels.passed_on(pool.resource) | {labels.POOL_NAME: pool.name}
    template = (_template(cluster, pool).get("podSet") or {}).get("metadata") or {}
    return {
        "apiVersion": "core.strimzi.io/v1",
        "kind": "StrimziPodSet",
        "metadata": {
            "name": pool.pod_set,
            "namespace": cluster.namespace,
            "labels": own | (template.get("labels") or {}),
            "annotations": {STORAGE: annotation(pool.storage), KAFKA_VERSION: cluster.kafka_version}
            | (template.get("annotations") or {}),
            "ownerReferences": [labels.owner(pool.resource)],
        },
        "spec": {
            "selector": {"matchLabels": labels.selector(cluster.name) | {labels.POOL_NAME: pool.name}},
            "pods": [pod(cluster, pool, node, annotations(node)) for node in pool.nodes],
        },
    }


def pod(cluster: Cluster, pool: Pool, node: Node, annotations: Mapping[str, str]) -> Object:
    """Return the manifest of a node's pod, revision included."""
    template = _template(cluster, pool).get("pod") or {}
    metadata = template.get("metadata") or {}
    own = (
        labels.kafka(cluster.resource)
        | labels.passed_on(pool.resource)
        | {
            labels.POOL_NAME: pool.name,
            labels.BROKER_ROLE: str(node.broker).lower(),
            labels.CONTROLLER_ROLE: str(node.controller).lower(),
            labels.POD_NAME: node.pod,
            "strimzi.io/controller": "strimzipodset",
            "strimzi.io/controller-name": pool.pod_set,
        }
        | (metadata.get("labels") or {})
    )
    made: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": node.pod,
            "namespace": cluster.namespace,
            "labels": own,
            "annotations": dict(annotations)
            | {KAFKA_VERSION: cluster.kafka_version}
            | (metadata.get("annotations") or {}),
        },
        "spec": _pod_spec(cluster, pool, node, template),
    }
    stamped = made["metadata"]["annotations"]
    stamped[REVISION] = revision(made)
    if compare(cluster.operator, "1.0.0") >= 0:
        stamped[RESOURCE_REVISION] = resource_revision(made)
    else:
        stamped[REVISION] = _hash([stamped[REVISION], resource_revision(made)])
    return made


_PASSED = (
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "imagePullSecrets",
    "securityContext",
    "priorityClassName",
    "hostAliases",
    "dnsPolicy",
    "dnsConfig",
    "enableServiceLinks",
)


def _template(cluster: Cluster, pool: Pool) -> Object:
    template: Object | None = pool.resource["spec"].get("template")
    return template if template is not None else cluster.spec.get("template") or {}


def _pod_spec(cluster: Cluster, pool: Pool, node: Node, template: Object) -> Object:
    data = volumes(pool.storage)
    mounts = [{"name": volume.name, "mountPath": volume.path} for volume in data]
    storage: list[Object] = []
    for volume in data:
        if volume.ephemeral:
            limit = volume.spec.get("sizeLimit")
            storage.append({"name": volume.name, "emptyDir": {"sizeLimit": limit} if limit else {}})
        else:
            storage.append(
                {"name": volume.name, "persistentVolumeClaim": {"claimName": volume.claim(node.pod)}}
            )
    files = [
        ("cluster-ca", "/opt/kafka/cluster-ca-certs", names.cluster_ca(cluster.name) + "-cert"),
        ("broker-certs", "/opt/kafka/broker-certs", node.pod),
        ("client-ca-cert", "/opt/kafka/client-ca-certs", names.clients_ca(cluster.name) + "-cert"),
    ]
    for name, path, secret in files:
        storage.append({"name": name, "secret": {"secretName": secret, "defaultMode": 0o444}})
        mounts.append({"name": name, "mountPath": path})
    storage.append({"name": "kafka-metrics-and-logging", "configMap": {"name": node.pod}})
    mounts.append({"name": "kafka-metrics-and-logging", "mountPath": "/opt/kafka/custom-config/"})
    storage.append(
        {
            "name": "strimzi-tmp",
            "emptyDir": {"medium": "Memory", "sizeLimit": template.get("tmpDirSizeLimit", "5Mi")},
        }
    )
    mounts.append({"name": "strimzi-tmp", "mountPath": "/tmp"})
    spec: Object = {
        "restartPolicy": "Always",
        "hostname": node.pod,
        "subdomain": names.brokers_service(cluster.name),
        "serviceAccountName": names.kafka(cluster.name),
        "automountServiceAccountToken": False,
        "schedulerName": template.get("schedulerName", "default-scheduler"),
        "terminationGracePeriodSeconds": template.get("terminationGracePeriodSeconds", 30),
        "containers": [_container(cluster, pool, node, mounts)],
        "volumes": storage,
    }
    return spec | {key: template[key] for key in _PASSED if template.get(key) is not None}


def _container(cluster: Cluster, pool: Pool, node: Node, mounts: list[Object]) -> Object:
    spec, own = cluster.spec, pool.resource["spec"]
    container: Object = {
        "name": CONTAINER,
        "image": image(cluster),
        "command": ["/opt/kafka/kafka_run.sh"],
        "env": [{"name": name, "value": value} for name, value in _environment(cluster, pool).items()],
        "ports": _ports(cluster, node),
        "volumeMounts": mounts,
        "livenessProbe": _probe("kafka_liveness.sh", spec.get("livenessProbe")),
        "readinessProbe": _probe("kafka_readiness.sh", spec.get("readinessProbe")),
        "imagePullPolicy": "IfNotPresent",
    }
    resources = own.get("resources") or spec.get("resources")
    if resources:
        container["resources"] = resources
    template = _template(cluster, pool).get("kafkaContainer") or {}
    container["env"] += [entry for entry in template.get("env") or () if "value" in entry]
    if template.get("securityContext"):
        container["securityContext"] = template["securityContext"]
    return container


def _ports(cluster: Cluster, node: Node) -> list[Object]:
    ports = [("tcp-kafkaagent", names.AGENT_PORT)]
    if node.controller:
        ports.append(("tcp-ctrlplane", names.CONTROL_PLANE_PORT))
    if node.broker:
        ports.append(("tcp-replication", names.REPLICATION_PORT))
        ports += [(names.port_name(listener), listener["port"]) for listener in cluster.listeners]
    if cluster.spec.get("metricsConfig"):
        ports.append(("tcp-prometheus", names.METRICS_PORT))
    return [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports]


def _probe(script: str, wanted: Object | None) -> Object:
    probe: Object = {
        "exec": {"command": [f"/opt/kafka/{script}"]},
        "initialDelaySeconds": 15,
        "timeoutSeconds": 5,
    }
    passed = (
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    )
    return probe | {key: value for key, value in (wanted or {}).items() if key in passed}


def _environment(cluster: Cluster, pool: Pool) -> dict[str, str]:
    options = pool.resource["spec"].get("jvmOptions") or cluster.spec.get("jvmOptions") or {}
    env = {
        "STRIMZI_KAFKA_GC_LOG_ENABLED": str(bool(options.get("gcLoggingEnabled"))).lower(),
        "KAFKA_METRICS_ENABLED": str(bool(cluster.spec.get("metricsConfig"))).lower(),
    }
    heap = " ".join(f"{flag}{options[flag]}" for flag in ("-Xms", "-Xmx") if options.get(flag))
    if heap:
        env["KAFKA_HEAP_OPTS"] = heap
    if not options.get("-Xmx"):
        env["STRIMZI_DYNAMIC_HEAP_PERCENTAGE"] = "50"
        env["STRIMZI_DYNAMIC_HEAP_MAX"] = "5368709120"
    extra = options.get("-XX") or {}
    if extra:
        env["KAFKA_JVM_PERFORMANCE_OPTS"] = " ".join(_xx(key, str(value)) for key, value in extra.items())
    system = options.get("javaSystemProperties") or ()
    if system:
        env["STRIMZI_JAVA_SYSTEM_PROPERTIES"] = " ".join(f"-D{one['name']}={one['value']}" for one in system)
    return env


def _xx(key: str, value: str) -> str:
    if value.lower() in ("true", "false"):
        return f"-XX:{'+' if value.lower() == 'true' else '-'}{key}"
    return f"-XX:{key}={value}"
