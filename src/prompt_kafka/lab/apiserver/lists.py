"""Lists: whole or in pages, of the present or of a version that was just seen."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from prompt_kafka.lab.apiserver.errors import ApiError, bad_request, expired
from prompt_kafka.lab.apiserver.objects import Call
from prompt_kafka.lab.apiserver.requests import number
from prompt_kafka.lab.apiserver.selectors import Selector
from prompt_kafka.lab.apiserver.store import Entry, Object, Store

#: Lists that are being read in pages; the oldest is forgotten first.
_KEPT = 32


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list and the list's metadata."""

    entries: list[Entry]
    meta: Object


class Lists:
    """Answers lists; keeps those that are read in pages as they were at the first page."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: OrderedDict[str, tuple[int, list[Entry]]] = OrderedDict()

    def page(self, call: Call, selector: Selector, query: Mapping[str, str]) -> Page:
        """Return the list, or the page of it, that a query asks for."""
        limit = number(query, "limit") or 0
        token = query.get("continue", "")
        if token:
            if query.get("resourceVersionMatch"):
                raise bad_request("resourceVersionMatch is forbidden when continue is provided")
            return self._next(token, limit)
        self._check_version(query, limit)
        resource = call.resource
        space = call.namespace if resource.namespaced and call.namespace else None
        entries = self._store.entries(resource.storage, space if resource.namespaced else "")
        if call.name:
            entries = [entry for entry in entries if entry.name == call.name]
        if selector:
            entries = [entry for entry in entries if selector.matches(entry.object)]
        return self._cut(self._store.version, entries, 0, limit)

    def _check_version(self, query: Mapping[str, str], limit: int) -> None:
        wanted, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
        if match not in ("", "Exact", "NotOlderThan"):
            raise bad_request(f'resourceVersionMatch: Unsupported value: "{match}"')
        if match and not wanted:
            raise bad_request("resourceVersionMatch is forbidden unless resourceVersion is provided")
        if not wanted or wanted == "0":
            return
        version = version_number(wanted)
        check_not_ahead(self._store, version)
        if version != self._store.version and (match == "Exact" or (limit and not match)):
            raise expired("The provided resource version is no longer available: list again")

    def _cut(self, version: int, entries: list[Entry], start: int, limit: int) -> Page:
        meta: Object = {"resourceVersion": str(version)}
        rest = len(entries) - start - limit
        if not limit or rest <= 0:
            return Page(entries[start:] if start else entries, meta)
        token = f"{secrets.token_urlsafe(9)}.{start + limit}"
        self._open[token] = (version, entries)
        while len(self._open) > _KEPT:
            self._open.popitem(last=False)
        meta["continue"] = token
        meta["remainingItemCount"] = rest
        return Page(entries[start : start + limit], meta)

    def _next(self, token: str, limit: int) -> Page:
        found = self._open.get(token)
        at = token.rpartition(".")[2]
        if found is None:
            if not at.isdigit():
                raise bad_request("continue key is not valid")
            raise expired(
                "The provided continue parameter is too old to display a consistent list result. You can "
                "start a new list without the continue parameter."
            )
        version, entries = found
        return self._cut(version, entries, int(at), limit)


def version_number(text: str) -> int:
    """Return a resource version as a number."""
    if not text.isdigit():
        raise ApiError(
            400, "BadRequest", f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)


def check_not_ahead(store: Store, version: int) -> None:
    """Refuse a resource version that is still to come."""
    if version > store.version:
        raise ApiError(
            504,
            "Timeout",
            f"Too large resource version: {version}, current: {store.version}",
            {
                "retryAfterSeconds": 1,
                "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            },
        )
