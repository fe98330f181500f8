"""Strategic merge patch, for the lists of the built-in kinds that kubectl's lines touch.

The real server reads the merge keys from its Go types. Here they are a table by the name of the list; a list
that is not in it is replaced whole, as the real one does with an atomic list.
"""

from __future__ import annotations

import copy
from typing import Any

from prompt_kafka.lab.apiserver.errors import bad_request

#: Merge keys by the name of the list; for two of them the key depends on what the items look like.
MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("containerPort", "port"),
    "conditions": ("type",),
    "addresses": ("type",),
    "taints": ("key",),
    "ownerReferences": ("uid",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "podIPs": ("ip",),
    "secrets": ("name",),
    "topologySpreadConstraints": ("topologyKey",),
    "resourceClaims": ("name",),
}
#: Lists of plain values that are merged as sets.
MERGED_VALUES = frozenset({"finalizers"})


def strategic_merge(target: Any, patch: Any) -> Any:
    """Return `target` with a strategic merge patch applied; `target` is not changed."""
    if not isinstance(patch, dict):
        raise bad_request("error decoding patch: a strategic merge patch is an object")
    return _merge_object(target if isinstance(target, dict) else {}, patch)


def _merge_object(target: dict[str, Any], patch: dict[str, Any]) -> Any:
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: copy.deepcopy(value) for key, value in patch.items() if not key.startswith("$")}
    if directive == "delete":
        return {}
    result = dict(target)
    retain = patch.get("$retainKeys")
    if isinstance(retain, list):
        result = {key: value for key, value in result.items() if key in retain}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            result[name] = [item for item in result.get(name) or [] if item not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = _merge_object(below if isinstance(below, dict) else {}, value)
        elif isinstance(value, list):
            result[key] = _merge_list(key, result.get(key) or [], value)
        else:
            result[key] = value
    for key, order in patch.items():
        if key.startswith("$setElementOrder/"):
            name = key.partition("/")[2]
            if name in result:
                result[name] = _ordered(name, result[name], order)
    return result


def _key_of(name: str, items: list[Any]) -> str | None:
    for key in MERGE_KEYS.get(name, ()):
        if any(isinstance(item, dict) and key in item for item in items):
            return key
    return None


def _merge_list(name: str, target: list[Any], patch: list[Any]) -> list[Any]:
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [copy.deepcopy(item) for item in patch if "$patch" not in item]
    if name in MERGED_VALUES:
        return target + [item for item in patch if item not in target]
    key = _key_of(name, patch)
    if key is None:
        return copy.deepcopy(patch)
    result = list(target)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        at = next((i for i, old in enumerate(result) if old.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            if at is not None:
                del result[at]
        elif at is None:
            result.append(_merge_object({}, item))
        else:
            result[at] = _merge_object(result[at], item)
    return result


def _ordered(name: str, items: list[Any], order: list[Any]) -> list[Any]:
    """Sort a list as `order` says; items that it does not name keep their place behind their predecessor."""
    key = _key_of(name, order)

    def mark(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    place = {repr(mark(item)): index for index, item in enumerate(order)}
    ranks: list[tuple[int, int]] = []
    last = -1
    for index, item in enumerate(items):
        last = place.get(repr(mark(item)), last)
        ranks.append((last, index))
    return [item for _, item in sorted(zip(ranks, items, strict=True), key=lambda pair: pair[0])]
