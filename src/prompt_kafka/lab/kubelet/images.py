"""What the lab runs for an image: a real Kafka, an operator inside the controllers process, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

_KAFKA = re.compile(r"(?:^|/)kafka:(?P<operator>[\w.]+(?:-[\w.]+)*?)-kafka-(?P<kafka>\d+\.\d+\.\d+)(?:@\S+)?")
_OPERATOR = re.compile(r"(?:^|/)operator:(?P<operator>[\w.-]+)(?:@\S+)?")


@dataclass(frozen=True, slots=True)
class KafkaImage:
    """A Kafka node of an operator version."""

    operator: str
    kafka: str


@dataclass(frozen=True, slots=True)
class OperatorImage:
    """An operator whose logic is in the lab's controllers process."""

    operator: str


def of(image: str) -> KafkaImage | OperatorImage | None:
    """Return what runs for an image; None when the lab has no process for it."""
    if (kafka := _KAFKA.search(image)) and kafka.end() == len(image):
        return KafkaImage(kafka["operator"], kafka["kafka"])
    if (operator := _OPERATOR.search(image)) and operator.end() == len(image):
        return OperatorImage(operator["operator"])
    return None
