"""``status`` as words: verdict, problems with what mends them, one line a part, a row a node.

The terminal, a pasted report and the console show these same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from prompt_kafka.core.ahead import Ahead
from prompt_kafka.core.cause import Cause
from prompt_kafka.core.codec import encode
from prompt_kafka.core.durations import age
from prompt_kafka.core.hours import Hours
from prompt_kafka.core.objects import Pod
from prompt_kafka.core.outlook import outlook
from prompt_kafka.core.quorum import Quorum, quorum_of
from prompt_kafka.core.status import Report
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import World

COLUMNS = ("pod", "role", "state", "Kafka", "up", "restarts", "replicas in sync")

VERDICT = {
    Answer.YES: "healthy: really finished (level: without canary, a look never writes)",
    Answer.NO: "NOT HEALTHY",
    Answer.UNKNOWN: "CANNOT TELL",
}


def verdict(report: Report) -> str:
    """Return the verdict in a line."""
    count = len(report.problems)
    if not count:
        return VERDICT[report.answer]
    waits = sum(cause.waits for cause in report.problems)
    text = f"{VERDICT[report.answer]}: {count} problem{'s' * (count > 1)}"
    if waits == count:
        return f"{text}, which end{'s' * (count == 1)} by itself: wait"
    return text


def when(world: World, each: Ahead) -> str:
    """Return when something comes, as the beginning of a sentence."""
    return f"{each.at:%Y-%m-%d} (in {max(0, (each.at - world.at).days)} d): " if each.at else ""


def route(world: World) -> str:
    """Return the ways to Kafka that were used."""
    return f"{_short(world.route)} · quorum: {_short(world.quorum_route)}"


def facts(world: World, quorum: Quorum | None) -> Iterator[tuple[str, str]]:
    """Yield what is seen of each part, in one line each."""
    yield "versions", _versions(world)
    yield "quorum", _quorum(world, quorum)
    yield "data", _partitions(world)
    yield "groups", _groups(world)
    if world.applications.known:
        yield "argo cd", ", ".join(f"{a.name} {a.reason}" for a in world.applications.known)
    if world.hours.known:
        yield "hours", _hours(world.hours.known, world)


def row(world: World, report: Report, pod: Pod, quorum: Quorum | None) -> tuple[str, ...]:
    """Return a node's row under :data:`COLUMNS`."""
    kind = next((c.kind.value for c in report.causes if pod.name in c.objects), "")
    return (
        pod.name,
        "/".join(pod.roles) + (" (leads)" if quorum and quorum.leader_id == pod.node_id else ""),
        _state(pod, kind.removeprefix("pod ")),
        pod.kafka_version,
        age((world.at - pod.started).total_seconds()) if isinstance(pod.started, datetime) else "",
        str(pod.restarts),
        _in_sync(world, pod),
    )


