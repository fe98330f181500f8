"""``status`` on one screen: verdict, problems with what mends them, nodes, partitions, groups."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from prompt_kafka.cli.console import MARK, STYLE, age
from prompt_kafka.cli.present_plan import show_target
from prompt_kafka.core.codec import encode
from prompt_kafka.core.objects import Nodes, Pod
from prompt_kafka.core.quorum import Quorum, quorum_of
from prompt_kafka.core.status import Report
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import World

VERDICT = {
    Answer.YES: "healthy: really finished (level: without canary, a look never writes)",
    Answer.NO: "NOT HEALTHY",
    Answer.UNKNOWN: "CANNOT TELL",
}


def show(world: World, report: Report, console: Console) -> None:
    """Print the report."""
    show_target(world.target.line, world.target.production, console)
    count = len(report.problems)
    text = VERDICT[report.answer] + (f": {count} problem{'s' * (count > 1)}" if count else "")
    console.print(f"[{STYLE[report.answer]}]{MARK[report.answer]} {text}[/]")
    for problem in report.problems:
        console.print(f"  [bad]•[/] {escape(problem.what)}\n    → [command]{escape(problem.mend)}[/]")
    for warning in report.warnings:
        console.print(f"  [unsure]![/] {escape(warning.what)}\n    → [command]{escape(warning.mend)}[/]")
    console.print()
    quorum = quorum_of(world.quorum.known or ())
    _line(console, "versions", _versions(world))
    _line(console, "quorum", _quorum(world, quorum))
    _line(console, "data", _partitions(world))
    _line(console, "groups", _groups(world))
    if world.applications.known:
        _line(console, "argo cd", ", ".join(f"{a.name} {a.reason}" for a in world.applications.known))
    _line(console, "route", f"{world.route or 'none'} · quorum: {world.quorum_route or 'none'}")
    if world.nodes.known is not None:
        console.print()
        console.print(_nodes(world, world.nodes.known, quorum))
    if world.simulated:
        console.print("\n[quiet]simulated here:[/]")
        for line in world.simulated:
            console.print(f"[quiet]  · {escape(line)}[/]")


def _line(console: Console, name: str, text: str) -> None:
    console.print(f"{name:<11} {escape(text)}")


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


def _nodes(world: World, nodes: Nodes, quorum: Quorum | None) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("pod", "role", "state", "Kafka", "up", "restarts", "replicas in sync"):
        table.add_column(column, header_style="quiet", no_wrap=True)
    for pod in nodes.pods:
        style = "good" if pod.ready else "bad"
        table.add_row(
            pod.name,
            "/".join(pod.roles) + (" (leads)" if quorum and quorum.leader_id == pod.node_id else ""),
            f"[{style}]{escape(_state(pod))}[/]",
            pod.kafka_version,
            age((world.at - pod.started).total_seconds()) if isinstance(pod.started, datetime) else "",
            str(pod.restarts),
            _in_sync(world, pod),
        )
    return table


def _state(pod: Pod) -> str:
    if pod.deleting:
        return "stopping"
    if pod.ready:
        return "ready"
    return f"not ready {pod.why_not_ready}".rstrip()


def _in_sync(world: World, pod: Pod) -> str:
    if not pod.is_broker or world.topics.known is None:
        return ""
    partitions = [p for t in world.topics.known for p in t.partitions if pod.node_id in p.replicas]
    return f"{sum(pod.node_id in p.in_sync for p in partitions)} of {len(partitions)}"


def as_json(world: World, report: Report) -> dict[str, Any]:
    """Return the report and the World as JSON."""
    return {
        "schema": 1,
        "healthy": {Answer.YES: True, Answer.NO: False, Answer.UNKNOWN: None}[report.answer],
        "level": "without canary",
        "problems": [{"what": p.what, "mend": p.mend} for p in report.problems],
        "warnings": [{"what": p.what, "mend": p.mend} for p in report.warnings],
        "clauses": [
            {"name": c.name, "answer": c.verdict.answer.value, "because": c.verdict.because}
            for c in report.clauses
        ],
        "world": encode(world),
    }
