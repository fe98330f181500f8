"""Reads ``messages`` of an environment in ``service.yaml``: masks, schemas, exports, saved searches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prompt_kafka.adapters.config_keys import Types, check_keys, line_of
from prompt_kafka.core import fields
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.messages import (
    HOWS,
    MaskRule,
    Messages,
    RegistryAccess,
    SavedFilter,
    SchemaFiles,
)

NAMES: Types = (str, list)
MESSAGES_KEYS: Mapping[str, Types] = {
    "export": bool,
    "throttle": (int, str),
    "masks": dict,
    "schemas": dict,
    "registry": dict,
    "filters": dict,
}
MASK_KEYS: Mapping[str, Types] = {
    "topics": NAMES,
    "paths": NAMES,
    "how": str,
    "text": str,
    "keep": int,
    "key": bool,
    "headers": NAMES,
}
SCHEMA_KEYS: Mapping[str, Types] = {"avro": NAMES, "ids": dict, "protobuf": NAMES, "types": dict}
REGISTRY_KEYS: Mapping[str, Types] = {
    "url": str,
    "timeout": (int, float),
    "user": str,
    "secret_file": str,
    "secret_variable": str,
    "ca_file": str,
}
FILTER_KEYS: Mapping[str, Types] = {
    "topics": NAMES,
    "grep": NAMES,
    "key": NAMES,
    "value": NAMES,
    "header": NAMES,
    "where": str,
}

_SIZES = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(k|M|G|Ki|Mi|Gi|)B?(?:/s)?")
_LONGEST_TIMEOUT_S = 60


def messages(path: Path, entry: Mapping[str, Any], under: str) -> Messages:
    """Return what an environment's entry says of its messages.

    Raises
    ------
    UsageError
        With the line at fault.
    """
    return _Reader(path, f"{under}messages.").messages(entry["messages"])


class _Reader:
    """Reads one environment's part; every complaint names the key and its line."""

    def __init__(self, path: Path, under: str) -> None:
        self._path, self._under = path, under

    def messages(self, data: Any) -> Messages:
        self._check(data, MESSAGES_KEYS, "")
        return Messages(
            masks=tuple(self._mask(data["masks"], name) for name in data.get("masks") or ()),
            export=data.get("export", True),
            throttle=self._rate(data),
            registry=self._registry(data["registry"]) if data.get("registry") else None,
            schemas=self._schemas(data["schemas"]) if data.get("schemas") else SchemaFiles(),
            filters=tuple(self._filter(data["filters"], name) for name in data.get("filters") or ()),
        )

    def _mask(self, masks: Mapping[str, Any], name: str) -> MaskRule:
        rule, at = masks[name] or {}, f"masks.{name}."
        self._check(rule, MASK_KEYS, at)
        topics, paths, headers = (self._names(rule, key, at) for key in ("topics", "paths", "headers"))
        if not topics:
            raise self._wrong(masks, name, at, "must say for which topics", "topics: visits-*")
        if not (paths or headers or rule.get("key")):
            raise self._wrong(masks, name, at, "hides nothing", "say paths, key: true or headers")
        for text in paths:
            try:
                fields.parse(text)
            except UsageError as error:
                raise self._wrong(rule, "paths", f"{at}paths", f"has {error.what}", error.next) from None
        how = rule.get("how", "replace")
        if how not in HOWS:
            raise self._wrong(rule, "how", f"{at}how", f"cannot be {how!r}", f"known: {', '.join(HOWS)}")
        for key, needed in (("text", "replace"), ("keep", "last")):
            if key in rule and how != needed:
                raise self._wrong(rule, key, f"{at}{key}", f"counts only with how: {needed}")
        if rule.get("keep", 0) < 0:
            raise self._wrong(rule, "keep", f"{at}keep", "must not be negative")
        usual = MaskRule(name, ())
        return MaskRule(
            str(name),
            topics,
            paths,
            how,
            str(rule.get("text", usual.text)),
            int(rule.get("keep", usual.keep)),
            rule.get("key", False),
            headers,
        )

    def _rate(self, data: Mapping[str, Any]) -> int:
        given = data.get("throttle", 0)
        found = _RATE.fullmatch(str(given).strip())
        if found is None:
            raise self._wrong(data, "throttle", "throttle", f"cannot be {given!r}", "write 20 MB/s, or bytes")
        return int(float(found[1]) * _SIZES[found[2]])

    def _registry(self, data: Any) -> RegistryAccess:
        at = "registry."
        self._check(data, REGISTRY_KEYS, at)
        address = urlsplit(str(data.get("url", "")))
        if address.scheme not in ("http", "https") or not address.hostname:
            raise self._wrong(data, "url", f"{at}url", "must be an http or https address")
        if address.username or address.password:
            raise self._wrong(
                data,
                "url",
                f"{at}url",
                "must not hold a password",
                "name user, and secret_file or secret_variable",
            )
        timeout = data.get("timeout", 3.0)
        if not 0 < timeout <= _LONGEST_TIMEOUT_S:
            raise self._wrong(
                data, "timeout", f"{at}timeout", f"must be seconds, at most {_LONGEST_TIMEOUT_S}"
            )
        if data.get("secret_file") and data.get("secret_variable"):
            raise self._wrong(data, "secret_file", at.rstrip("."), "names two places for its secret")
        if data.get("user") and not (data.get("secret_file") or data.get("secret_variable")):
            raise self._wrong(
                data, "user", f"{at}user", "needs a password", "name secret_file or secret_variable"
            )
        texts = {key: str(data[key]) for key in REGISTRY_KEYS if key != "timeout" and key in data}
        for key in ("secret_file", "ca_file"):
            if key in texts:
                texts[key] = self._file(data, key, f"{at}{key}", texts[key], there=key == "ca_file")
        return RegistryAccess(timeout=float(timeout), **texts)

    def _schemas(self, data: Any) -> SchemaFiles:
        at = "schemas."
        self._check(data, SCHEMA_KEYS, at)
        avro, protobuf = (
            tuple(self._file(data, key, f"{at}{key}", name) for name in self._names(data, key, at))
            for key in ("avro", "protobuf")
        )
        ids: dict[int, str] = {}
        for number, name in (data.get("ids") or {}).items():
            text = str(number)
            if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**31:
                raise self._wrong(data["ids"], number, f"{at}ids.{number}", "must be a registry's schema id")
            ids[int(text)] = self._file(data["ids"], number, f"{at}ids.{number}", name)
        types: list[tuple[str, str]] = []
        for pattern, name in (data.get("types") or {}).items():
            if not isinstance(name, str) or not re.fullmatch(r"\w+(\.\w+)*", name):
                raise self._wrong(
                    data["types"],
                    pattern,
                    f"{at}types.{pattern}",
                    "must be the full name of a Protobuf message",
                )
            types.append((str(pattern), name))
        if types and not protobuf:
            raise self._wrong(
                data,
                "types",
                f"{at}types",
                "needs descriptor sets",
                "name their files under schemas.protobuf",
            )
        return SchemaFiles(avro, ids, protobuf, tuple(types))

    def _filter(self, filters: Mapping[str, Any], name: str) -> SavedFilter:
        data, at = filters[name] or {}, f"filters.{name}."
        self._check(data, FILTER_KEYS, at)
        topics = self._names(data, "topics", at) or ("*",)
        given = [key for key in FILTER_KEYS if key != "topics" and key in data]
        if not given:
            raise self._wrong(filters, name, at, "looks for nothing", "say grep, key, value, header or where")
        return SavedFilter(str(name), topics, tuple((key, self._names(data, key, at)) for key in given))

    # -- parts ----------------------------------------------------------------------------------------------

    def _check(self, data: Any, known: Mapping[str, Types], at: str) -> None:
        check_keys(self._path, data, known, f"{self._under}{at}")

    def _names(self, data: Mapping[str, Any], key: str, at: str) -> tuple[str, ...]:
        """Return one text or a list of texts."""
        found = data.get(key)
        names = [] if found is None else [found] if isinstance(found, str) else list(found)
        if not all(isinstance(name, str) and name for name in names):
            raise self._wrong(data, key, f"{at}{key}", "must be a text or a list of texts")
        return tuple(str(name) for name in names)

    def _file(self, data: Any, key: Any, at: str, name: Any, *, there: bool = True) -> str:
        """Return the path of a file, which is below the configuration's folder unless it is absolute."""
        if not isinstance(name, str) or not name:
            raise self._wrong(data, key, at, "must be the path of a file")
        path = self._path.parent / Path(name).expanduser()
        if there and not path.is_file():
            raise self._wrong(data, key, at, f"names a file that is not there: {path}")
        return str(path)

    def _wrong(self, data: Any, key: Any, at: str, what: str, next: str | None = None) -> UsageError:
        name = f"{self._under}{at}".rstrip(".")
        where = line_of(self._path, data, key)
        if key not in data and hasattr(data, "lc"):  # what is missing is missed where the rest begins
            where = f"{self._path}:{data.lc.line + 1}"
        return UsageError(f"{name} {what}", where=where, next=next)