def as_markdown(world: World, report: Report) -> str:
    """Return the report as Markdown."""
    lines = [f"`{world.target.line}` at {world.at:%Y-%m-%d %H:%M:%S} UTC", ""]
    lines += [f"**{verdict(report)}**", ""]
    lines += [_cause_in_markdown(cause) for cause in (*report.problems, *report.warnings)]
    if world.unreachable:
        return "\n".join(lines) + "\n"
    quorum = quorum_of(world.quorum.known or ())
    lines += ["", "| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in facts(world, quorum))]
    lines += [f"| ahead | {when(world, each)}{each.what} |" for each in report.ahead]
    lines += [f"| route | {route(world)} |"]
    if world.nodes.known is not None:
        rows = [COLUMNS, ("---",) * len(COLUMNS)]
        rows += [row(world, report, pod, quorum) for pod in world.nodes.known.pods]
        lines += ["", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


def as_json(world: World, report: Report) -> dict[str, Any]:
    """Return the report and the World as JSON."""
    return {
        "schema": 1,
        "healthy": {Answer.YES: True, Answer.NO: False, Answer.UNKNOWN: None}[report.answer],
        "level": "without canary",
        "problems": [_cause_as_json(cause) for cause in report.problems],
        "warnings": [_cause_as_json(cause) for cause in report.warnings],
        "ahead": [
            {"at": encode(each.at), "what": each.what, "mend": each.mend, "urgent": each.urgent}
            for each in report.ahead
        ],
        "clauses": [
            {"name": c.name, "answer": c.verdict.answer.value, "because": c.verdict.because}
            for c in report.clauses
        ],
        "world": encode(world),
    }


def _short(route: str) -> str:
    """Leave out why other ways do not work: ``doctor`` says that."""
    return route.partition("; not ")[0] or "none"


def _versions(world: World) -> str:
    nodes = world.nodes.known
    if nodes is None:
        return world.nodes.because
    operator = f"operator {nodes.operator.version}" if nodes.operator else "operator not found"
    down = "" if nodes.operator is None or nodes.operator.ready else " (not running)"
    kafka = nodes.kafka
    return f"Kafka {kafka.version or '?'} · metadata {kafka.metadata_version or '?'} · {operator}{down}"


def _quorum(world: World, quorum: Quorum | None) -> str:
    if world.quorum.known is None:
        return f"unknown, because {world.quorum.because}"
    if quorum is None:
        return "no leader"
    lags = ", ".join(f"{v.node_id}: {quorum.lag(v.node_id)}" for v in quorum.voters)
    return f"controller {quorum.leader_id} leads · epoch {quorum.epoch} · records behind {{{lags}}}"


def _partitions(world: World) -> str:
    topics = world.topics.known
    if topics is None:
        return f"unknown, because {world.topics.because}"
    total = sum(len(topic.partitions) for topic in topics)
    offline = sum(len(topic.without_leader) for topic in topics)
    under = sum(len(topic.under_replicated) for topic in topics)
    below = sum(len(topic.under_min_in_sync) for topic in topics)
    wrong = f"{under} under-replicated · {below} under min ISR · {offline} offline"
    return f"{total} partitions of {len(topics)} topics · {wrong}"


def _hours(hours: Hours, world: World) -> str:
    binding = world.target.production
    seen = outlook(world.target.environment, hours, world.at, binding=binding, ahead=timedelta(0))
    return seen.now if binding else f"{seen.now} (for information: not production)"


def _groups(world: World) -> str:
    groups = world.groups.known
    if groups is None:
        return f"unknown, because {world.groups.because}"
    found = []
    for group_id, objective in world.lag_objectives.items():
        group = next((g for g in groups if g.id == group_id), None)
        if group is None or group.state == "Dead":
            found.append(f"{group_id}: has not read yet")
        else:
            behind = "lag unknown" if group.lag_s is None else f"{age(group.lag_s)} behind"
            found.append(f"{group_id}: {behind} (objective {age(objective)}), {group.state.lower()}")
    return " · ".join(found) or "none named for this environment"


def _state(pod: Pod, kind: str) -> str:
    if pod.deleting:
        return "stopping"
    ready = "ready" if pod.ready else "not ready"
    why = "" if pod.why_not_ready.startswith("containers with") else pod.why_not_ready
    return ", ".join(word for word in (ready, why[:40], kind) if word)


def _in_sync(world: World, pod: Pod) -> str:
    if not pod.is_broker or world.topics.known is None:
        return ""
    partitions = [p for t in world.topics.known for p in t.partitions if pod.node_id in p.replicas]
    return f"{sum(pod.node_id in p.in_sync for p in partitions)} of {len(partitions)}"


def _cause_in_markdown(cause: Cause) -> str:
    first = f"first {cause.first}, then " if cause.first else ""
    so = f" (so: {'; '.join(cause.follows)})" if cause.follows else ""
    return f"- {cause.what}{so} — {first}`{cause.mend}`"


def _cause_as_json(cause: Cause) -> dict[str, Any]:
    return {
        "cause": cause.kind.value,
        "objects": list(cause.objects),
        "what": cause.what,
        "first": cause.first,
        "mend": cause.mend,
        "follows": list(cause.follows),
        "waits": cause.waits,
    }
