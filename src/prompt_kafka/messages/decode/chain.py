"""The chain of decoders: peel what is around, then ask each format in turn, the surest sign first."""

from __future__ import annotations

from prompt_kafka.messages.decode import avro, cbor, message_pack, protobuf
from prompt_kafka.messages.decode.decoded import LIMITS, NULL, Decoded, Layer, Limits, Tried
from prompt_kafka.messages.decode.peel import Peeled, peel
from prompt_kafka.messages.decode.printing import readable
from prompt_kafka.messages.decode.protobuf import Types
from prompt_kafka.messages.decode.schemas import Schemas
from prompt_kafka.messages.decode.words import json_of, recognisable, text_of, unbase64

_NOT_TEXT = "it is not readable text"
_BINARY = (Tried("json", _NOT_TEXT),)


class Chain:
    """Makes bytes readable, and says how and why not otherwise. Thread-safe; never raises.

    Parameters
    ----------
    schemas
        For Avro.
    types
        For Protobuf.
    limits
        How much may be peeled off.
    """

    def __init__(
        self, schemas: Schemas | None = None, types: Types | None = None, limits: Limits = LIMITS
    ) -> None:
        self.schemas = schemas or Schemas()
        self.types = types or Types()
        self.limits = limits

    def decode(self, data: bytes | None, type_name: str = "") -> Decoded:
        """Decode a message.

        Parameters
        ----------
        type_name
            The Protobuf message that it is expected to be.
        """
        if data is None:
            return NULL
        if not type_name:  # the common case, kept short
            text = readable(data)
            if text is not None:
                found = json_of(text, data)
                if isinstance(found, Decoded):
                    return found
                return self._words(text, data, found, "", self.limits.layers)
        return self._decode(data, type_name, self.limits.layers)

    def _decode(self, data: bytes, type_name: str, depth: int) -> Decoded:
        layer = peel(data, self.limits)
        if isinstance(layer, Peeled):
            kind, inner = layer
            if depth > 0:
                found = self._decode(inner, type_name, depth - 1)
                return _within(Layer(kind, len(data), len(inner)), found, data)
            layer = Tried(kind, f"not peeled: more than {self.limits.layers} layers")
        tried: tuple[Tried, ...] = () if layer is None else (layer,)
        guess: Decoded | None = None
        if type_name:
            message = self.types.decode(data, data, type_name)
            if isinstance(message, Tried):
                tried = (*tried, message)
            elif message[1]:
                return message[0]._replace(tried=tried)
            else:
                guess = message[0]
        text = readable(data)
        if text is not None:
            words = json_of(text, data)
            found = words if isinstance(words, Decoded) else self._words(text, data, words, type_name, depth)
        else:
            found = self._bytes(data, type_name)
        if guess is not None and found.format in ("text", "hex"):
            return guess._replace(tried=tried)
        return found._replace(tried=(*tried, *found.tried)) if tried else found

    def _words(self, text: str, data: bytes, why: Tried, type_name: str, depth: int) -> Decoded:
        word = unbase64(text)
        if word is None:
            return text_of(text, data, why)
        if depth == 0:
            return text_of(text, data, why, Tried("base64", f"more than {self.limits.layers} layers"))
        inner = self._decode(word, type_name, depth - 1)
        if recognisable(inner):
            return _within(Layer("base64", len(data), len(word)), inner, data)
        return text_of(text, data, why, Tried("base64", "it decodes, but to nothing recognisable"))

    def _bytes(self, data: bytes, type_name: str) -> Decoded:
        """Try the formats of bytes that are no text; there is at least one byte."""
        tried = list(_BINARY)
        found = avro.decode(data, data, self.schemas, self.limits)
        if isinstance(found, avro.Foreign):
            found = self._registered(data, found, type_name)
        if isinstance(found, Decoded):
            return found._replace(tried=tuple(tried))
        tried.append(found)
        if not type_name:
            tried.append(protobuf.UNTYPED)
        for decoder in (message_pack.decode, cbor.decode):
            found = decoder(data, data)
            if isinstance(found, Decoded):
                return found._replace(tried=tuple(tried))
            tried.append(found)
        digits = data.hex()
        tried.append(Tried("text", _NOT_TEXT))
        return Decoded("hex", digits, digits, (), tuple(tried), data)

    def _registered(self, data: bytes, foreign: avro.Foreign, type_name: str) -> Decoded | Tried:
        """Decode what the registry says to be JSON or Protobuf."""
        if foreign.kind == "JSON":
            text = readable(foreign.body)
            found = json_of(text, data) if text is not None else _BINARY[0]
            return found._replace(schema=f"schema {foreign.number}") if isinstance(found, Decoded) else found
        if foreign.kind != "PROTOBUF" or not type_name:
            return Tried("avro", f"schema {foreign.number} is {foreign.kind}; {protobuf.UNTYPED.why}")
        try:
            message = self.types.decode(protobuf.message_after_indexes(foreign.body), data, type_name)
        except ValueError as error:
            return Tried("protobuf", str(error))
        return message if isinstance(message, Tried) else message[0]


def _within(layer: Layer, inner: Decoded, data: bytes) -> Decoded:
    return inner._replace(layers=(layer, *inner.layers), raw=data)
