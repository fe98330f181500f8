"""Events are stored once and read under two APIs: core ``v1`` and ``events.k8s.io/v1``, with other names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prompt_kafka.lab.apiserver.errors import Cause

Object = dict[str, Any]

#: Name in events.k8s.io, name in the core group.
_NAMES = (
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
)
_OF_THE_CLUSTER = ("Node", "Namespace", "PersistentVolume")
_TO_CORE = dict(_NAMES)
_TO_NEW = {core: new for new, core in _NAMES}


def to_core(event: Object) -> Object:
    """Return an event of events.k8s.io as it is stored."""
    return {_TO_CORE.get(key, key): value for key, value in {**event, "apiVersion": "v1"}.items()}


def to_new(event: Object) -> Object:
    """Return a stored event as events.k8s.io shows it."""
    return {
        _TO_NEW.get(key, key): value for key, value in {**event, "apiVersion": "events.k8s.io/v1"}.items()
    }


def problems(event: Object, old: Object | None, *, new_api: bool) -> Iterator[Cause]:
    """Yield what is wrong with a stored event that came through one of the two APIs."""
    about = event.get("involvedObject") or {}
    namespace = event["metadata"].get("namespace", "")
    known = about.get("apiVersion") == "v1" and about.get("kind") not in _OF_THE_CLUSTER
    if known and not new_api and about.get("namespace", "") != namespace:
        yield Cause(
            "involvedObject.namespace",
            f'Invalid value: "{about.get("namespace", "")}": does not match event.namespace',
        )
    if not new_api or old is not None:
        return
    for field, shown in (
        ("eventTime", "eventTime"),
        ("reportingComponent", "reportingController"),
        ("reportingInstance", "reportingInstance"),
        ("action", "action"),
        ("reason", "reason"),
    ):
        if not event.get(field):
            yield Cause(shown, "Required value", "FieldValueRequired")
    if event.get("type") not in ("Normal", "Warning"):
        yield Cause(
            "type", f'Invalid value: "{event.get("type", "")}": has invalid value: {event.get("type", "")}'
        )
    if len(str(event.get("message") or "").encode()) > 1024:
        yield Cause("message", "Invalid value: can have at most 1024 characters")
