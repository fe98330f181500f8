"""The ConfigMap of a node: its configuration, its logging and what formats an empty disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from prompt_kafka.lab.strimzi.model import labels
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node

Object = dict[str, Any]

LOG4J2 = {
    "name": "KafkaConfig",
    "appender.console.type": "Console",
    "appender.console.name": "STDOUT",
    "appender.console.layout.type": "PatternLayout",
    "appender.console.layout.pattern": "%d{yyyy-MM-dd HH:mm:ss} %-5p [%t] %c{1} - %m%n",
    "rootLogger.level": "INFO",
    "rootLogger.appenderRefs": "console",
    "rootLogger.appenderRef.console.ref": "STDOUT",
    "logger.kafka.name": "kafka",
    "logger.kafka.level": "INFO",
    "logger.orgapachekafka.name": "org.apache.kafka",
    "logger.orgapachekafka.level": "INFO",
    "logger.requestlogger.name": "kafka.request.logger",
    "logger.requestlogger.level": "WARN",
    "logger.requestchannel.name": "kafka.network.RequestChannel$",
    "logger.requestchannel.level": "WARN",
    "logger.controller.name": "org.apache.kafka.controller",
    "logger.controller.level": "INFO",
    "logger.logcleaner.name": "org.apache.kafka.storage.internals.log.LogCleaner",
    "logger.logcleaner.level": "INFO",
    "logger.statechange.name": "state.change.logger",
    "logger.statechange.level": "INFO",
    "logger.authorizer.name": "kafka.authorizer.logger",
    "logger.authorizer.level": "INFO",
}


def logging_text(logging: Object | None, external: Mapping[str, str]) -> str:
    """Return ``log4j2.properties``.

    Parameters
    ----------
    logging
        ``spec.kafka.logging``.
    external
        Entries of the ConfigMap that external logging names, by ``name/key``.
    """
    settings = dict(LOG4J2)
    if logging and logging.get("type") == "external":
        source = (logging.get("valueFrom") or {}).get("configMapKeyRef") or {}
        found = external.get(f"{source.get('name')}/{source.get('key')}")
        if found is not None:
            return found if "monitorInterval" in found else f"{found.rstrip()}\nmonitorInterval=30\n"
    if logging and logging.get("type") == "inline":
        settings |= {key: str(value) for key, value in (logging.get("loggers") or {}).items()}
    settings["monitorInterval"] = settings.get("monitorInterval", "30")
    return "".join(f"{key} = {value}\n" for key, value in settings.items())


def config_map(cluster: Cluster, node: Node, server_config: str, logging: str) -> Object:
    """Return a node's ConfigMap."""
    pool = cluster.pool(node.pool)
    data = {
        "server.config": server_config,
        "cluster.id": cluster.cluster_id,
        "metadata.version": cluster.metadata_version,
        "log4j2.properties": logging,
    }
    metrics = cluster.spec.get("metricsConfig") or {}
    if metrics.get("type") == "jmxPrometheusExporter":
        data["metrics-config.json"] = json.dumps(metrics.get("valueFrom") or {}, sort_keys=True)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": node.pod,
            "namespace": cluster.namespace,
            "labels": labels.kafka(cluster.resource) | {labels.POOL_NAME: pool.name},
            "ownerReferences": [labels.owner(pool.resource)],
        },
        "data": data,
    }
