"""Bringing objects to what they ought to be, and writing nothing when they are that already."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from prompt_kafka.clients.kinds import kind_of
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, Kubernetes, NotFound

Object = dict[str, Any]

EXACT = ("data", "rules", "subjects", "type")
"""Parts that are taken as they are wanted; others keep what the API server or others added."""

EXACT_KINDS = ("StrimziPodSet",)
"""Kinds that are taken as they are wanted altogether, annotations that somebody else set included."""


def overlay(live: Any, wanted: Any) -> Any:
    """Return `live` with everything in it that `wanted` says."""
    if isinstance(live, dict) and isinstance(wanted, dict):
        return live | {key: overlay(live.get(key), value) for key, value in wanted.items()}
    if isinstance(live, list) and isinstance(wanted, list) and len(live) == len(wanted):
        return [overlay(one, other) for one, other in zip(live, wanted, strict=True)]
    return wanted


def merged(live: Object, wanted: Object) -> Object:
    """Return the object to write over `live`; equal to it when nothing has to be written."""
    result = copy.deepcopy(live)
    exact = wanted["kind"] in EXACT_KINDS
    for key, value in wanted.items():
        if key == "metadata":
            for field, part in value.items():
                whole = exact or field == "ownerReferences"
                result["metadata"][field] = part if whole else overlay(result["metadata"].get(field), part)
        elif exact or key in EXACT:
            result[key] = value
        else:
            result[key] = overlay(result.get(key), value)
    result["apiVersion"] = live.get("apiVersion", wanted["apiVersion"])
    return result


class Objects:
    """Writes objects, several at once where they do not depend on each other."""

    def __init__(self, kubernetes: Kubernetes, workers: int = 8) -> None:
        self._kubernetes = kubernetes
        self._workers = workers

    def apply(self, wanted: Object, live: Object | None) -> Object:
        """Create or update one object; return it as it is then."""
        if live is None:
            try:
                return self._kubernetes.create(wanted)
            except AlreadyExists:
                live = self._fresh(wanted)
        for _ in range(3):
            result = merged(live, wanted)
            if result == live:
                return live
            try:
                return self._kubernetes.replace(result)
            except Conflict:
                live = self._fresh(wanted)
            except NotFound:
                return self._kubernetes.create(wanted)
        return self._kubernetes.replace(merged(self._fresh(wanted), wanted))

    def _fresh(self, wanted: Object) -> Object:
        metadata = wanted["metadata"]
        return self._kubernetes.get(kind_of(wanted), metadata["name"], metadata["namespace"])

    def apply_all(self, wanted: Iterable[Object], live: Mapping[tuple[str, str], Object]) -> list[Object]:
        """Create or update objects at the same time.

        Parameters
        ----------
        live
            What is there, by kind and name.
        """
        objects = list(wanted)
        with ThreadPoolExecutor(max_workers=self._workers) as pool:
            return list(
                pool.map(
                    lambda one: self.apply(one, live.get((one["kind"], one["metadata"]["name"]))), objects
                )
            )
