"""What the lab needs and does not ship: see :mod:`prompt_kafka.clients.assets`, and a Kafka besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_kafka.clients.assets import AssetsError, Progress, cache_home, jars, java, quiet, sha256

if TYPE_CHECKING:
    from prompt_kafka.lab.distribution import KafkaDistribution

__all__ = ["AssetsError", "Progress", "cache_home", "jars", "java", "kafka", "quiet", "sha256"]


def kafka(version: str, *, progress: Progress = quiet) -> KafkaDistribution:
    """Return a Kafka that can be run; see :func:`prompt_kafka.lab.distribution.kafka`."""
    from prompt_kafka.lab.distribution import kafka as find

    return find(version, progress=progress)
