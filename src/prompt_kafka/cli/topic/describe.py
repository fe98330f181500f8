"""``prompt-kafka topic describe``: one topic on the brokers, its resource, its readers, and who may what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from prompt_kafka.cli.lab.traffic import seconds
from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core import who
from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import PromptKafkaError, UsageError
from prompt_kafka.core.world import Look, ObjectsOf, Part
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.groups import GroupsSeen
    from prompt_kafka.core.topic_look import TopicsLook
    from prompt_kafka.core.world import World
    from prompt_kafka.factory import Session

_API = "kafka.strimzi.io/v1"
SEES: frozenset[Look] = frozenset(
    {
        Part.RESOURCES,
        Part.ACCESS,
        ObjectsOf(tuple((_API, kind) for kind in ("Kafka", "KafkaTopic", "KafkaUser"))),
    }
)


@click.command("describe")
@click.argument("name")
@click.option(
    "--over", callback=seconds, default="5m", show_default=True, help="Time that rates are taken over."
)
@click.option("--git", is_flag=True, help="Compare with Git too, which takes some seconds.")
@target_options
@data_option
def command(name: str, over: float, git: bool, target: TargetOptions, output: str) -> None:
    """Show a topic: sizes, rates, settings with their origin, its KafkaTopic, readers, and who may what.

    Where the brokers have it otherwise than its KafkaTopic says so; --git adds what is in Git.
    """
    from prompt_kafka.cli.topic.described import lines

    if over <= 0:
        raise click.BadParameter("must be more than nothing", param_hint="--over")
    with session(target) as look:
        shown = described(look, name, over, git=git)
    if rendered(output, lambda: shown):
        return
    from rich.text import Text

    from prompt_kafka.cli.console import terminal

    console = terminal()
    for line, style in lines(shown):
        console.print(Text(line, style))


def described(look: Session, name: str, over: float, *, git: bool) -> dict[str, Any]:
    """Return what is known of a topic; what is not is null, with the reason beside it.

    Raises
    ------
    UsageError
        Neither the brokers nor the cluster have it, or neither could be seen.
    """
    from prompt_kafka.core.topic_told import topic_json, volume_json

    world = look.observe(SEES)
    topics, topics_unknown, near = _topics(look, name, over)
    kinds = [each for each in world.resources.known or () if each.kind == "KafkaTopic"]
    resource = next((each for each in kinds if (each.topic or each.name) == name), None)
    topic = topics.topics[0] if topics and topics.topics else None
    if topic is None and resource is None:
        raise UsageError(
            f"there is no topic {name}: {topics_unknown}", next=near or "prompt-kafka topic list"
        )
    groups, groups_unknown = _groups(look, name) if topic else (None, "")
    held = {replica for each in topic.state.partitions for replica in each.replicas} if topic else set()
    return {
        "name": name,
        "brokers": topic_json(topic, over) if topic and topics else None,
        "brokers_unknown": topics_unknown or None,
        "settings": {
            key: {"value": value, "origin": topic.origins.get(key, "")}
            for key, value in sorted(topic.state.settings.items())
        }
        if topic
        else {},
        "volumes": [volume_json(each) for each in topics.volumes if each.broker in held] if topics else [],
        "rates_over_s": over,
        "user": topics.user if topics else None,
        "unknown": list(topics.unknown) if topics else [],
        "resource": {"name": resource.name, "ready": resource.settled, "message": resource.message}
        if resource
        else None,
        "resource_unknown": world.resources.because or None,
        "differs": _differs(world, resource.name if resource else "", topic) if topic else [],
        "git": _git(look, name, resource.name if resource else name) if git else None,
        "groups": [_group(group) for group in groups.groups] if groups else [],
        "groups_unknown": groups_unknown or "; ".join(groups.unknown if groups else ()) or None,
        "users": [
            {"user": user.name, "may": list(may)} for user in who.users(world) if (may := user.on(name))
        ],
        "users_unknown": world.access.because or None,
    }


def _topics(look: Session, name: str, over: float) -> tuple[TopicsLook | None, str, str]:
    """Return the topic; or why it cannot be seen, and what it may be called."""
    from prompt_kafka.clients.kafka import UnknownTopicError
    from prompt_kafka.clients.kafka.topic_looks import look as look_at

    try:
        return look_at(look.kafka(), names=[name], seconds=over, every_setting=True), "", ""
    except UnknownTopicError as error:
        return None, "the brokers name none to this user", error.next or ""
    except PromptKafkaError as error:
        return None, error.what, ""


def _groups(look: Session, name: str) -> tuple[GroupsSeen | None, str]:
    from prompt_kafka.clients.kafka.groups import look as look_at

    try:
        return look_at(look.kafka(), topic=name), ""
    except PromptKafkaError as error:
        return None, error.what


def _group(group: Any) -> dict[str, Any]:
    from prompt_kafka.core.group_told import behind, group_json

    found = group_json(group)
    return {
        "group": group.id,
        "state": group.state,
        "members": len(group.members),
        "records_behind": found["records_behind"],
        "seconds_behind": found["seconds_behind"],
        "said": behind(group),
        "unknown": found["unknown"],
    }


def _differs(world: World, resource: str, topic: Any) -> list[dict[str, str]]:
    """Compare the resource with the brokers; a topic without one has nothing to be compared with."""
    from prompt_kafka.procedures.drift_brokers import of_topic

    objects = world.objects.known.found if world.objects.known else {}
    manifest = objects.get(("KafkaTopic", resource))
    if manifest is None:
        return []
    return [
        {"field": field, "cluster": wanted, "brokers": has}
        for field, wanted, has in of_topic(manifest, topic.state)
    ]


def _git(look: Session, name: str, resource: str) -> dict[str, Any]:
    """Compare with Git; a repository that cannot be seen is an answer too."""
    try:
        found = look.compare()
    except PromptKafkaError as error:
        return {"differences": [], "unknown": error.what}
    mine = [each for each in found.differences if each.what in (f"KafkaTopic {resource}", f"topic {name}")]
    return {"differences": encode(mine), "unknown": "; ".join(found.unknown) or None}
