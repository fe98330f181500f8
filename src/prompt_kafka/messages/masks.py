"""Masks: what a rule hides of a record before anybody sees it, filters it or writes it to a file.

A rule fails closed. A value that is no document (no JSON, no Avro …) has no fields that could be found, so
nothing of it is shown; the stored bytes of a topic with masks are shown to nobody, in no form.
"""

from __future__ import annotations

import fnmatch
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Any

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.fields import REMOVED, Step, changed, parse
from prompt_kafka.core.messages import MaskRule
from prompt_kafka.messages.decode import Decoded
from prompt_kafka.messages.decode.plain import document
from prompt_kafka.messages.decode.printing import printable
from prompt_kafka.messages.view import Viewed

FORMAT = "masked"
STARS = "***"
NOT_PARSEABLE = "masked: not parseable"
_OWN_SALT = secrets.token_bytes(16)


def refuse_raw(rules: Sequence[MaskRule], topic: str) -> None:
    """Refuse the stored bytes of a topic that has masks.

    Raises
    ------
    RefusedError
        With the names of the rules.
    """
    if rules:
        names = ", ".join(rule.name for rule in rules)
        raise RefusedError(
            "masked",
            f"the stored bytes of {topic} are not given out: it has the mask {names}",
            next="read or export what is shown (NDJSON, CSV); masks are in service.yaml under messages.masks",
        )


class Mask:
    """A rule ready to be applied.

    Parameters
    ----------
    salt
        Secret that makes hashes equal in two commands; without one they are equal within this process only,
        so that nobody can find a value by trying all of them.
    """

    def __init__(self, rule: MaskRule, salt: str = "") -> None:
        self.rule = rule
        self._salt = salt.encode() or _OWN_SALT
        self._paths: list[tuple[Step, ...]] = [parse(path) for path in rule.paths]

    def value(self, decoded: Decoded) -> Decoded:
        """Return a value without the fields that the rule hides."""
        if not self._paths or decoded.format in ("null", FORMAT):
            return decoded
        if not decoded.structured:
            return Decoded(FORMAT, NOT_PARSEABLE, NOT_PARSEABLE)
        try:
            document_ = decoded.value
            for path in self._paths:
                document_ = changed(document_, path, self._hide)
            return decoded._replace(value=document_, text=document(document_), tried=(), raw=None)
        except RecursionError:
            return Decoded(FORMAT, NOT_PARSEABLE, NOT_PARSEABLE)

    def whole(self, decoded: Decoded) -> Decoded:
        """Return a key or a header's value with all of it hidden; one that is not there stays so."""
        if decoded.format in ("null", FORMAT):
            return decoded
        shown = self._hide(decoded.value)
        text = "masked: removed" if shown is REMOVED else str(shown)
        return Decoded(FORMAT, None if shown is REMOVED else text, printable(text))

    def hides_header(self, name: str) -> bool:
        """Return whether a header's value is hidden."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.rule.headers)

    def _hide(self, value: Any) -> Any:
        how = self.rule.how
        if how == "remove":
            return REMOVED
        if how == "replace":
            return self.rule.text
        if how == "hash":
            data = json.dumps(value, sort_keys=True).encode()
            return "hash:" + hmac.new(self._salt, data, hashlib.sha256).hexdigest()[:16]
        if isinstance(value, (dict, list)) or value is None:
            return STARS
        text = str(value)
        return STARS + (text[-self.rule.keep :] if 0 < self.rule.keep < len(text) else "")


def masked(viewed: Viewed, masks: Sequence[Mask]) -> Viewed:
    """Return a record as it may be shown: its bytes are those of the text that is shown."""
    key, value, headers = viewed.key, viewed.value, viewed.headers
    for mask in masks:
        value = mask.value(value)
        if mask.rule.key:
            key = mask.whole(key)
        headers = tuple((n, mask.whole(each) if mask.hides_header(n) else each) for n, each in headers)
    key, value = key._replace(raw=None), value._replace(raw=None)
    headers = tuple((name, each._replace(raw=None)) for name, each in headers)
    record = viewed.record
    shown = Record(
        record.topic,
        record.partition,
        record.offset,
        record.time_ms,
        _bytes(key),
        _bytes(value),
        tuple((name, _bytes(each)) for name, each in headers),
        record.transactional,
    )
    return Viewed(shown, key, value, headers, hidden=True)


def _bytes(decoded: Decoded) -> bytes | None:
    return None if decoded.format == "null" else decoded.text.encode("utf-8", "backslashreplace")
