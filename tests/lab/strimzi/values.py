"""A Kafka resource and its pools, as the service's chart renders them, for tests by values."""

from __future__ import annotations

import copy
from typing import Any

from prompt_kafka.lab.strimzi.model.cluster import Cluster, assign_pools

Object = dict[str, Any]

KAFKA: Object = {
    "apiVersion": "kafka.strimzi.io/v1",
    "kind": "Kafka",
    "metadata": {
        "name": "prompt-kafka",
        "namespace": "prompt-kafka",
        "uid": "k-1",
        "generation": 3,
        "labels": {"argocd.argoproj.io/instance": "prompt-kafka", "app.kubernetes.io/name": "ours"},
    },
    "spec": {
        "kafka": {
            "version": "4.1.1",
            "metadataVersion": "4.1-IV1",
            "listeners": [
                {
                    "name": "plain",
                    "port": 9092,
                    "type": "internal",
                    "tls": False,
                    "authentication": {"type": "scram-sha-512"},
                },
                {
                    "name": "tls",
                    "port": 9093,
                    "type": "internal",
                    "tls": True,
                    "authentication": {"type": "scram-sha-512"},
                },
                {
                    "name": "external",
                    "port": 9094,
                    "type": "loadbalancer",
                    "tls": True,
                    "authentication": {"type": "scram-sha-512"},
                    "configuration": {
                        "bootstrap": {"annotations": {"metallb.io/loadBalancerIPs": "10.0.0.9"}},
                        "brokers": [
                            {"broker": 3, "annotations": {"metallb.io/loadBalancerIPs": "10.0.0.3"}},
                            {"broker": 4, "loadBalancerIP": "10.0.0.4"},
                        ],
                    },
                },
            ],
            "authorization": {"type": "simple", "superUsers": ["kafka-admin"]},
            "config": {
                "default.replication.factor": 3,
                "min.insync.replicas": 2,
                "auto.create.topics.enable": False,
                "log.dirs": "/tmp",
                "my.plugin.option": "x",
            },
            "template": {"pod": {"affinity": {"podAntiAffinity": {}}}},
        },
        "entityOperator": {"topicOperator": {}, "userOperator": {}},
    },
}


def pool(name: str, roles: list[str], *, ids: list[int] | None = None, next_ids: str = "") -> Object:
    annotations = {"strimzi.io/next-node-ids": next_ids} if next_ids else {}
    volume = {"id": 0, "type": "persistent-claim", "size": "1Gi", "deleteClaim": False}
    made: Object = {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaNodePool",
        "metadata": {
            "name": name,
            "namespace": "prompt-kafka",
            "uid": f"p-{name}",
            "generation": 1,
            "labels": {"strimzi.io/cluster": "prompt-kafka"},
            "annotations": annotations,
        },
        "spec": {"replicas": 3, "roles": roles, "storage": {"type": "jbod", "volumes": [volume]}},
    }
    if ids is not None:
        made["status"] = {"nodeIds": ids}
    return made


POOLS = [pool("kafka", ["broker"], next_ids="[0-99]"), pool("controller", ["controller"])]


def kafka() -> Object:
    return copy.deepcopy(KAFKA)


def cluster(resource: Object | None = None, *, operator: str = "0.51.0") -> Cluster:
    return Cluster(
        resource=resource or kafka(),
        pools=assign_pools("prompt-kafka", copy.deepcopy(POOLS)),
        operator=operator,
        kafka_version="4.1.1",
        metadata_version="4.1-IV1",
        cluster_id="pkGhvb1YRv-6gIhVCPxu0g",
    )


def service(name: str, *addresses: str) -> Object:
    ingress = [{"ip": address} for address in addresses]
    return {
        "metadata": {"name": name},
        "spec": {},
        "status": {"loadBalancer": {"ingress": ingress}} if ingress else {},
    }


SERVICES = {
    "prompt-kafka-kafka-external-bootstrap": service(
        "prompt-kafka-kafka-external-bootstrap", "127.64.1.1", "127.64.1.2", "127.64.1.3"
    ),
    **{
        f"prompt-kafka-kafka-{node}": service(f"prompt-kafka-kafka-{node}", f"127.64.1.{node - 2}")
        for node in (3, 4, 5)
    },
}
