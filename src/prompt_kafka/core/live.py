"""The application's objects as they are in the cluster, with who wrote which of their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Manifest = Mapping[str, Any]
Path = tuple[str, ...]

MACHINES = (
    "argocd",
    "strimzi",
    "fabric8",
    "cluster-operator",
    "topic-operator",
    "user-operator",
    "vault-secrets",
    "kube-controller-manager",
)
"""Beginnings of the names under which Argo CD, Kubernetes and the operators write."""


@dataclass(frozen=True, slots=True)
class LiveObjects:
    """What was found, kind by kind.

    Attributes
    ----------
    found
        By kind and name.
    unknown
        Kinds that could not be listed, each with the reason.
    """

    found: Mapping[tuple[str, str], Manifest] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)


def manager_of(live: Manifest, path: Sequence[str]) -> str:
    """Return who wrote a field last, no operator and not Argo CD; empty when nobody else did."""
    found = ""
    for entry in (live.get("metadata") or {}).get("managedFields") or ():
        name = str(entry.get("manager") or "")
        if entry.get("subresource") or name.startswith(MACHINES):
            continue
        if _holds(entry.get("fieldsV1") or {}, path):
            found = name
    return found


def _holds(fields: Mapping[str, Any], path: Sequence[str]) -> bool:
    """Return whether a set of fields has one; a list counts as one field."""
    place: Any = fields
    for word in path:
        if not isinstance(place, Mapping) or f"f:{word}" not in place:
            return place is not fields and not place
        place = place[f"f:{word}"]
    return True


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every field that is no mapping, with its path; lists are one field, and empty ones nothing."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, (*path, str(key)))
    elif value is not None:
        yield path, value


def at(value: Any, path: Sequence[str]) -> Any:
    """Return a field by its path; None when it is not there."""
    for word in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(word)
    return value


def agrees(wanted: Any, live: Any) -> bool:
    """Return whether a field is as wanted; what the API server adds to the elements of lists is left out."""
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            return not wanted
        return all(agrees(each, live.get(key)) for key, each in wanted.items() if each is not None)
    if isinstance(wanted, list):
        if not isinstance(live, list):
            return not wanted and live is None
        return len(wanted) == len(live) and all(agrees(a, b) for a, b in zip(wanted, live, strict=True))
    if isinstance(wanted, bool) or isinstance(live, bool):
        return wanted is live
    return bool(wanted == live)
