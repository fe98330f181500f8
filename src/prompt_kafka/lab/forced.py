"""The versions that a lab is asked for, put into its Git: from there on they are like anybody's.

Argo CD deploys from Git and from nothing else; a version that was forced anywhere behind it could never be
upgraded by a commit.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab.settings import LabSettings

CHART = "applications/strimzi/Chart.yaml"
DEPENDENCY = "strimzi-kafka-operator"
VALUES = "applications/prompt-kafka/values-{environment}.yaml"
KAFKA_VERSION = ("strimzi-kafka", "kafka", "version")


def edits(tree: Path, settings: LabSettings, say: Callable[[str], None]) -> dict[str, str]:
    """Return the files of a tree that the settings' versions change, with their new texts.

    Raises
    ------
    UsageError
        The tree has no such chart, or it does not depend on the operator's.
    """
    found = {}
    if settings.strimzi_version:
        found[CHART] = _edited(tree, CHART, lambda chart: _operator(chart, str(settings.strimzi_version)))
        say(f"operator {settings.strimzi_version} is put into the lab's Git: {CHART}")
    if settings.kafka_version:
        path = VALUES.format(environment=settings.environment)
        found[path] = _edited(tree, path, lambda values: _kafka(values, str(settings.kafka_version)))
        say(f"Kafka {settings.kafka_version} is put into the lab's Git: {path}")
    return found


def _operator(chart: Any, version: str) -> None:
    for each in chart.get("dependencies") or ():
        if each.get("name") == DEPENDENCY:
            each["version"] = version
            return
    raise UsageError(f"{CHART} does not depend on {DEPENDENCY}", next="leave --strimzi-version away")


def _kafka(values: Any, version: str) -> None:
    for name in KAFKA_VERSION[:-1]:
        if values.get(name) is None:
            values[name] = {}
        values = values[name]
    values[KAFKA_VERSION[-1]] = version


def _edited(tree: Path, path: str, change: Callable[[Any], None]) -> str:
    from ruamel.yaml import YAML

    file = tree / path
    if not file.is_file():
        raise UsageError(f"the repository has no {path}", where=str(tree), next="leave the version away")
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(file.read_text()) or {}
    change(document)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()
