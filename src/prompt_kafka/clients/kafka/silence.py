"""Which brokers do not answer when they are asked by themselves.

A frozen broker stays registered, Ready and leader for as long as its session lasts; it takes connections too.
Only a question shows it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prompt_kafka.clients.kafka.errors import reason, translate
from prompt_kafka.core.kafka import Cluster

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection


def with_silent(connection: KafkaConnection) -> Cluster:
    """Describe the cluster and ask each of its brokers; name those that do not answer."""
    from kafka.protocol.metadata import ApiVersionsRequest

    cluster = connection.describe_cluster()
    question = ApiVersionsRequest(
        client_software_name="prompt-kafka", client_software_version="1", min_version=3
    )
    ids = [broker.id for broker in cluster.nodes]
    answers = connection.ask_each([(question, node) for node in ids])
    failures = connection.admin._manager.failures
    silent = tuple(
        (
            node,
            _why(failures.get(node, answer) if "NodeNotReady" in str(answer) else answer, connection.where),
        )
        for node, answer in zip(ids, answers, strict=True)
        if isinstance(answer, BaseException)
    )
    return replace(cluster, silent=silent)


def _why(error: BaseException, where: str) -> str:
    """Return why a broker did not answer: how the connection failed, rather than that there is none."""
    told = translate(error, where)
    return str(getattr(told, "what", "")) or reason(error)
