"""What a change of the Kafka objects does to running nodes: which pods are restarted, and for what.

As the operator decides it: settings that a broker takes while it runs are changed while it runs, a changed
pod is made anew, topics, users and log levels restart nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.core.configured import BrokerSettings, said
from prompt_kafka.core.live import Path, at, leaves
from prompt_kafka.procedures.rendered import Difference, Manifest

NODES = "every Kafka node is restarted, one after the other"
QUIET = "nothing is restarted"

_KAFKA: tuple[tuple[Path, str, bool], ...] = (
    (("kafka", "metadataVersion"), QUIET, False),
    (("kafka", "logging"), QUIET, False),
    (("kafka", "version"), f"{NODES}, on the new version", True),
    (("kafka",), NODES, True),
    (("entityOperator",), "only the entity operator's pod is replaced", False),
    (("kafkaExporter",), "only the exporter's pod is replaced", False),
    (("cruiseControl",), "only Cruise Control's pod is replaced", False),
    (("maintenanceTimeWindows",), QUIET, False),
    ((), NODES, True),
)
_POOL: tuple[tuple[Path, str, bool], ...] = (
    (("replicas",), "nodes come or go; the others are not restarted", True),
    (("storage",), "volumes grow; a node is restarted where its file system has to", True),
    ((), "every node of this pool is restarted, one after the other", True),
)
_SETTINGS = ("kafka", "config")


@dataclass(frozen=True, slots=True)
class Effect:
    """What one changed field does.

    Attributes
    ----------
    field
        The object and the field, with its value before and after where that is short.
    does
        What happens to the nodes.
    restarts
        Clients may notice it.
    """

    field: str
    does: str
    restarts: bool

    def __str__(self) -> str:
        return f"{self.field}: {self.does}"


def effects(
    before: Mapping[tuple[str, str], Manifest], brought: Difference, settings: BrokerSettings | None
) -> Iterator[Effect]:
    """Yield what each changed field of the Kafka objects does.

    Parameters
    ----------
    before
        The objects that are deployed.
    brought
        What is different.
    settings
        Tells which settings a broker takes while it runs; without it, restarts are expected.
    """
    for (kind, name), after in sorted({**brought.added, **brought.changed}.items()):
        if kind not in ("Kafka", "KafkaNodePool", "ConfigMap"):
            continue
        if kind == "ConfigMap":
            does = "the operator reads it at its next round, and may restart every Kafka node"
            yield Effect(f"ConfigMap {name}", does, True)
            continue
        old = before.get((kind, name), {})
        for path in _changed(old.get("spec") or {}, after.get("spec") or {}):
            values = _values(at(old.get("spec"), path), at(after.get("spec"), path))
            does, restarts = _effect(kind, path, settings, at(after.get("spec"), path))
            yield Effect(f"{kind} {name}, {'.'.join(path)}{values}", does, restarts)


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Path]:
    was, is_ = dict(leaves(old)), dict(leaves(new))
    for path in sorted(was.keys() | is_.keys()):
        if was.get(path) != is_.get(path):
            yield path


def _values(old: Any, new: Any) -> str:
    words = [said(each) if each is not None else "not set" for each in (old, new)]
    return f" {words[0]} → {words[1]}" if all(len(word) <= 40 for word in words) else ""


def _effect(kind: str, path: Path, settings: BrokerSettings | None, wanted: Any) -> tuple[str, bool]:
    if kind == "KafkaNodePool":
        return next((does, restarts) for start, does, restarts in _POOL if path[: len(start)] == start)
    if path[:2] == _SETTINGS:
        if wanted is None and settings is not None and settings.stays(path[-1]):
            return "the brokers started with it, so it stays until they are restarted, afterwards", True
        restarts = settings.restarts(path[-1], wanted) if settings is not None else None
        if restarts is False:
            return "changed while the brokers run", False
        return f"{NODES}: only that changes it" if restarts else f"{NODES}, as far as can be told", True
    return next((does, restarts) for start, does, restarts in _KAFKA if path[: len(start)] == start)
