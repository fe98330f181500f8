"""The rules for names, labels and annotations, with the words in which the API refuses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from prompt_kafka.lab.apiserver.errors import Cause

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_RFC1123 = re.compile(_LABEL)
_RFC1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")

_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_RFC1123_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_RFC1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_NAME_PART_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)

_RBAC = {"roles", "rolebindings", "clusterroles", "clusterrolebindings"}


def name_problem(plural: str, group: str, name: str) -> str | None:
    """Return what is wrong with the name of an object of a kind, in the words of the API."""
    if group == "rbac.authorization.k8s.io" and plural in _RBAC:
        if name in (".", "..") or "/" in name or "%" in name:
            return "may not contain '/' or '%'"
        return None
    if plural == "namespaces" and not group:
        return _label(name, _RFC1123, _RFC1123_TEXT)
    if plural == "services" and not group:
        return _label(name, _RFC1035, _RFC1035_TEXT)
    if len(name) > 253:
        return "must be no more than 253 characters"
    return None if _SUBDOMAIN.fullmatch(name) else _SUBDOMAIN_TEXT


def _label(name: str, pattern: re.Pattern[str], text: str) -> str | None:
    if len(name) > 63:
        return "must be no more than 63 characters"
    return None if pattern.fullmatch(name) else text


def label_key_problem(key: str) -> str | None:
    """Return what is wrong with the key of a label or annotation."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        return (
            "a qualified name "
            + _NAME_PART_TEXT[len("name part ") :]
            + " with an optional DNS subdomain prefix "
            "and '/' (e.g. 'example.com/MyName')"
        )
    if slash:
        if not prefix:
            return "prefix part must be non-empty"
        if len(prefix) > 253:
            return "prefix part must be no more than 253 characters"
        if not _SUBDOMAIN.fullmatch(prefix):
            return f"prefix part {_SUBDOMAIN_TEXT}"
    if not name:
        return f"name part must be non-empty; {_NAME_PART_TEXT}"
    if len(name) > 63:
        return "name part must be no more than 63 characters"
    return None if _QUALIFIED.fullmatch(name) else _NAME_PART_TEXT


def label_value_problem(value: str) -> str | None:
    """Return what is wrong with the value of a label."""
    if len(value) > 63:
        return "must be no more than 63 characters"
    return None if _VALUE.fullmatch(value) else _VALUE_TEXT


def metadata_problems(plural: str, group: str, meta: dict[str, Any]) -> Iterator[Cause]:
    """Yield what is wrong with an object's metadata."""
    problem = name_problem(plural, group, meta["name"])
    if problem:
        yield Cause("metadata.name", f'Invalid value: "{meta["name"]}": {problem}')
    for key, value in (meta.get("labels") or {}).items():
        if problem := label_key_problem(key):
            yield Cause("metadata.labels", f'Invalid value: "{key}": {problem}')
        if problem := label_value_problem(value):
            yield Cause("metadata.labels", f'Invalid value: "{value}": {problem}')
    total = 0
    for key, value in (meta.get("annotations") or {}).items():
        total += len(key) + len(value)
        if problem := label_key_problem(key.lower()):
            yield Cause("metadata.annotations", f'Invalid value: "{key}": {problem}')
    if total > 256 * 1024:
        yield Cause(
            "metadata.annotations", "Too long: may not be more than 262144 bytes", "FieldValueTooLong"
        )
    for index, owner in enumerate(meta.get("ownerReferences") or []):
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                yield Cause(
                    f"metadata.ownerReferences[{index}].{field}",
                    'Invalid value: "": must not be empty',
                )
    if sum(bool(owner.get("controller")) for owner in meta.get("ownerReferences") or []) > 1:
        yield Cause(
            "metadata.ownerReferences", "Invalid value: Only one reference can have Controller set to true"
        )
    for finalizer in meta.get("finalizers") or []:
        if problem := label_key_problem(finalizer):
            yield Cause("metadata.finalizers", f'Invalid value: "{finalizer}": {problem}')
