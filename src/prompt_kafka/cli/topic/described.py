"""A described topic as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prompt_kafka.core.amounts import rate_text, size_text
from prompt_kafka.core.durations import age

Line = tuple[str, str]
PARTITIONS = 24
"""So many partitions are told one by one when nothing is wrong with them; the data has all."""


def lines(shown: dict[str, Any]) -> Iterator[Line]:
    """Give line and style."""
    yield f"topic {shown['name']}", "bold"
    if shown["brokers"]:
        yield from _brokers(shown)
    else:
        yield f"  brokers: {shown['brokers_unknown'] or 'they do not have it'}", "bad"
    yield from _resource(shown)
    yield from _readers(shown)
    for why in shown["unknown"]:
        yield f"unknown: {why}", "unsure"


def _brokers(shown: dict[str, Any]) -> Iterator[Line]:
    topic = shown["brokers"]
    partitions = topic["partitions"]
    copies = topic["replication_factor"]
    yield (
        f"  {len(partitions)} partition{'' if len(partitions) == 1 else 's'}, "
        f"{copies} replica{'' if copies == 1 else 's'}, {_or(topic['min_in_sync'])} must be in sync; "
        f"id {topic['id']}",
        "",
    )
    yield (
        f"  holds {_amount(topic, 'records', '{:,}'.format)} offsets, {_amount(topic, 'bytes', size_text)} "
        f"({_amount(topic, 'bytes_all_copies', size_text)} in all copies); "
        f"last write {_or(topic['last_write'])}",
        "",
    )
    flow = "" if topic["bytes_per_s"] is None else f", about {_amount(topic, 'bytes_per_s', size_text)}/s"
    yield (
        f"  written over the last {age(shown['rates_over_s'])}: "
        f"{_amount(topic, 'records_per_s', rate_text)} messages/s{flow}",
        "",
    )
    for volume in shown["volumes"]:
        if volume["total"] and volume["usable"] is not None:
            used = 1 - volume["usable"] / volume["total"]
            days = volume["days_left"]
            fills = "" if days is None else f", full in {days:.0f} days at the present growth"
            yield f"  volume of broker {volume['broker']}: {used:.0%} used{fills}", ""
    yield from ((f"  wrong: {each}", "bad") for each in topic["problems"])
    yield from _partitions(partitions)
    yield "  settings, those that are not the default:", ""
    own = {name: each for name, each in shown["settings"].items() if each["origin"] != "default"}
    for name, each in own.items():
        yield (
            f"    {name} = {each['value']}  ({each['origin']})",
            "" if each["origin"] == "topic" else "quiet",
        )
    if not own:
        yield "    none" if shown["settings"] else "    ?", ""


def _partitions(partitions: list[dict[str, Any]]) -> Iterator[Line]:
    told = [each for each in partitions if len(partitions) <= PARTITIONS or _wrong(each)]
    for each in told:
        leader = "no leader" if each["leader"] is None else f"leader {each['leader']}"
        behind = "" if len(each["in_sync"]) == len(each["replicas"]) else f", in sync only {each['in_sync']}"
        held = (
            f"unknown, because {each['unknown']}"
            if each["unknown"]
            else f"offsets {each['start']} to {each['end']}, {size_text(each['bytes'] or 0)}"
        )
        style = "bad" if behind or each["leader"] is None else "unsure" if each["unknown"] else ""
        yield (
            f"    partition {each['partition']}: {leader}, replicas {each['replicas']}{behind}; {held}",
            style,
        )
    if len(told) < len(partitions):
        yield f"    {len(partitions) - len(told)} more partitions, led and in sync", "quiet"


def _wrong(partition: dict[str, Any]) -> bool:
    return bool(
        partition["leader"] is None
        or partition["unknown"]
        or len(partition["in_sync"]) < len(partition["replicas"])
    )


def _resource(shown: dict[str, Any]) -> Iterator[Line]:
    resource = shown["resource"]
    if resource:
        said = "Ready" if resource["ready"] else resource["message"] or "not Ready yet"
        yield f"  KafkaTopic {resource['name']}: {said}", "" if resource["ready"] else "bad"
    elif shown["resource_unknown"]:
        yield f"  KafkaTopic: unknown, because {shown['resource_unknown']}", "unsure"
    else:
        yield "  no KafkaTopic: nothing in the cluster makes it", "unsure"
    for each in shown["differs"]:
        field, wanted, has = each["field"] or "being there", each["cluster"], each["brokers"]
        yield f"  differs in {field}: {wanted} in the KafkaTopic, {has} on the brokers", "bad"
    git = shown["git"]
    if git is not None:
        for each in git["differences"]:
            values = ", ".join(f"{side}: {value}" for side, value in each["values"].items())
            yield (
                f"  differs {each['field']}: {values} ({each['owner']}); closed by: {each['command']}",
                "bad",
            )
        if git["unknown"]:
            yield f"  Git: unknown, because {git['unknown']}", "unsure"
        elif not git["differences"]:
            yield "  Git, cluster and brokers agree", "good"


def _readers(shown: dict[str, Any]) -> Iterator[Line]:
    for group in shown["groups"]:
        members = f"{group['members']} member{'' if group['members'] == 1 else 's'}"
        style = "unsure" if group["unknown"] else ""
        yield f"  group {group['group']}: {group['state'].lower()}, {members}; {group['said']}", style
    if shown["groups_unknown"]:
        yield f"  groups: {shown['groups_unknown']}", "unsure"
    elif not shown["groups"]:
        yield "  no group has read it", ""
    for user in shown["users"]:
        yield f"  {user['user']} may {', '.join(user['may'])}", ""
    if shown["users_unknown"]:
        yield f"  users: what the brokers have is unknown, because {shown['users_unknown']}", "unsure"
    elif not shown["users"]:
        yield "  no user may use it", ""


def _amount(topic: dict[str, Any], name: str, text: Any) -> str:
    value = topic[name]
    if value is None:
        return "?"
    return f"≥ {text(value)}" if name in topic["incomplete"] else str(text(value))


def _or(value: object) -> str:
    return "?" if value is None else str(value)
