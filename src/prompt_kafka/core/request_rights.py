"""What a person asks of topics that are there, and of users: part of :mod:`prompt_kafka.core.request`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserRight:
    """What a user is to be able to do with a topic, or no longer.

    Attributes
    ----------
    may
        ``read``, ``write`` or both.
    topic
        A topic's name; with ``*`` at its end all that begin so.
    group
        The group in which it reads, in the same form; empty where none was named.
    """

    may: tuple[str, ...]
    topic: str
    group: str = ""

    def __str__(self) -> str:
        return f"{'+'.join(self.may)}:{self.topic}{f'@{self.group}' if self.group else ''}"


@dataclass(frozen=True, slots=True)
class AlterTopicRequest:
    """Change the settings of a topic; None and nothing leave one as it is.

    Attributes
    ----------
    name
        On the brokers.
    replicas
        Refused where it is another number: that is a reassignment.
    retention_ms, retention
        Milliseconds, -1 for ever; and the same for people.
    settings
        Kafka's own names, each with its value.
    with_undeployed, stable_s
        As when a topic is created.
    """

    name: str
    partitions: int | None = None
    replicas: int | None = None
    min_in_sync: int | None = None
    retention_ms: int | None = None
    retention: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    with_undeployed: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class DeleteTopicRequest:
    """Delete a topic with all that is in it.

    Attributes
    ----------
    name
        On the brokers.
    with_undeployed, stable_s
        As when a topic is created.
    """

    name: str
    with_undeployed: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class CreateUserRequest:
    """Create a user.

    Attributes
    ----------
    name
        Of the user, and of its ``KafkaUser``.
    subchart
        The folder under ``charts/`` that is to have it.
    rights
        What it may do.
    about
        What it is for, one sentence; put above it in the chart.
    enable, new_subchart, with_undeployed, stable_s
        As when a topic is created.
    """

    name: str
    subchart: str
    rights: tuple[UserRight, ...] = ()
    about: str = ""
    enable: tuple[str, ...] = ()
    new_subchart: bool = False
    with_undeployed: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class AlterUserRequest:
    """Give a user rights, and take rights away.

    Attributes
    ----------
    grant, revoke
        Which.
    with_undeployed, stable_s
        As when a topic is created.
    """

    name: str
    grant: tuple[UserRight, ...] = ()
    revoke: tuple[UserRight, ...] = ()
    with_undeployed: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class DeleteUserRequest:
    """Delete a user: its rights, its password on the brokers and its Secret.

    Attributes
    ----------
    with_undeployed, stable_s
        As when a topic is created.
    """

    name: str
    with_undeployed: bool = False
    stable_s: float = 2.0
