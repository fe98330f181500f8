"""How messages may be read: what ``service.yaml`` says under ``messages`` of an environment, as values."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

How = Literal["remove", "replace", "last", "hash"]
HOWS: tuple[How, ...] = ("remove", "replace", "last", "hash")
MASK_SALT = "PROMPT_KAFKA_MASK_SALT"
"""Variable with the secret that makes hashes of masks comparable between two commands."""


def covers(patterns: tuple[str, ...], name: str) -> bool:
    """Return whether a name fits one of some shell patterns."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class MaskRule:
    """What is hidden in the messages of some topics.

    Attributes
    ----------
    name
        For refusals and for whoever wonders why something is not shown.
    topics
        Shell patterns.
    paths
        JSON paths of the fields of the value.
    how
        ``remove`` the field, ``replace`` it with `text`, keep the ``last`` `keep` characters, or ``hash``.
    key
        The whole key too.
    headers
        Shell patterns of the headers whose values are hidden too.
    """

    name: str
    topics: tuple[str, ...]
    paths: tuple[str, ...] = ()
    how: How = "replace"
    text: str = "***"
    keep: int = 4
    key: bool = False
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """A schema registry and how it is reached.

    Attributes
    ----------
    timeout
        Seconds for one request as a whole.
    user
        For basic authentication; without one the secret is a bearer token.
    secret_file, secret_variable
        Where the password or the token is; it is read when it is used.
    ca_file
        Trusted certificates; the system's when empty.
    """

    url: str
    timeout: float = 3.0
    user: str = ""
    secret_file: str = ""
    secret_variable: str = ""
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class SchemaFiles:
    """Schemas in files, paths as given or below the configuration's folder.

    Attributes
    ----------
    avro
        Files with one schema each, found by their fingerprint.
    ids
        File of the schema that a registry would give for an id.
    protobuf
        Files with a descriptor set each.
    types
        Topic patterns and the Protobuf message in their values, the first that fits counts.
    """

    avro: tuple[str, ...] = ()
    ids: Mapping[int, str] = field(default_factory=dict, hash=False)
    protobuf: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A search that has a name, kept in Git: the options of ``messages`` for some topics.

    Attributes
    ----------
    options
        Option without its dashes, and its values.
    """

    name: str
    topics: tuple[str, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Messages:
    """How messages of an environment may be read.

    Attributes
    ----------
    masks
        What is hidden.
    export
        Whether records may be written to files.
    throttle
        Bytes per second that one reading may take from the brokers; 0 for as fast as it goes.
    filters
        Saved searches.
    """

    masks: tuple[MaskRule, ...] = ()
    export: bool = True
    throttle: int = 0
    registry: RegistryAccess | None = None
    schemas: SchemaFiles = SchemaFiles()
    filters: tuple[SavedFilter, ...] = ()

    def masks_of(self, topic: str) -> tuple[MaskRule, ...]:
        """Return the rules that a topic is under."""
        return tuple(rule for rule in self.masks if covers(rule.topics, topic))

    def type_of(self, topic: str) -> str:
        """Return the Protobuf message in the values of a topic, empty where none is said."""
        return next((name for pattern, name in self.schemas.types if covers((pattern,), topic)), "")

    def filters_of(self, topic: str) -> tuple[SavedFilter, ...]:
        """Return the saved searches of a topic."""
        return tuple(each for each in self.filters if covers(each.topics, topic))


ANYTHING = Messages()
"""Nothing is hidden, nothing forbidden: where nothing is configured."""
