"""The view of a topic as the configuration has it: its decoders, and its masks."""

from __future__ import annotations

import os
from collections.abc import Mapping

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.messages import MASK_SALT, MaskRule, Messages
from prompt_kafka.messages.decode import Chain, Schemas, Types
from prompt_kafka.messages.masks import Mask, masked
from prompt_kafka.messages.view import Viewed


class TopicView:
    """Decodes and masks the records of one topic. Thread-safe.

    Parameters
    ----------
    chain
        The decoders.
    type_name
        The Protobuf message in its values, where one is named.
    rules
        The masks that it is under.
    salt
        For masks that hash.
    """

    def __init__(
        self, chain: Chain, type_name: str = "", rules: tuple[MaskRule, ...] = (), salt: str = ""
    ) -> None:
        self.rules = rules
        self._chain, self._type = chain, type_name
        self._masks = tuple(Mask(rule, salt) for rule in rules)

    @property
    def masks(self) -> bool:
        """Whether something may be hidden: filters must look at what is shown."""
        return bool(self.rules)

    def __call__(self, record: Record) -> Viewed:
        """Return a record as it is shown."""
        decode = self._chain.decode
        headers = tuple((name, decode(value)) for name, value in record.headers)
        viewed = Viewed(record, decode(record.key), decode(record.value, self._type), headers)
        return masked(viewed, self._masks) if self._masks else viewed


def chain_of(settings: Messages) -> Chain:
    """Return the decoders of an environment.

    Raises
    ------
    UsageError
        A schema's file cannot be used.
    """
    registry = None
    if settings.registry is not None:
        from prompt_kafka.clients.registry import SchemaRegistry

        registry = SchemaRegistry(settings.registry)
    return Chain(Schemas(settings.schemas, registry), Types(settings.schemas.protobuf))


def view_of(settings: Messages, topic: str, variables: Mapping[str, str] | None = None) -> TopicView:
    """Return the view of a topic.

    Raises
    ------
    UsageError
        A schema's file or a mask's path cannot be used.
    """
    chain, type_name = chain_of(settings), settings.type_of(topic)
    _load(chain, settings, type_name)
    salt = (os.environ if variables is None else variables).get(MASK_SALT, "")
    return TopicView(chain, type_name, settings.masks_of(topic), salt)


def _load(chain: Chain, settings: Messages, type_name: str) -> None:
    """Read the files that are named now, so that a mistake in them is an error and no reason on a record."""
    try:
        if settings.schemas.avro or settings.schemas.ids:
            chain.schemas.load()
        if type_name:
            chain.types.load(type_name)
    except ImportError:
        pass  # each record says what to install
