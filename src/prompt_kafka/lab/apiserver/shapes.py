"""The fields of the built-in kinds: what is not one of them is dropped with a warning, as by the real one.

They come from lightkube's models. Those are classes that would cost the server 24 MB, so a process of its own
(``python -m prompt_kafka.lab.apiserver.shapes``) writes them down once as a table, which is cached.
"""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from importlib.metadata import version
from typing import Any

from prompt_kafka.clients.assets import cache_home
from prompt_kafka.clients.files import locked, write_atomic
from prompt_kafka.lab.apiserver import definitions
from prompt_kafka.lab.apiserver.errors import bad_request
from prompt_kafka.lab.apiserver.kinds import BUILT_IN
from prompt_kafka.lab.apiserver.resources import Resource
from prompt_kafka.lab.apiserver.schema import Schema

Object = dict[str, Any]
Table = dict[str, dict[str, str]]

_FORM = 1
_MODULES = {
    "": "core_v1",
    "apps": "apps_v1",
    "coordination.k8s.io": "coordination_v1",
    "discovery.k8s.io": "discovery_v1",
    "rbac.authorization.k8s.io": "rbac_v1",
    "policy": "policy_v1",
    "networking.k8s.io": "networking_v1",
    "storage.k8s.io": "storage_v1",
    "apiextensions.k8s.io": "apiextensions_v1",
}
#: Judged by a schema of our own: the real one has a schema for schemas.
_DEFINITION = "apiextensions_v1.CustomResourceDefinition"
_PLAIN: dict[str, Object] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "dict": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    "time": {"type": "string"},
    "intstr": {"x-kubernetes-int-or-string": True},
    "any": {"x-kubernetes-preserve-unknown-fields": True},
}


def model_of(resource: Resource) -> str | None:
    """Return the model of a built-in kind, None for those that are judged otherwise."""
    module = _MODULES.get(resource.storage[0])
    return None if module is None or resource.not_stored else f"{module}.{resource.kind}"


def load() -> dict[str, Schema]:
    """Return the schemas of the built-in kinds by model; makes the table when it is not cached."""
    file = cache_home() / "shapes" / f"{version('lightkube-models')}-{_FORM}.json"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(file.with_suffix(".lock")):
            if not file.exists():
                command = [sys.executable, "-m", __name__]
                made = subprocess.run(command, capture_output=True, check=True, timeout=60)
                write_atomic(file, made.stdout)
    return schemas(json.loads(file.read_text()))


def schemas(table: Table) -> dict[str, Schema]:
    """Turn a table into schemas; what several kinds have in common is shared."""
    made: dict[str, Object] = {}

    def of(expression: str) -> Object:
        if expression.startswith("[]"):
            return {"type": "array", "items": of(expression[2:])}
        if expression in _PLAIN:
            return _PLAIN[expression]
        if expression not in made:
            made[expression] = {"type": "object", "properties": {}}
            fields = table[expression].items()
            made[expression]["properties"].update({name: of(below) for name, below in fields})
        return made[expression]

    return {name: Schema(of(name)) for name in _models() if name in table} | {_DEFINITION: definitions.SHAPE}


def _models() -> set[str]:
    return {name for name in map(model_of, BUILT_IN) if name}


def fit(resource: Resource, shape: Schema, obj: Object) -> list[str]:
    """Drop from `obj` what its kind does not have; return the paths.

    Raises
    ------
    ApiError
        400: a field is of another type.
    """
    unknown = shape.prune(obj)
    shape.default(obj)
    for cause in shape.validate(obj):
        found, wanted = cause.types
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
            f"json: cannot unmarshal {found} into Go struct field .{cause.field} of type {wanted}"
        )
    return unknown


def make() -> Table:
    """Write down the models of the built-in kinds and of everything in them."""
    table: Table = {}
    todo = sorted(_models() - {_DEFINITION})
    while todo:
        name = todo.pop()
        if name in table:
            continue
        module, _, class_name = name.partition(".")
        model = getattr(importlib.import_module(f"lightkube.models.{module}"), class_name)
        fields = table[name] = {}
        for field, annotation in model.__annotations__.items():
            # Some names are keywords in Python.
            fields[field.strip("_")] = _expression(str(annotation), module)
        todo += [e for e in (text.lstrip("[]") for text in fields.values()) if e not in _PLAIN]
    return table


def _expression(annotation: str, module: str) -> str:
    annotation = re.sub(r"^Optional\[(.*)\]$", r"\1", annotation.strip("'"))
    listed = re.match(r"^List\[(.*)\]$", annotation)
    if listed:
        return "[]" + _expression(listed[1], module)
    if annotation in _PLAIN:
        return annotation
    home, _, name = annotation.rpartition(".")
    if name in ("Time", "MicroTime"):
        return "time"
    if home == "util_intstr":
        return "intstr"
    if home in ("resource", "runtime") or name == "FieldsV1":
        return "any"
    return f"{home or module}.{name}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(make(), separators=(",", ":")))
