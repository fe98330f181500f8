"""How the messages of a topic are shown: decoders and masks as the service's configuration has them."""

from __future__ import annotations

from prompt_kafka.factory import Session
from prompt_kafka.messages import views


def view_of(look: Session, topic: str) -> views.TopicView:
    """Return the view of a topic."""
    return views.view_of(look.environment.messages, topic)
