"""What several rules ask about a cluster: its pools, its brokers."""

from __future__ import annotations

from prompt_kafka.checks.subject import CheckInput, Item, at, number, sequence


def pools_of(subject: CheckInput, cluster: str, namespace: str) -> tuple[Item, ...]:
    """Return the node pools of a cluster."""
    return tuple(
        each.item
        for each in subject.around("KafkaNodePool")
        if each.item.cluster == cluster and each.namespace == namespace
    )


def brokers_of(subject: CheckInput, cluster: str, namespace: str) -> int:
    """Return how many brokers a cluster has; 0 when it cannot be told."""
    pools = pools_of(subject, cluster, namespace)
    if pools:
        counts = [number(each.spec.get("replicas")) for each in pools if is_broker(each)]
        return 0 if None in counts else sum(each for each in counts if each)
    for each in subject.around("Kafka"):
        if each.item.name == cluster and each.namespace == namespace:
            return number(at(each.item.spec, "kafka", "replicas")) or 0
    return 0


def is_broker(pool: Item) -> bool:
    """Return whether the nodes of a pool are brokers."""
    return "broker" in sequence(pool.spec.get("roles"))
