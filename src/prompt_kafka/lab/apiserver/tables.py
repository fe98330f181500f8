"""Objects as rows: what ``kubectl get`` prints is decided here, on the server."""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.apiserver import columns, jsonpath
from prompt_kafka.lab.apiserver.ages import age
from prompt_kafka.lab.apiserver.forms import present
from prompt_kafka.lab.apiserver.resources import Column, Resource
from prompt_kafka.lab.apiserver.store import Entry

Object = dict[str, Any]

_NAME = Column("Name", "string", "", "name", "Name must be unique within a namespace.")


def definitions(resource: Resource) -> list[Object]:
    """Return the definitions of a kind's columns."""
    return [
        {
            "name": column.name,
            "type": column.type,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
        }
        for column in _columns(resource)
    ]


def _columns(resource: Resource) -> tuple[Column, ...]:
    if resource.custom:
        return (_NAME, *resource.columns)
    printer = columns.of(resource)
    return (_NAME, *printer.columns) if printer.named else printer.columns


def row(resource: Resource, entry: Entry, include: str) -> Object:
    """Return an object as a row; `include` says how much of the object goes with it."""
    obj = entry.object
    if resource.custom:
        cells = [entry.name, *(_cell(column, obj) for column in resource.columns)]
    else:
        printer = columns.of(resource)
        cells = [entry.name, *printer.cells(obj)] if printer.named else printer.cells(obj)
    made: Object = {"cells": cells}
    if include == "Object":
        made["object"] = present(resource, obj)
    elif include != "None":
        made["object"] = metadata_only(obj)
    return made


def metadata_only(obj: Object) -> Object:
    """Return a ``PartialObjectMetadata``."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def table(resource: Resource, rows: list[Object], meta: Object, *, with_columns: bool = True) -> Object:
    """Return a ``Table``."""
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": definitions(resource) if with_columns else None,
        "rows": rows,
    }


def _cell(column: Column, obj: Object) -> Any:
    value = jsonpath.first(obj, column.path)
    if value is None:
        return None
    if column.type == "string":
        return jsonpath.text(value)
    if column.type == "date":
        return age(value) if isinstance(value, str) else "<invalid>"
    if column.type == "integer":
        return int(value) if isinstance(value, int | float) else None
    if column.type == "number":
        return value if isinstance(value, int | float) else None
    return value if isinstance(value, bool) else None
