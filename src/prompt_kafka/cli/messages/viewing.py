"""How the messages of a topic are shown: decoders and masks as the service's configuration has them."""

from __future__ import annotations

from prompt_kafka.factory import Session
from prompt_kafka.messages.view import PLAIN, View


def view_of(look: Session, topic: str) -> View:
    """Return the view of a topic."""
    return PLAIN
