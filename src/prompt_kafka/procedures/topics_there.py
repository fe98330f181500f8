"""A topic that there is, in Git, as a resource and on the brokers; refusals of what cannot be changed so."""

from __future__ import annotations

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.kafka import INTERNAL_TOPICS, TopicState
from prompt_kafka.core.world import World
from prompt_kafka.procedures.chart_change import Ground
from prompt_kafka.procedures.guards import near
from prompt_kafka.procedures.rendered import Manifest, of_kind, topic_name


def in_git(ground: Ground, name: str) -> Manifest | None:
    """Return the ``KafkaTopic`` that the charts make of a topic in this environment."""
    found = of_kind(ground.means.render(ground.here, {}), "KafkaTopic").values()
    return next((each for each in found if topic_name(each) == name), None)


def on_brokers(world: World, name: str) -> TopicState | None:
    """Return a topic as the brokers have it."""
    return next((each for each in world.topics.known or () if each.name == name), None)


def known_topic(ground: Ground, name: str) -> tuple[Manifest, TopicState | None]:
    """Return a topic of the charts; refuse one that they do not have.

    Raises
    ------
    RefusedError
        There is none (``unknown-topic``), or nothing in Git makes it (``unmanaged-topic``).
    """
    manifest, state = in_git(ground, name), on_brokers(ground.world, name)
    if manifest is not None:
        return manifest, state
    if state is not None:
        raise unmanaged(name, ground)
    topics = of_kind(ground.means.render(ground.here, {}), "KafkaTopic").values()
    raise RefusedError(
        "unknown-topic",
        f"there is no topic {name}",
        where=f"{ground.git.folder} at {ground.git.head[:12]}, {ground.here}",
        next=near(name, [topic_name(each) for each in topics]) or "prompt-kafka topic list",
    )


def unmanaged(name: str, ground: Ground) -> RefusedError:
    """Return the refusal of a topic that nothing in Git makes."""
    own = name in INTERNAL_TOPICS or name.startswith("__")
    why = "it is Kafka's own" if own else "the brokers have it without"
    return RefusedError(
        "unmanaged-topic",
        f"nothing in Git makes the topic {name}: {why}",
        where=f"{ground.git.folder} at {ground.git.head[:12]}, {ground.here}",
        next="leave it to Kafka" if own else "with Kafka's own tools, as an administrator",
    )


def managed(manifest: Manifest) -> None:
    """Refuse a topic that the Topic Operator leaves alone (``unmanaged-topic``)."""
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    for name, value in (("strimzi.io/managed", "false"), ("strimzi.io/pause-reconciliation", "true")):
        if str(annotations.get(name)).lower() == value:
            raise RefusedError(
                "unmanaged-topic",
                f"the Topic Operator leaves {topic_name(manifest)} alone: {name} is {value}",
                where=f"KafkaTopic {manifest['metadata']['name']}",
                next="take that annotation away first",
            )
