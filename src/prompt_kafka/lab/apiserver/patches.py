"""JSON merge patch (RFC 7386) and JSON patch (RFC 6902)."""

from __future__ import annotations

import copy
from typing import Any

from prompt_kafka.lab.apiserver.errors import ApiError, bad_request


def merge(target: Any, patch: Any) -> Any:
    """Return `target` with a merge patch applied; `target` is not changed."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def json_patch(target: Any, operations: Any) -> Any:
    """Return `target` with a JSON patch applied; `target` is not changed.

    Raises
    ------
    ApiError
        400 when the patch cannot be read, 422 when an operation cannot be carried out.
    """
    if not isinstance(operations, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"
        )
    document = copy.deepcopy(target)
    for operation in operations:
        if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
            raise bad_request("error decoding patch: an operation has no path")
        document = _apply(document, operation)
    return document


def _failed(text: str) -> ApiError:
    message = f"the server rejected our request due to an error in our request: {text}"
    return ApiError(422, "Invalid", message, {})


def _apply(document: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation.get("op"), operation["path"]
    if kind in ("add", "replace", "test") and "value" not in operation:
        raise bad_request(f"error decoding patch: {kind} {path} has no value")
    if kind == "test":
        if _get(document, path, "test") != operation["value"]:
            raise _failed(f"testing value {path} failed: test failed")
        return document
    if kind == "add":
        return _set(document, path, copy.deepcopy(operation["value"]), insert=True)
    if kind == "replace":
        # As the real server's library does: a member that is not there is added.
        return _set(document, path, copy.deepcopy(operation["value"]), insert=False)
    if kind == "remove":
        return _remove(document, path)
    if kind in ("move", "copy"):
        origin = str(operation.get("from"))
        value = copy.deepcopy(_get(document, origin, kind))
        if kind == "move":
            document = _remove(document, origin)
        return _set(document, path, value, insert=True)
    raise bad_request(f"error decoding patch: unexpected kind: {kind}")


def _steps(path: str) -> list[str]:
    if not path:
        return []
    if not path.startswith("/"):
        raise _failed(f"path {path!r} does not start with /")
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _get(document: Any, path: str, kind: str) -> Any:
    value = document
    for step in _steps(path):
        try:
            value = value[_index(value, step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            raise _failed(
                f"{kind} operation does not apply: doc is missing path: {path}: missing value"
            ) from None
    return value


def _index(value: list[Any], step: str, end: bool = False) -> int:
    index = len(value) if end and step == "-" else int(step)
    if not 0 <= index <= len(value) - (0 if end else 1):
        raise IndexError(step)
    return index


def _parent(document: Any, path: str, kind: str) -> tuple[Any, str]:
    head, _, _ = path.rpartition("/")
    parent = _get(document, head, kind)
    if not isinstance(parent, dict | list):
        raise _failed(f"{kind} operation does not apply: doc is missing path: {path}: missing value")
    return parent, _steps(path)[-1]


def _set(document: Any, path: str, value: Any, *, insert: bool) -> Any:
    if not path:
        return value
    kind = "add" if insert else "replace"
    parent, step = _parent(document, path, kind)
    if isinstance(parent, dict):
        parent[step] = value
        return document
    try:
        index = _index(parent, step, end=insert)
    except (ValueError, IndexError):
        raise _failed(f"{kind} operation does not apply: {path}: invalid index referenced") from None
    if insert:
        parent.insert(index, value)
    else:
        parent[index] = value
    return document


def _remove(document: Any, path: str) -> Any:
    _get(document, path, "remove")
    parent, step = _parent(document, path, "remove")
    del parent[_index(parent, step) if isinstance(parent, list) else step]
    return document
