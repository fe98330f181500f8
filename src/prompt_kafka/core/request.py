"""What a person asks of a procedure, as values; the same from the command line, a console or a file."""

from __future__ import annotations

from dataclasses import dataclass

from prompt_kafka.core.request_rights import (
    AlterTopicRequest,
    AlterUserRequest,
    CreateUserRequest,
    DeleteTopicRequest,
    DeleteUserRequest,
)
from prompt_kafka.core.request_tree import (
    EnvironmentDeleteRequest,
    EnvironmentRequest,
    ListenerPinRequest,
    WatchRequest,
)


@dataclass(frozen=True, slots=True)
class RestartRequest:
    """Restart Kafka.

    Attributes
    ----------
    controllers, brokers
        Restrict it to one of the two.
    pods
        Restrict it to these pods.
    by_deletion
        Delete pods one at a time instead of asking the operator.
    stable_s
        For how many seconds the end state must hold.
    """

    controllers: bool = False
    brokers: bool = False
    pods: tuple[str, ...] = ()
    by_deletion: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user is to be able to do with a new topic.

    Attributes
    ----------
    may
        ``read``, ``write`` or both.
    group
        The group in which it reads; named like the user when empty.
    """

    user: str
    may: tuple[str, ...]
    group: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups in which it reads."""
        return (self.group or self.user,) if "read" in self.may else ()


@dataclass(frozen=True, slots=True)
class TopicRequest:
    """Create a topic.

    Attributes
    ----------
    name
        On the brokers.
    subchart
        The folder under ``charts/`` that is to have it.
    partitions, replicas, min_in_sync
        None for the usual: one partition a broker; three replicas, or one a broker where there are fewer; one
        in-sync replica less than replicas.
    retention_ms, retention
        Milliseconds, -1 for ever; and the same for people.
    grants
        Who may read or write it.
    enable
        Environments in which the subchart is switched on; the target's when empty.
    about
        Description of a new subchart.
    new_subchart
        The subchart is a new one although its name is near to another's.
    with_undeployed
        Bring along what else is in Git and not in the cluster.
    stable_s
        For how many seconds the end state must hold.
    """

    name: str
    subchart: str
    partitions: int | None = None
    replicas: int | None = None
    min_in_sync: int | None = None
    retention_ms: int = 14 * 86_400_000
    retention: str = "14 days"
    grants: tuple[Grant, ...] = ()
    enable: tuple[str, ...] = ()
    about: str = ""
    new_subchart: bool = False
    with_undeployed: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class ColdStartupRequest:
    """Start the service after it was without power, or shut down.

    Attributes
    ----------
    stable_s
        For how many seconds the end state must hold.
    """

    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class ColdShutdownRequest:
    """Shut the service down before a downtime.

    Attributes
    ----------
    graceful
        Stop it in order; else only say what would be at risk.
    """

    graceful: bool = False


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """Bring a commit to the cluster.

    Attributes
    ----------
    revision
        Which, on the branch that is followed; its newest when empty.
    stable_s
        For how many seconds the end state must hold.
    """

    revision: str = ""
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """Take back what a deployment brought.

    Attributes
    ----------
    to
        The commit whose state of the application is wanted again; what was deployed before when empty.
    stable_s
        For how many seconds the end state must hold.
    """

    to: str = ""
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class KafkaUpgradeRequest:
    """Bring Kafka to another version, one hop.

    Attributes
    ----------
    version
        The version; an older one for the way back.
    with_undeployed
        Bring along what else is in Git and not in the cluster.
    stable_s
        For how many seconds the end state must hold.
    """

    version: str
    with_undeployed: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class MetadataRequest:
    """Bring the metadata to another level.

    Attributes
    ----------
    level
        The metadata version; that of the running Kafka when empty.
    with_undeployed, stable_s
        As in an upgrade of Kafka.
    """

    level: str = ""
    with_undeployed: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class OperatorUpgradeRequest:
    """Bring the operator to another version.

    Attributes
    ----------
    version
        The version of the operator.
    with_undeployed, stable_s
        As in an upgrade of Kafka.
    """

    version: str
    with_undeployed: bool = False
    stable_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a change is made, whichever it is.

    Attributes
    ----------
    override_hours
        Why a disruptive step may be done in production hours; kept with the run and announced.
    announced
        Link of the announcement that a person posted by hand.
    announcement
        What the readers of the channel are to be told besides: what for, what to expect.
    accepted
        What the person accepts although it could not be proved, each by the name of its rule.
    """

    override_hours: str = ""
    announced: str = ""
    announcement: str = ""
    accepted: tuple[str, ...] = ()


USUAL_TERMS = Terms()


Request = (
    RestartRequest
    | TopicRequest
    | ColdStartupRequest
    | ColdShutdownRequest
    | DeployRequest
    | RollbackRequest
    | KafkaUpgradeRequest
    | MetadataRequest
    | OperatorUpgradeRequest
    | AlterTopicRequest
    | DeleteTopicRequest
    | CreateUserRequest
    | AlterUserRequest
    | DeleteUserRequest
    | EnvironmentRequest
    | EnvironmentDeleteRequest
    | ListenerPinRequest
    | WatchRequest
)
