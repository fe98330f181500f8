"""A document as folded, coloured HTML. Every name and value in it is escaped, whatever it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator

from markupsafe import Markup, escape

MOST = 5000
"""Values that are drawn; the rest is in the text below."""

DEEP, OPEN = 40, 3
"""So many levels are drawn, and so many are open at first."""


def tree(value: object) -> Markup:
    """Return a document's fields, folded where they have fields themselves."""
    left = [MOST]
    return Markup("").join(_drawn(value, 0, left))


def _drawn(value: object, depth: int, left: list[int]) -> Iterator[Markup]:
    left[0] -= 1
    if left[0] < 0:
        if left[0] == -1:
            yield Markup('<span class="quiet">…</span>')
        return
    if isinstance(value, dict) and value and depth < DEEP:
        yield from _folded("{", "}", [(str(k), v) for k, v in value.items()], depth, left)
    elif isinstance(value, list) and value and depth < DEEP:
        yield from _folded("[", "]", [("", each) for each in value], depth, left)
    else:
        kind = "text" if isinstance(value, str) else "other"
        yield Markup('<span class="json-{}">{}</span>').format(kind, _said(value))


def _folded(
    begin: str, end: str, members: list[tuple[str, object]], depth: int, left: list[int]
) -> Iterator[Markup]:
    opened = Markup(" open") if depth < OPEN and len(members) <= 60 else Markup("")
    yield Markup('<details class="json"{}><summary>{}<span class="quiet"> {} </span></summary><ul>').format(
        opened, begin, len(members)
    )
    for name, member in members:
        label = Markup('<span class="json-name">{}</span>: ').format(json.dumps(name, ensure_ascii=False))
        yield Markup("<li>") + (label if begin == "{" else Markup(""))
        yield from _drawn(member, depth + 1, left)
        yield Markup("</li>")
        if left[0] < 0:
            break
    yield Markup("</ul>{}</details>").format(end)


def _said(value: object) -> Markup:
    try:
        return escape(json.dumps(value, ensure_ascii=False))
    except (TypeError, ValueError):
        return escape(str(value))
