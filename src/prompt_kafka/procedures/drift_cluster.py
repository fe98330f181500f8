"""Git against the cluster: field by field, and who is behind a difference.

Only what Git says is compared, as Argo CD does: what the API server and the operators add is none. What
people added is found by who wrote it (``managedFields``).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.core.configured import said
from prompt_kafka.core.delivery import Application
from prompt_kafka.core.drift import Drift, Owner
from prompt_kafka.core.live import LiveObjects, Path, agrees, at, leaves, manager_of
from prompt_kafka.procedures.rendered import Key, Manifest

DEPLOY = "prompt-kafka deploy"
OURS = ("Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser")
WATCHED = (
    ("metadata", "annotations", "strimzi.io/pause-reconciliation"),
    ("metadata", "annotations", "strimzi.io/managed"),
)
"""Annotations that switch an operator off; nobody's Git has them."""

_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared.

    Attributes
    ----------
    head, deployed
        The objects of the newest commit, and of the one that is deployed.
    namespace
        Of objects that name none.
    """

    head: Mapping[Key, Manifest]
    deployed: Mapping[Key, Manifest]
    live: LiveObjects
    argo: Application
    context: str
    namespace: str
    cluster: str

    def kubectl(self, verb: str, key: Key, *words: str) -> str:
        """Return a line for one object."""
        line = ["kubectl", "--context", self.context, verb, key[0].lower(), key[1], "-n", self.namespace]
        return shlex.join([*line, *words])


def in_cluster(sides: Sides) -> Iterator[Drift]:
    """Yield what is different between Git and the cluster."""
    for key, wanted in sorted(sides.head.items()):
        if key[0] in sides.live.unknown:
            continue
        live = sides.live.found.get(key)
        if live is None:
            yield _missing(sides, key)
        elif not _built_in(wanted) or " ".join(key) in sides.argo.different:
            yield from _fields(sides, key, wanted, live)
    for key, live in sorted(sides.live.found.items()):
        if key not in sides.head and key[0] in OURS and _of_cluster(sides, live):
            yield _left(sides, key, live)


def _built_in(manifest: Manifest) -> bool:
    """Return whether the API server gives a kind defaults of its own: Argo CD knows them, nobody else."""
    group = str(manifest.get("apiVersion")).rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def _of_cluster(sides: Sides, live: Manifest) -> bool:
    label = ((live.get("metadata") or {}).get("labels") or {}).get("strimzi.io/cluster")
    return live["kind"] == "Kafka" or label == sides.cluster


def _missing(sides: Sides, key: Key) -> Drift:
    known = key in sides.deployed
    owner = Owner.HAND if known else Owner.GIT
    return Drift(" ".join(key), "", {"Git": "is there", "cluster": "is not there"}, owner, DEPLOY)


def _left(sides: Sides, key: Key, live: Manifest) -> Drift:
    who = "" if key in sides.deployed else manager_of(live, ("spec",)) or _any_manager(live)
    owner = Owner.GIT if key in sides.deployed else Owner.HAND
    lost = "  # its messages go too" if key[0] == "KafkaTopic" else ""
    values = {"Git": "is not there", "cluster": "is there"}
    return Drift(" ".join(key), "", values, owner, sides.kubectl("delete", key) + lost, who)


def _any_manager(live: Manifest) -> str:
    return next((manager_of(live, path) for path, _ in leaves(_spec(live)) if manager_of(live, path)), "")


def _spec(manifest: Manifest) -> dict[str, Any]:
    return {"spec": manifest.get("spec") or {}}


def _fields(sides: Sides, key: Key, wanted: Manifest, live: Manifest) -> Iterator[Drift]:
    was = sides.deployed.get(key)
    compared = {path: value for path, value in leaves(wanted) if path not in _IDENTITY}
    before = {path: value for path, value in leaves(was or {}) if path not in _IDENTITY}
    for path, value in compared.items():
        found = at(live, path)
        if agrees(value, found):
            continue
        undeployed = was is None or (before.get(path) != value and agrees(before.get(path), found))
        yield _drift(sides, key, path, (value, found), live, undeployed=undeployed)
    for path in before.keys() - compared.keys():
        if (found := at(live, path)) is not None and not isinstance(found, Mapping):
            yield _drift(sides, key, path, (None, found), live, undeployed=True)
    yield from _added(sides, key, live, compared.keys() | before.keys())


def _drift(
    sides: Sides, key: Key, path: Path, values: tuple[Any, Any], live: Manifest, *, undeployed: bool
) -> Drift:
    owner = Owner.GIT if undeployed else Owner.HAND
    who = "" if undeployed else manager_of(live, path)
    shown = {"Git": _word(values[0]), "cluster": _word(values[1])}
    return Drift(" ".join(key), _name(path), shown, owner, DEPLOY, who)


def _added(sides: Sides, key: Key, live: Manifest, known: Any) -> Iterator[Drift]:
    """Yield what people added: Git says nothing of it, so no sync takes it away."""
    watched = [(path, at(live, path)) for path in WATCHED]
    found = [*leaves(_spec(live)), *((path, value) for path, value in watched if value is not None)]
    for path, value in found:
        if any(path[: len(each)] == each or each[: len(path)] == path for each in known):
            continue
        who = manager_of(live, path)
        if who and not _built_in(live):
            shown = {"Git": "not set", "cluster": _word(value)}
            yield Drift(" ".join(key), _name(path), shown, Owner.HAND, _take_away(sides, key, path), who)


def _take_away(sides: Sides, key: Key, path: Path) -> str:
    if path in WATCHED:
        return sides.kubectl("annotate", key, f"{path[-1]}-")
    patch: Any = None
    for word in reversed(path):
        patch = {word: patch}
    return sides.kubectl("patch", key, "--type", "merge", "-p", json.dumps(patch))


def _name(path: Path) -> str:
    return ".".join(path[1:] if path[0] in ("spec", "metadata") else path)


def _word(value: Any) -> str:
    if value is None:
        return "not set"
    text = json.dumps(value) if isinstance(value, (dict, list)) else said(value)
    return text if len(text) <= 60 else text[:57] + "…"
