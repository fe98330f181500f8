"""What a topic may be called and how it may be laid out: Kafka's rules, each a refusal by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.kafka import INTERNAL_TOPICS

_LEGAL = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_RESOURCE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_CHART = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")


def _illegal(what: str, why: str) -> RefusedError:
    return RefusedError("illegal-name", f"{what}: {why}", next="choose another name")


def legal_topic(name: str) -> None:
    """Refuse a name that Kafka does not allow (``illegal-name``)."""
    if name in (".", ".."):
        raise _illegal(f"no topic can be called {name!r}", "Kafka keeps these two names for folders")
    if not _LEGAL.fullmatch(name):
        raise _illegal(
            f"no topic can be called {name[:80]!r}",
            "a name has 1 to 249 letters, digits, dots, underscores and hyphens",
        )
    if name in INTERNAL_TOPICS or name.startswith("__"):
        raise _illegal(f"no topic can be called {name}", "names with two underscores are Kafka's own")


def no_collision(name: str, others: Iterable[str]) -> None:
    """Refuse a name that another topic has but for dots and underscores (``illegal-name``).

    Kafka's metrics write both as an underscore, so it refuses the second of two such topics.
    """
    for other in others:
        if other != name and other.replace(".", "_") == name.replace(".", "_"):
            raise _illegal(f"{name} collides with topic {other}", "Kafka takes dot and underscore for one")


def resource_name(topic: str) -> str:
    """Return the name of the ``KafkaTopic``: the topic's own where Kubernetes allows it."""
    if _RESOURCE.fullmatch(topic):
        return topic
    made = re.sub(r"[^a-z0-9.-]+", "-", topic.lower())
    made = re.sub(r"(^|\.)[-.]+|[-.]+($|(?=\.))", r"\1", made).strip("-.")
    if not _RESOURCE.fullmatch(made):
        raise _illegal(f"{topic} makes no name for a Kubernetes object", "it has no letter or digit to keep")
    return made


def legal_user(name: str) -> None:
    """Refuse a user's name that Kubernetes does not allow (``illegal-name``)."""
    if not _RESOURCE.fullmatch(name):
        raise _illegal(f"no KafkaUser can be called {name!r}", "lower-case letters, digits and inner hyphens")


def known_subchart(name: str, existing: Iterable[str], *, new: bool) -> None:
    """Refuse a subchart that is not there and is spelled nearly like one that is (``unknown-subchart``)."""
    if not _CHART.fullmatch(name):
        raise _illegal(f"no subchart can be called {name!r}", "lower-case letters, digits and inner hyphens")
    existing = sorted(existing)
    if name in existing or new:
        return
    near = difflib.get_close_matches(name, existing, n=3, cutoff=0.75)
    if near:
        raise RefusedError(
            "unknown-subchart",
            f"there is no subchart {name}; did you mean {' or '.join(near)}?",
            next=f"--subchart {near[0]}; or --new-subchart if {name} is to be a new one",
        )


def layout(partitions: int, replicas: int, min_in_sync: int, brokers: int) -> None:
    """Refuse what the brokers cannot hold, or what no restart could pass."""
    if partitions < 1 or replicas < 1 or min_in_sync < 1:
        raise RefusedError("too-few", "partitions, replicas and in-sync replicas are at least one")
    if replicas > brokers:
        raise RefusedError(
            "more-replicas-than-brokers",
            f"{replicas} replicas need {replicas} brokers, there are {brokers}",
            next=f"--replicas {brokers} or fewer",
        )
    if min_in_sync >= replicas:
        raise RefusedError(
            "min-in-sync",
            f"with {replicas} replicas of which {min_in_sync} must be in sync, every restart of a broker "
            "stops the writers",
            next=f"--min-in-sync {replicas - 1} or fewer" if replicas > 1 else "--replicas 2 or more",
        )
