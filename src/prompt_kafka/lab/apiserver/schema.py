"""The schema of a custom resource: unknown fields pruned, defaults filled in, the rest validated.

The definitions of Strimzi and of everybody else are "structural": types are said in ``properties``, ``items``
and ``additionalProperties`` only, so pruning and defaulting follow the object and the schema side by side.
Validation is in :mod:`.validation`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.apiserver.errors import Cause
from prompt_kafka.lab.apiserver.validation import validate

Object = dict[str, Any]
_RULES = "x-kubernetes-validations"
_KEEP = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"
_IMPLIED = ("apiVersion", "kind", "metadata")


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of one version of a kind (``openAPIV3Schema``); not to be changed."""

    root: Object

    def prune(self, obj: Object) -> list[str]:
        """Remove from `obj` what the schema does not know; return the paths that were removed."""
        removed: list[str] = []
        properties = {**self.root.get("properties", {})}
        for name in _IMPLIED:
            properties[name] = {"type": "object", _KEEP: True}
        _prune(obj, {**self.root, "properties": properties}, "", removed)
        return removed

    def default(self, obj: Object) -> None:
        """Fill the schema's defaults into `obj`."""
        _default(obj, self.root)

    def validate(self, obj: Object) -> list[Cause]:
        """Return what is wrong with `obj`."""
        return validate(obj, self.root)

    def rules(self) -> list[str]:
        """Return the paths and texts of the rules that are not evaluated (CEL)."""
        return [f"{path or 'the object'}: {text}" for path, text in _rules(self.root, "")]

    def without_descriptions(self) -> Schema:
        """Return the same schema without its prose."""
        return Schema(_bare(self.root, False))


def _prune(value: Any, schema: Object, path: str, removed: list[str]) -> None:
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        extra = schema.get("additionalProperties")
        keep = bool(schema.get(_KEEP)) or extra is True
        embedded = bool(schema.get(_EMBEDDED))
        for name in list(value):
            where = f"{path}.{name}" if path else name
            if name in properties:
                _prune(value[name], properties[name], where, removed)
            elif embedded and name in _IMPLIED:
                continue
            elif isinstance(extra, dict):
                _prune(value[name], extra, where, removed)
            elif not keep:
                removed.append(where)
                del value[name]
    elif isinstance(value, list):
        items = schema.get("items")
        if isinstance(items, dict):
            for index, item in enumerate(value):
                _prune(item, items, f"{path}[{index}]", removed)


def _default(value: Any, schema: Object) -> None:
    if isinstance(value, dict):
        for name, below in (schema.get("properties") or {}).items():
            if name in value and value[name] is None and not below.get("nullable"):
                # A null where none may be counts as absent.
                del value[name]
            if "default" in below and name not in value:
                value[name] = copy.deepcopy(below["default"])
            if name in value:
                _default(value[name], below)
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            known = schema.get("properties") or {}
            for name, item in value.items():
                if name not in known:
                    _default(item, extra)
    elif isinstance(value, list):
        items = schema.get("items")
        if isinstance(items, dict):
            for item in value:
                _default(item, items)


def _rules(schema: Object, path: str) -> list[tuple[str, str]]:
    found = []
    for rule in schema.get(_RULES) or []:
        text = rule.get("rule", "")
        message = rule.get("message")
        found.append((path, f"{message} ({text})" if message else text))
    for name, below in (schema.get("properties") or {}).items():
        found += _rules(below, f"{path}.{name}" if path else name)
    if isinstance(schema.get("items"), dict):
        found += _rules(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        found += _rules(schema["additionalProperties"], f"{path}.*")
    return found


def _bare(value: Any, names: bool) -> Any:
    """Copy a schema without descriptions; `names` says that the keys are names of fields."""
    if isinstance(value, dict):
        return {
            key: _bare(item, key in ("properties", "patternProperties") and not names)
            for key, item in value.items()
            if names or key != "description"
        }
    if isinstance(value, list):
        return [_bare(item, False) for item in value]
    return value
