"""Which versions one run of the operator works with.

An upgrade has two phases by design: the pods move first and the metadata version stays; it rises in a later
run, when no pod is left on another version. The lab's operator decides by this function, and the runbook
predicts by the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.versions import (
    InvalidMetadataVersion,
    compare,
    compare_metadata,
    full_metadata,
    key,
    metadata_of,
)


class IllegalVersionChange(PromptKafkaError):
    """The metadata version forbids the change of Kafka version."""

    code = "illegal-version-change"


Direction = Literal["none", "upgrade", "downgrade"]


@dataclass(frozen=True, slots=True)
class VersionChange:
    """What one run of the operator does with the versions.

    Parameters
    ----------
    source, target
        Kafka version of the pods, and the one asked for.
    metadata
        Metadata version of this run; it rises only in a run without a change of Kafka version.
    warning
        Why a metadata version that was asked for is not used; empty when it is.
    """

    source: str
    target: str
    metadata: str
    warning: str = ""

    @property
    def direction(self) -> Direction:
        """Where the Kafka version goes."""
        order = compare(self.source, self.target)
        return "none" if order == 0 else "upgrade" if order < 0 else "downgrade"


def version_change(
    pods: tuple[str | None, ...], target: str, *, desired: str | None, current: str | None
) -> VersionChange:
    """Decide which Kafka and metadata version a run of the operator works with.

    Parameters
    ----------
    pods
        Kafka version of every existing pod (its annotation), None where a pod carries none.
    target
        Kafka version of the resource, supported by the operator.
    desired
        ``spec.kafka.metadataVersion``.
    current
        ``status.kafkaMetadataVersion``.

    Raises
    ------
    IllegalVersionChange
        The operator would refuse; the text is its own.
    """
    known = sorted((pod for pod in pods if pod), key=key)
    if pods and not known:
        raise IllegalVersionChange(
            "Kafka Pods exist, but do not contain the strimzi.io/kafka-version annotation to detect their "
            "version. Kafka upgrade cannot be detected."
        )
    if not known:
        source = target
    elif compare(known[-1], target) > 0:
        source = known[-1]
    else:
        source = known[0]
    order = compare(source, target)
    if order == 0:
        return _without_change(target, desired, current)
    limit, words = (source, "we upgrade from") if order < 0 else (target, "we are downgrading to")
    try:
        highest = metadata_of(limit)
    except InvalidMetadataVersion:
        # A Kafka that is not known here: the operator takes the present level as its own.
        highest = current or metadata_of(target)
    metadata = current or highest
    if compare_metadata(metadata, highest) > 0:
        raise IllegalVersionChange(
            f"The current metadata version ({metadata}) has to be lower or equal to the Kafka broker version "
            f"{words} ({limit})"
        )
    return VersionChange(source, target, metadata)


def _without_change(kafka: str, desired: str | None, current: str | None) -> VersionChange:
    default = metadata_of(kafka)
    if desired is None or compare_metadata(default, full_metadata(desired)) >= 0:
        return VersionChange(kafka, kafka, full_metadata(desired) if desired else default)
    used = current or default
    why = f"Desired metadata version ({desired}) is newer than the used Kafka version ({kafka}). "
    why += f"{used} is used instead."
    return VersionChange(kafka, kafka, used, why)
