"""``prompt-kafka topic describe``: one topic on the brokers, its resource, its readers, and who may what."""

from __future__ import annotations

import difflib
from typing import Any

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core import who
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.world import Part, World
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("describe")
@click.argument("name")
@target_options
@data_option
def command(name: str, target: TargetOptions, output: str) -> None:
    """Show a topic: on the brokers, its KafkaTopic, the groups that read it, and which users may what."""
    with session(target) as look:
        world = look.observe(who.LOOKS | {Part.TOPICS})
    shown = described(world, name)
    if rendered(output, lambda: shown):
        return
    from prompt_kafka.cli.console import terminal

    console = terminal()
    for line in lines(shown):
        console.print(line, markup=False, highlight=False)


def described(world: World, name: str) -> dict[str, Any]:
    """Return what is known of a topic.

    Raises
    ------
    UsageError
        Neither the brokers nor the cluster have it, or neither could be seen.
    """
    from prompt_kafka.messages.render import topics_json

    topics, resources = world.topics.known or (), world.resources.known or ()
    state = next((each for each in topics if each.name == name), None)
    kinds = [each for each in resources if each.kind == "KafkaTopic"]
    resource = next((each for each in kinds if (each.topic or each.name) == name), None)
    if state is None and resource is None:
        near = difflib.get_close_matches(name, {each.name for each in topics}, n=3)
        raise UsageError(
            f"there is no topic {name}" + (f": {world.topics.because}" if world.topics.because else ""),
            next=f"did you mean {' or '.join(near)}?" if near else "prompt-kafka topic list",
        )
    return {
        "name": name,
        "brokers": topics_json([state])[0] if state else None,
        "brokers_unknown": world.topics.because,
        "resource": {"name": resource.name, "ready": resource.settled, "message": resource.message}
        if resource
        else None,
        "groups": [
            {"group": group.id, "state": group.state, "members": len(group.members)}
            for group in world.groups.known or ()
            if any(lag.topic == name for lag in group.lags)
        ],
        "groups_unknown": world.groups.because,
        "users": [
            {"user": user.name, "may": list(may)} for user in who.users(world) if (may := user.on(name))
        ],
        "retention": _retention(state),
    }


def _retention(state: TopicState | None) -> str:
    from prompt_kafka.messages.render import retention_text

    return retention_text(state) if state else ""


def lines(shown: dict[str, Any]) -> list[str]:
    """Return it for a terminal."""
    brokers, resource = shown["brokers"], shown["resource"]
    found = [f"topic {shown['name']}"]
    if brokers:
        found.append(
            f"  brokers: {len(brokers['partitions'])} partitions, {brokers['replication_factor']} replicas, "
            f"{brokers['min_in_sync']} must be in sync, kept {shown['retention']}"
        )
        found += [f"    {name} = {value}" for name, value in brokers["settings"].items()]
        for each in brokers["partitions"]:
            leader = "no leader" if each["leader"] is None else f"leader {each['leader']}"
            found.append(
                f"    partition {each['partition']}: {leader}, "
                f"replicas {each['replicas']}, in sync {each['in_sync']}"
            )
        found += [f"  wrong: {each}" for each in brokers["problems"]]
    else:
        found.append(f"  brokers: {shown['brokers_unknown'] or 'they have it not'}")
    if resource:
        said = "Ready" if resource["ready"] else resource["message"] or "not Ready yet"
        found.append(f"  KafkaTopic {resource['name']}: {said}")
    else:
        found.append("  no KafkaTopic: nothing in the cluster makes it")
    groups = shown["groups"]
    found += [f"  group {g['group']}: {g['state'].lower()}, {g['members']} members" for g in groups]
    if not groups:
        found.append(f"  groups: {shown['groups_unknown'] or 'none has read it'}")
    found += [f"  {u['user']} may {', '.join(u['may'])}" for u in shown["users"]] or ["  no user may use it"]
    return found
