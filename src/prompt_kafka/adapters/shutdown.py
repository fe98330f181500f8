"""The shutdown record: a ConfigMap beside the service that says what a start is to be compared with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from prompt_kafka.clients.kinds import CONFIG_MAP
from prompt_kafka.clients.kubernetes import AlreadyExists, Kubernetes
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.errors import StoppedError, UsageError
from prompt_kafka.core.stopped import COMPARED, name_of, record_of
from prompt_kafka.core.surroundings import ShutdownRecord
from prompt_kafka.core.world import Look, Part, World

if TYPE_CHECKING:
    from prompt_kafka.core.actions import KeepState

__all__ = ["SEES", "keep", "name_of", "read"]

KEY = "state"
SEES: frozenset[Look] = frozenset({Part.NODES, Part.TOPICS, Part.OFFSETS})


def read(kubernetes: Kubernetes, name: str, namespace: str) -> ShutdownRecord | None:
    """Return the record; None when there is none.

    Raises
    ------
    UsageError
        It is not one that this version can read.
    """
    found = kubernetes.find(CONFIG_MAP, name, namespace)
    if found is None:
        return None
    metadata = found["metadata"]
    try:
        record: ShutdownRecord = decode(json.loads((found.get("data") or {})[KEY]), ShutdownRecord)
    except (KeyError, ValueError) as error:
        raise UsageError(f"ConfigMap {name} is no shutdown record: {error}", where=namespace) from None
    annotations = metadata.get("annotations") or {}
    return replace(record, uid=metadata["uid"], compared=annotations.get(COMPARED, ""))


def keep(
    kubernetes: Kubernetes, action: KeepState, observe: Callable[[frozenset[Look]], World] | None
) -> None:
    """Look, and write the record; one of an earlier shutdown is replaced.

    Raises
    ------
    StoppedError
        What is to be recorded could not be seen.
    """
    if observe is None:
        raise StoppedError("the service's state cannot be recorded from here", next="plan again")
    world = observe(SEES)
    for part in (world.nodes, world.topics, world.offsets):
        if part.because:
            raise StoppedError(f"the state cannot be recorded: {part.because}", next="plan again")
    record = record_of(world, action.workloads, action.mark)
    data = {KEY: json.dumps(encode(record), separators=(",", ":"))}
    named = {"name": action.name, "namespace": action.namespace}
    try:
        kubernetes.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": data})
    except AlreadyExists:
        anew = {"metadata": {"annotations": {COMPARED: None}}, "data": data}
        kubernetes.patch(CONFIG_MAP, action.name, action.namespace, anew)
