"""What may change at once in a service's versions, and when it is legal.

A hop is one thing that changes: Kafka, its metadata level, the operator, what the operator's definitions
store, Kubernetes. Each has its own rule. Source of the rules: :mod:`prompt_kafka.core.versions` and Strimzi's
own checks. Chains of hops are :mod:`prompt_kafka.core.upgrade_path`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from prompt_kafka.core.versions import (
    can_lower_metadata,
    compare,
    compare_metadata,
    full_metadata,
    key,
    knows,
    line,
    metadata_level,
    metadata_of,
    release,
    supported,
)

CONVERSION = "bin/v1-api-conversion.sh"
"""Strimzi's own tool, shipped with 0.49 to 1.0: converts resources and what the definitions store."""


class HopKind(StrEnum):
    """What a hop changes."""

    KAFKA = "kafka"
    METADATA = "metadata"
    OPERATOR = "strimzi"
    DEFINITIONS = "definitions"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a cluster stands.

    Attributes
    ----------
    metadata
        The finalized metadata version, in full.
    stored
        API versions that the operator's definitions have stored (``status.storedVersions``).
    kubernetes
        Version of Kubernetes; empty where it was not seen, and then it forbids nothing.
    """

    operator: str
    kafka: str
    metadata: str
    stored: frozenset[str] = frozenset({"v1beta2"})
    kubernetes: str = ""

    @property
    def runs(self) -> bool:
        """The operator runs this Kafka; it does nothing for one that it does not."""
        return self.kafka in supported(self.operator)


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a way."""

    kind: HopKind
    source: str
    target: str

    @property
    def rolls(self) -> bool:
        """Every Kafka pod restarts."""
        return self.kind in (HopKind.KAFKA, HopKind.OPERATOR)

    @property
    def irreversible(self) -> bool:
        """There is no way back: a higher metadata level, or definitions that store another version."""
        if self.kind is HopKind.METADATA:
            return metadata_level(self.target) > metadata_level(self.source)
        if self.kind is HopKind.OPERATOR:
            return release(self.target).stored != release(self.source).stored
        return self.kind is HopKind.DEFINITIONS

    @property
    def command(self) -> str:
        """What carries it out."""
        if self.kind is HopKind.DEFINITIONS:
            return f"{CONVERSION} convert-resource --all-namespaces, then {CONVERSION} crd-upgrade"
        if self.kind is HopKind.KUBERNETES:
            return f"the site's: Kubernetes {self.target} or newer"
        return f"prompt-kafka upgrade {self.kind} {self.target}"

    def __str__(self) -> str:
        return f"{self.kind} {self.source} → {self.target}"


def refusal(at: Standing, hop: Hop) -> str:
    """Return why a hop is not legal there; empty when it is."""
    match hop.kind:
        case HopKind.KAFKA:
            return _kafka_refused(at, hop.target)
        case HopKind.METADATA:
            return _metadata_refused(at, hop.target)
        case HopKind.OPERATOR:
            return operator_refused(at, hop.target)
        case HopKind.DEFINITIONS:
            both = len(release(at.operator).served) > 1
            return "" if both else f"operator {at.operator} does not serve v1 and v1beta2 side by side"
        case HopKind.KUBERNETES:
            older = at.kubernetes and compare(hop.target, at.kubernetes) > 0
            return "" if older else f"Kubernetes is {at.kubernetes or 'not known'} already"


def _kafka_refused(at: Standing, target: str) -> str:
    versions = supported(at.operator)
    if target not in versions:
        return f"operator {at.operator} does not run Kafka {target}: it runs {', '.join(versions)}"
    rising = compare(at.kafka, target) < 0
    between = skipped(at.operator, at.kafka, target)
    if between:
        return f"Kafka {line(between)} lies between and operator {at.operator} runs it: take {between} first"
    if rising and not knows(at.operator, at.kafka) and key(at.operator) < (1,):
        return f"operator {at.operator} does not know Kafka {at.kafka}: upgrading from it works since 1.0.0"
    limit = at.kafka if rising else target
    if compare_metadata(at.metadata, metadata_of(limit)) > 0:
        return f"the metadata level is {at.metadata}, and Kafka {limit} reads none above {metadata_of(limit)}"
    return ""


def skipped(operator: str, source: str, target: str) -> str:
    """Return the version of a line between two Kafka versions that the operator runs; empty when none."""
    low, high = sorted((key(line(source)), key(line(target))))
    between = [each for each in supported(operator) if low < key(line(each)) < high]
    if not between:
        return ""
    rising = compare(source, target) < 0
    lines = [line(each) for each in between]
    nearest = lines[0] if rising else lines[-1]
    return [each for each in between if line(each) == nearest][-1]


def _metadata_refused(at: Standing, target: str) -> str:
    if compare_metadata(target, metadata_of(at.kafka)) > 0:
        return f"Kafka {at.kafka} has no metadata level above {metadata_of(at.kafka)}"
    if metadata_level(target) < metadata_level(at.metadata) and not can_lower_metadata(at.metadata, target):
        return (
            f"between {target} and {at.metadata} the form of the metadata records changed: "
            "Kafka cannot lower the level without losing metadata"
        )
    return ""


def operator_refused(at: Standing, target: str) -> str:
    """Return why the operator may not become `target` there; empty when it may."""
    new = release(target)
    if at.kafka not in new.kafka:
        return f"operator {target} would reject Kafka {at.kafka}: it runs {', '.join(new.kafka)}"
    if at.kubernetes and compare(at.kubernetes, new.kubernetes) < 0:
        return f"operator {target} needs Kubernetes {new.kubernetes} or newer, and this is {at.kubernetes}"
    lost = sorted(at.stored - set(new.served))
    if lost:
        return (
            f"the definitions have stored {', '.join(lost)}, which operator {target} does not serve: "
            "the API server would refuse its definitions"
        )
    return ""


def taken(at: Standing, hop: Hop) -> Standing:
    """Return where a cluster stands after a hop."""
    match hop.kind:
        case HopKind.KAFKA:
            return replace(at, kafka=hop.target)
        case HopKind.METADATA:
            return replace(at, metadata=full_metadata(hop.target))
        case HopKind.OPERATOR:
            # Its definitions are applied with it, and what they store is added to what was stored before.
            return replace(at, operator=hop.target, stored=at.stored | {release(hop.target).stored})
        case HopKind.DEFINITIONS:
            return replace(at, stored=frozenset({"v1"}))
        case HopKind.KUBERNETES:
            return replace(at, kubernetes=hop.target)
