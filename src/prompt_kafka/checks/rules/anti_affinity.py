"""How many machines the pods need that may not share one."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.cluster import pools_of
from prompt_kafka.checks.finding import About, Finding, Place, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, Item, at, mapping, number, sequence

ABOUT = About(
    "anti-affinity",
    Severity.INFO,
    "Pods that need a machine each",
    "With fewer schedulable machines the last pods stay Pending; one machine away is enough when the "
    "numbers are "
    "equal.",
    "Kubernetes: required pod anti-affinity; KafkaPool.java (the pool's template wins, part by part)",
    "nothing, where there are as many machines; else prefer instead of require",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Add up the nodes of the pools whose pods keep away from every other Kafka pod."""
    for kafka in subject.of("Kafka"):
        pools = pools_of(subject, kafka.name, subject.namespace_of(kafka))
        needing = [pool for pool in pools if _required(pool, kafka)]
        machines = sum(number(pool.spec.get("replicas")) or 0 for pool in needing)
        if machines > 3:
            names = " and ".join(pool.name for pool in needing)
            yield ABOUT.found(
                f"cluster {kafka.name} needs {machines} schedulable machines: no two pods of {names} share "
                "one",
                _place(subject, needing, kafka),
                subject=str(kafka),
            )


def _place(subject: CheckInput, pools: list[Item], kafka: Item) -> Place:
    """Return where the first of the pools is told to keep away."""
    own = next((pool for pool in pools if at(pool.spec, "template", "pod") is not None), None)
    if own is not None:
        return where(subject, own, "spec", "template", "pod", "affinity")
    return where(subject, kafka, "spec", "kafka", "template", "pod", "affinity")


def _required(pool: Item, kafka: Item) -> bool:
    own = at(pool.spec, "template", "pod")
    pod = own if own is not None else at(kafka.spec, "kafka", "template", "pod")
    key = "requiredDuringSchedulingIgnoredDuringExecution"
    for term in sequence(at(pod, "affinity", "podAntiAffinity", key)):
        if mapping(term).get("topologyKey") != "kubernetes.io/hostname":
            continue
        selector = mapping(mapping(term).get("labelSelector"))
        labels = dict(mapping(selector.get("matchLabels")))
        expressions = [mapping(each) for each in sequence(selector.get("matchExpressions"))]
        for each in expressions:
            if each.get("operator") == "In" and len(sequence(each.get("values"))) == 1:
                labels[str(each.get("key"))] = sequence(each.get("values"))[0]
        known = {
            "app.kubernetes.io/name": "kafka",
            "strimzi.io/name": f"{kafka.name}-kafka",
            "strimzi.io/cluster": kafka.name,
            "app.kubernetes.io/instance": kafka.name,
        }
        if labels and len(labels) >= len(expressions) and all(known.get(k) == v for k, v in labels.items()):
            return True
    return False
