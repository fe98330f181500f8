"""What the topic operator does with a KafkaTopic, as a decision over values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prompt_kafka.lab.strimzi.kafka.topics import Topic
from prompt_kafka.lab.strimzi.model import labels, status
from prompt_kafka.lab.strimzi.model.config import text_of

Object = dict[str, Any]

FINALIZER = "strimzi.io/topic-operator"
MANAGED = "strimzi.io/managed"
THROTTLES = ("follower.replication.throttled.replicas", "leader.replication.throttled.replicas")

Key = tuple[str, str]


@dataclass(frozen=True)
class Decision:
    """What is to be done with one KafkaTopic.

    Parameters
    ----------
    name
        Name of the topic.
    create
        It has to be created.
    delete
        It has to be deleted, then the finalizer goes.
    release
        The finalizer goes and nothing else happens.
    settings
        Settings to change, None to take one away.
    partitions
        New number of partitions; 0 for no change.
    refused
        Reason and message when something is asked for that cannot be.
    warnings
        Warnings for the status.
    state
        ``managed``, ``unmanaged`` or ``paused``.
    """

    resource: Object
    name: str
    state: str = "managed"
    create: bool = False
    delete: bool = False
    release: bool = False
    settings: Mapping[str, str | None] = field(default_factory=dict)
    partitions: int = 0
    refused: tuple[str, str] | None = None
    warnings: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> Key:
        """Namespace and name of the KafkaTopic."""
        metadata = self.resource["metadata"]
        return metadata["namespace"], metadata["name"]


def topic_name(resource: Object) -> str:
    """Return the name of the topic that a KafkaTopic stands for."""
    return str((resource.get("spec") or {}).get("topicName") or resource["metadata"]["name"])


def is_managed(resource: Object) -> bool:
    """Return whether the operator looks after a KafkaTopic."""
    annotations = resource["metadata"].get("annotations") or {}
    return str(annotations.get(MANAGED, "true")).lower() != "false"


def wanted_config(resource: Object) -> dict[str, str]:
    """Return the settings that a KafkaTopic asks for."""
    config = (resource.get("spec") or {}).get("config") or {}
    return {key: text_of(value) for key, value in config.items() if key not in THROTTLES}


def owners(resources: Iterable[Object]) -> dict[str, Object]:
    """Return by topic the KafkaTopic that it belongs to: the oldest one that is managed."""
    found: dict[str, Object] = {}
    ordered = sorted(
        resources, key=lambda one: (one["metadata"].get("creationTimestamp") or "", one["metadata"]["name"])
    )
    for resource in ordered:
        if is_managed(resource):
            found.setdefault(topic_name(resource), resource)
    return found


def decide(resource: Object, owner: Object | None, topic: Topic | None) -> Decision:
    """Decide what is to be done with a KafkaTopic.

    Parameters
    ----------
    owner
        The KafkaTopic to which the topic belongs.
    topic
        The topic, None when it does not exist.
    """
    metadata = resource["metadata"]
    name = topic_name(resource)
    managed = is_managed(resource)
    mine = owner is None or owner["metadata"]["uid"] == metadata["uid"]
    if metadata.get("deletionTimestamp"):
        holds = FINALIZER in (metadata.get("finalizers") or ())
        delete = managed and mine and holds
        return Decision(resource, name, delete=delete, release=holds and not delete)
    if not managed:
        return Decision(resource, name, state="unmanaged")
    if labels.flag(resource, status.PAUSE):
        return Decision(resource, name, state="paused")
    if not mine:
        assert owner is not None
        other = owner["metadata"]
        text = f"Managed by Ref{{namespace='{other['namespace']}', name='{other['name']}'}}"
        return Decision(resource, name, refused=("ResourceConflict", text))
    before = (resource.get("status") or {}).get("topicName")
    if before and before != name:
        return Decision(resource, name, refused=("NotSupported", "Changing spec.topicName is not supported"))
    config = (resource.get("spec") or {}).get("config") or {}
    warnings = tuple(
        ("InvalidConfig", f"Property {key} is ignored by the Topic Operator")
        for key in THROTTLES
        if key in config
    )
    if topic is None:
        return Decision(resource, name, create=True, warnings=warnings)
    return _changes(resource, name, topic, warnings)


def _changes(resource: Object, name: str, topic: Topic, warnings: tuple[tuple[str, str], ...]) -> Decision:
    spec = resource.get("spec") or {}
    wanted = wanted_config(resource)
    settings: dict[str, str | None] = {
        key: value for key, value in wanted.items() if topic.config.get(key) != value
    }
    settings |= {key: None for key in topic.config if key not in wanted and key not in THROTTLES}
    refused: tuple[str, str] | None = None
    partitions = 0
    if spec.get("partitions") and spec["partitions"] < topic.partitions:
        refused = ("NotSupported", "Decreasing partitions not supported")
    elif spec.get("partitions") and spec["partitions"] > topic.partitions:
        partitions = spec["partitions"]
    replicas = spec.get("replicas")
    if refused is None and replicas and replicas > 0:
        other = [index for index, held in enumerate(topic.replicas) if len(held) != replicas]
        if other:
            text = f"Replication factor change not supported, but required for partitions {other}"
            refused = ("NotSupported", text)
    return Decision(
        resource, name, settings=settings, partitions=partitions, refused=refused, warnings=warnings
    )


def topic_status(
    decision: Decision, topic: Topic | None, error: tuple[str, str] | None, now: datetime
) -> Object:
    """Return the status of a KafkaTopic.

    Parameters
    ----------
    topic
        The topic as it is now.
    error
        Reason and message of what went wrong.
    """
    resource = decision.resource
    made: Object = {"observedGeneration": resource["metadata"].get("generation", 0)}
    before = resource.get("status") or {}
    if decision.state == "unmanaged":
        return made | {"conditions": [status.condition("Unmanaged", now)]}
    if decision.state == "paused":
        kept = {"topicName": before["topicName"]} if before.get("topicName") else {}
        return made | kept | {"conditions": [status.condition("ReconciliationPaused", now)]}
    error = error or decision.refused
    if error:
        ready = status.condition("Ready", now, status="False", reason=error[0], message=error[1])
    else:
        ready = status.condition("Ready", now)
    warnings = [status.warning(reason, text, now) for reason, text in decision.warnings]
    known: Object = {}
    if decision.refused and decision.refused[0] == "ResourceConflict":
        known = {}
    elif decision.refused and before.get("topicName"):
        known = {"topicName": before["topicName"]}
    elif topic is not None:
        known = {"topicName": decision.name}
    if known and topic is not None:
        known["topicId"] = topic.id
    return made | known | {"conditions": [ready, *warnings]}
