"""A search that ended early, as a word to go on from: what was asked, and the offsets that are left."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import replace
from typing import Any

from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages.asking import UNREACHED, Asking, Found
from prompt_kafka.messages.bounds import Bound, Range
from prompt_kafka.messages.filters import Filter, Text

VERSION = 1
LONGEST = 1 << 20


def token_of(asking: Asking, found: Found) -> str | None:
    """Return the word to go on from; ``None`` if everything that can be read was."""
    left = [
        [each.partition, each.first, each.end] for each in found.page.unread if each.why.startswith(UNREACHED)
    ]
    if not left:
        return None
    span = asking.span
    content = {
        "v": VERSION,
        "topic": asking.topic,
        "id": found.page.topic_id,
        "left": left,
        "forwards": asking.forwards,
        "committed": asking.committed,
        "wanted": asking.wanted,
        "after": span.after_ms,
        "before": span.before_ms,
        "texts": [[t.part, t.how, t.text, t.ignore_case, t.header] for t in asking.filter.texts],
        "where": asking.filter.where,
        "shown": asking.filter.shown,
    }
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def asking_of(token: str) -> tuple[Asking, str]:
    """Return what is left of a search, and the id of its topic.

    Raises
    ------
    UsageError
        If it is no such word.
    """
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
        content = json.loads(zlib.decompressobj().decompress(packed, LONGEST))
        return _asking(content), str(content["id"])
    except (ValueError, KeyError, TypeError, binascii.Error, zlib.error, RecursionError):
        raise UsageError(
            "this is no word to continue from", next="copy it whole from the end of the search"
        ) from None


def _asking(content: Any) -> Asking:
    if content["v"] != VERSION:
        raise ValueError("another version")
    left = tuple((int(p), int(first), int(end)) for p, first, end in content["left"])
    span = Range(late_ms=None)
    if content["after"] is not None:
        span = replace(span, lower=Bound("time", int(content["after"])))
    if content["before"] is not None:
        span = replace(span, upper=Bound("time", int(content["before"])))
    texts = tuple(Text(*each) for each in content["texts"])
    return Asking(
        topic=str(content["topic"]),
        filter=Filter(texts, content["where"], bool(content["shown"])),
        span=span,
        partitions=tuple(sorted({p for p, _, _ in left})),
        wanted=None if content["wanted"] is None else int(content["wanted"]),
        forwards=bool(content["forwards"]),
        committed=bool(content["committed"]),
        left=left,
    )
