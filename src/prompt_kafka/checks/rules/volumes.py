"""A sync that prunes does not delete volumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, Item, at, mapping, sequence

ABOUT = About(
    "prunable-volumes",
    Severity.WARNING,
    "Volumes that a pruning sync would delete",
    "Argo CD tells its objects by a label here, Strimzi hands the label on to the volume claims, and so "
    "Argo CD "
    "takes them for objects that Git no longer has. One sync with prune deletes the data of every broker.",
    "Strimzi issues 9554 and 11635; Argo CD issue 10974; Phalanx issues 1642 and 5080",
    "annotate template.persistentVolumeClaim of the node pool: argocd.argoproj.io/sync-options: "
    "Prune=false and "
    "argocd.argoproj.io/compare-options: IgnoreExtraneous",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look at the claims of each pool that outlive it."""
    if not subject.label_tracking:
        return
    clusters = {(each.namespace, each.item.name): each.item for each in subject.around("Kafka")}
    for pool in subject.of("KafkaNodePool"):
        storage = mapping(pool.spec.get("storage"))
        kept = [each for each in _claims(storage) if each.get("deleteClaim") is not True]
        if not kept:
            continue
        kafka = clusters.get((subject.namespace_of(pool), pool.cluster))
        if "Prune=false" in str(_annotations(pool, kafka).get("argocd.argoproj.io/sync-options", "")):
            continue
        yield ABOUT.found(
            f"the claims of node pool {pool.name} have no annotation that keeps a pruning sync from "
            "deleting them",
            where(subject, pool, "spec", "storage"),
            subject=str(pool),
        )


def _claims(storage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    volumes = sequence(storage.get("volumes")) if storage.get("type") == "jbod" else [storage]
    return [mapping(each) for each in volumes if mapping(each).get("type") == "persistent-claim"]


def _annotations(pool: Item, kafka: Item | None) -> Mapping[str, Any]:
    """Return those of the claims: the pool's template wins over the cluster's, part by part."""
    own = at(pool.spec, "template", "persistentVolumeClaim")
    shared = at(kafka.spec, "kafka", "template", "persistentVolumeClaim") if kafka else None
    return mapping(at(own if own is not None else shared, "metadata", "annotations"))
