"""What bytes turned out to be: the format that matched, what was peeled off, and why the others did not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Layer(NamedTuple):
    """Something that was peeled off.

    Parameters
    ----------
    kind
        ``gzip``, ``zstd``, ``lz4``, ``snappy`` or ``base64``.
    before, after
        Bytes with it and without it.
    """

    kind: str
    before: int
    after: int


class Tried(NamedTuple):
    """A format that did not match, and why; the reason never quotes what the bytes hold."""

    format: str
    why: str


class Decoded(NamedTuple):
    """Bytes made readable. Immutable.

    Parameters
    ----------
    format
        ``null`` for no bytes at all (a tombstone), ``json`` for a JSON object or list, ``avro``,
        ``protobuf``, ``msgpack``, ``cbor``, ``text``, ``hex``, or ``masked``.
    value
        What JSON can hold: the parsed document, the text, the hex digits, or ``None``.
    text
        The whole of it, safe to print: no character that drives a terminal.
    layers
        What was peeled off, the outermost first.
    tried
        What was tried before `format` matched.
    raw
        The bytes as they were written, with all layers; ``None`` for a tombstone and where a mask hides them.
    schema
        The schema that was used, where the format needs one.
    """

    format: str
    value: Any
    text: str
    layers: tuple[Layer, ...] = ()
    tried: tuple[Tried, ...] = ()
    raw: bytes | None = None
    schema: str = ""

    @property
    def structured(self) -> bool:
        """`value` is a document with fields, not text or digits."""
        return self.format in STRUCTURED


STRUCTURED = frozenset({"json", "avro", "protobuf", "msgpack", "cbor"})
NULL = Decoded("null", None, "")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a message may become when it is peeled.

    Parameters
    ----------
    output
        Bytes that one layer may hold.
    ratio
        How many times larger a layer may be than the bytes it came from; `free` bytes are always allowed.
    layers
        How many layers are peeled.
    """

    output: int = 32 << 20
    ratio: int = 250
    free: int = 1 << 20
    layers: int = 4

    def bound(self, size: int) -> int:
        """Return how many bytes may come out of `size` bytes."""
        return min(self.output, max(self.free, size * self.ratio))


LIMITS = Limits()
EXTRA = "not tried: install prompt-kafka[decoders]"
"""Why a format was not tried whose library is not installed."""
