"""Bytes as a person can read them, whatever they hold, with how that was found; see docs/messages.md."""

from prompt_kafka.messages.decode.chain import Chain
from prompt_kafka.messages.decode.decoded import LIMITS, NULL, Decoded, Layer, Limits, Tried
from prompt_kafka.messages.decode.printing import printable
from prompt_kafka.messages.decode.protobuf import Types
from prompt_kafka.messages.decode.schemas import Schemas

PLAIN = Chain()
"""A chain without schemas."""

show = PLAIN.decode

__all__ = [
    "LIMITS",
    "NULL",
    "PLAIN",
    "Chain",
    "Decoded",
    "Layer",
    "Limits",
    "Schemas",
    "Tried",
    "Types",
    "printable",
    "show",
]
