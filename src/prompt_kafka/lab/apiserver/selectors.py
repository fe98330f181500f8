"""Label and field selectors, as in the query of a list or a watch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.apiserver.errors import bad_request
from prompt_kafka.lab.apiserver.names import label_key_problem, label_value_problem
from prompt_kafka.lab.apiserver.resources import Resource

Object = dict[str, Any]
Test = Callable[[Mapping[str, str]], bool]

#: Fields that a kind can be selected by, besides its name and namespace.
FIELDS: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("", "pods"): {
        "spec.nodeName": ("spec", "nodeName"),
        "spec.restartPolicy": ("spec", "restartPolicy"),
        "spec.schedulerName": ("spec", "schedulerName"),
        "spec.serviceAccountName": ("spec", "serviceAccountName"),
        "status.phase": ("status", "phase"),
        "status.podIP": ("status", "podIP"),
        "status.nominatedNodeName": ("status", "nominatedNodeName"),
    },
    ("", "events"): {
        "involvedObject.kind": ("involvedObject", "kind"),
        "involvedObject.namespace": ("involvedObject", "namespace"),
        "involvedObject.name": ("involvedObject", "name"),
        "involvedObject.uid": ("involvedObject", "uid"),
        "involvedObject.apiVersion": ("involvedObject", "apiVersion"),
        "involvedObject.resourceVersion": ("involvedObject", "resourceVersion"),
        "involvedObject.fieldPath": ("involvedObject", "fieldPath"),
        "reason": ("reason",),
        "reportingComponent": ("reportingComponent",),
        "source": ("source", "component"),
        "type": ("type",),
    },
    ("", "secrets"): {"type": ("type",)},
    ("", "namespaces"): {"status.phase": ("status", "phase")},
    ("", "nodes"): {"spec.unschedulable": ("spec", "unschedulable")},
    ("", "services"): {"spec.clusterIP": ("spec", "clusterIP"), "spec.type": ("spec", "type")},
}
#: The same for events under their own group: its names, the stored ones.
_EVENT_NAMES = {
    "regarding.": "involvedObject.",
    "reportingController": "reportingComponent",
}


@dataclass(frozen=True, slots=True)
class Selector:
    """What a list or watch is narrowed to."""

    labels: tuple[Test, ...] = ()
    fields: tuple[tuple[tuple[str, ...], str, bool], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.labels or self.fields)

    def matches(self, obj: Object) -> bool:
        """Return whether an object, as it is stored, is selected."""
        if self.labels:
            labels = obj["metadata"].get("labels") or {}
            if not all(test(labels) for test in self.labels):
                return False
        for path, wanted, equal in self.fields:
            value: Any = obj
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            if value is None:
                text = "false" if path[-1] == "unschedulable" else ""
            else:
                text = str(value).lower() if isinstance(value, bool) else str(value)
            if (text == wanted) != equal:
                return False
        return True


def parse(resource: Resource, labels: str | None, fields: str | None) -> Selector:
    """Read the selectors of a request.

    Raises
    ------
    ApiError
        400: they cannot be parsed, or name a field that this kind cannot be selected by.
    """
    return Selector(parse_labels(labels or ""), tuple(_parse_fields(resource, fields or "")))


_SET = re.compile(r"^\s*([^\s!=,()]+)\s+(in|notin)\s*\(([^)]*)\)\s*$")
_COMPARE = re.compile(r"^\s*([^\s!=,()<>]+)\s*(==|=|!=)\s*([^\s,()]*)\s*$")
_ORDER = re.compile(r"^\s*([^\s!=,()<>]+)\s*([<>])\s*(-?\d+)\s*$")
_EXISTS = re.compile(r"^\s*(!?)\s*([^\s!=,()<>]+)\s*$")


def parse_labels(text: str) -> tuple[Test, ...]:
    """Read a label selector: comparisons, sets, existence, ordering."""
    return tuple(_label_test(part) for part in _split(text) if part.strip())


def _split(text: str) -> list[str]:
    return re.split(r",(?![^(]*\))", text)


def _label_test(part: str) -> Test:
    if match := _SET.match(part):
        key, operator, listed = match.groups()
        values = frozenset(value.strip() for value in listed.split(","))
        _check(part, key, values)
        if operator == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: key not in labels or labels[key] not in values
    if match := _COMPARE.match(part):
        key, operator, value = match.groups()
        _check(part, key, {value})
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if match := _ORDER.match(part):
        key, operator, value = match.groups()
        _check(part, key, set())
        limit = int(value)
        more = operator == ">"
        return lambda labels: _ordered(labels.get(key), limit, more)
    if match := _EXISTS.match(part):
        negated, key = match.groups()
        _check(part, key, set())
        if negated:
            return lambda labels: key not in labels
        return lambda labels: key in labels
    raise bad_request(f"unable to parse requirement: {part.strip()!r} is not a selector")


def _ordered(value: str | None, limit: int, more: bool) -> bool:
    try:
        number = int(value or "")
    except ValueError:
        return False
    return number > limit if more else number < limit


def _check(part: str, key: str, values: set[str] | frozenset[str]) -> None:
    problem = label_key_problem(key)
    if problem:
        raise bad_request(f'unable to parse requirement: <nil>: Invalid value: "{key}": {problem}')
    for value in values:
        problem = label_value_problem(value)
        if problem:
            raise bad_request(
                f'unable to parse requirement: values[0][{key}]: Invalid value: "{value}": {problem}'
            )


def _parse_fields(resource: Resource, text: str) -> list[tuple[tuple[str, ...], str, bool]]:
    tests = []
    for part in text.split(","):
        if not part.strip():
            continue
        match = re.match(r"^\s*([^=!]+?)\s*(==|!=|=)(.*)$", part)
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = match.groups()
        tests.append((_path(resource, field), value.strip(), operator != "!="))
    return tests


def _path(resource: Resource, field: str) -> tuple[str, ...]:
    if field == "metadata.name" or (field == "metadata.namespace" and resource.namespaced):
        return tuple(field.split("."))
    stored = field
    if resource.stored is not None:
        for name, other in _EVENT_NAMES.items():
            stored = stored.replace(name, other, 1) if stored.startswith(name) else stored
    path = FIELDS.get(resource.storage, {}).get(stored)
    if path is None:
        if resource.custom or resource.storage in FIELDS:
            raise bad_request(f"field label not supported: {field}")
        known = '"metadata.name", "metadata.namespace"' if resource.namespaced else '"metadata.name"'
        raise bad_request(f'"{field}" is not a known field selector: only {known}')
    return path


def of_label_selector(selector: Mapping[str, Any]) -> tuple[Test, ...]:
    """Turn the label selector of an object (``matchLabels``, ``matchExpressions``) into tests."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or []:
        key, values = expression.get("key", ""), ",".join(expression.get("values") or [])
        operator = expression.get("operator")
        parts.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[str(operator)]
        )
    return parse_labels(",".join(parts))
