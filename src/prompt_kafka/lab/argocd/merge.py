"""Three-way merge of an object: last applied, wanted, live.

Argo CD decides with it both what differs and what to send, so the two can never disagree. Custom resources
merge as JSON (lists are one value), built-in kinds merge lists of maps by their key, as ``kubectl apply``
does. What only the live object has (defaults, an operator's fields, somebody's annotation) stays and is no
difference; what Git had and has no more goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

_LIST_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("containerPort", "port"),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
}
_QUANTITIES = ("limits", "requests", "hard", "capacity")
_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal("1e3"),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "T": Decimal("1e12"),
    "P": Decimal("1e15"),
    "E": Decimal("1e18"),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}


def without_nulls(value: Any) -> Any:
    """Return `value` without null fields, those inside list elements included, as the merge sees it."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch that makes `after` of `before`; empty when they are equal."""
    patch: dict[str, Any] = {}
    for key, value in after.items():
        if key not in before:
            patch[key] = value
        elif isinstance(value, Mapping) and isinstance(before[key], Mapping):
            if inner := merge_patch(before[key], value):
                patch[key] = inner
        elif value != before[key]:
            patch[key] = value
    for key in before:
        if key not in after:
            patch[key] = None
    return patch


def three_way(
    applied: Mapping[str, Any] | None,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any],
    *,
    strategic: bool,
) -> dict[str, Any]:
    """Return what `live` becomes when `wanted` is applied.

    Parameters
    ----------
    applied
        What was applied last; None when the live object does not say (then nothing is removed).
    wanted
        The manifest from Git.
    live
        The object as it is.
    strategic
        Whether lists of maps merge by key (built-in kinds) or are one value (custom resources).
    """
    return _maps(applied or {}, wanted, live, strategic, "")


def _maps(
    applied: Mapping[str, Any], wanted: Mapping[str, Any], live: Mapping[str, Any], strategic: bool, name: str
) -> dict[str, Any]:
    result = dict(live)
    for key, value in wanted.items():
        if value is None:
            continue
        if key in live:
            result[key] = _value(
                applied.get(key), value, live[key], strategic, key, name in _QUANTITIES and strategic
            )
        else:
            result[key] = value
    for key, value in applied.items():
        if value is not None and wanted.get(key) is None:
            result.pop(key, None)
    return result


def _value(applied: Any, wanted: Any, live: Any, strategic: bool, name: str, quantity: bool) -> Any:
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return _maps(applied if isinstance(applied, Mapping) else {}, wanted, live, strategic, name)
    if strategic and isinstance(wanted, list) and isinstance(live, list):
        return _lists(applied if isinstance(applied, list) else [], wanted, live, name)
    if quantity and same_quantity(wanted, live):
        return live
    return wanted


def _lists(applied: list[Any], wanted: list[Any], live: list[Any], name: str) -> list[Any]:
    key = _list_key(name, applied, wanted, live)
    if key is None:
        if len(wanted) != len(live):
            return wanted
        befores = applied if len(applied) == len(wanted) else [None] * len(wanted)
        return [_value(*each, True, "", False) for each in zip(befores, wanted, live, strict=True)]
    by_applied = {each[key]: each for each in applied}
    by_wanted = {each[key]: each for each in wanted}
    by_live = {each[key]: each for each in live}
    merged = {
        name: _maps(by_applied.get(name, {}), each, by_live[name], True, "") if name in by_live else each
        for name, each in by_wanted.items()
    }
    kept = {name: each for name, each in by_live.items() if name in merged or name not in by_applied}
    ordered = kept if all(name in kept for name in merged) else {**merged, **kept}
    return [merged.get(name, each) for name, each in ordered.items()]


def _list_key(name: str, *lists: list[Any]) -> str | None:
    for key in _LIST_KEYS.get(name, ()):
        if all(_keyed(each, key) for each in lists):
            return key
    return None


def _keyed(items: list[Any], key: str) -> bool:
    names = [each.get(key) if isinstance(each, Mapping) else None for each in items]
    return None not in names and len(set(names)) == len(names)


def same_quantity(one: Any, other: Any) -> bool:
    """Return whether two Kubernetes quantities (``1`` and ``1000m``) are the same amount."""
    try:
        return quantity(one) == quantity(other)
    except (InvalidOperation, ValueError):
        return False


def quantity(text: Any) -> Decimal:
    """Return the number that a Kubernetes quantity stands for.

    Raises
    ------
    ValueError
        It is not a quantity.
    """
    plain = str(text)
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if plain.endswith(suffix):
            return Decimal(plain[: -len(suffix)]) * _SUFFIXES[suffix]
    return Decimal(plain)
