"""``status`` on one screen: verdict, problems with what mends them, nodes, partitions, groups."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from prompt_kafka.cli.console import MARK, STYLE, show_target
from prompt_kafka.core.ahead import Ahead
from prompt_kafka.core.cause import Cause
from prompt_kafka.core.objects import Nodes
from prompt_kafka.core.quorum import Quorum, quorum_of
from prompt_kafka.core.status import Report
from prompt_kafka.core.status_told import COLUMNS, facts, route, row, verdict, when
from prompt_kafka.core.world import World


def show(world: World, report: Report, console: Console) -> None:
    """Print the report."""
    show_target(world.target.line, world.target.production, console)
    console.print(f"[{STYLE[report.answer]}]{MARK[report.answer]} {verdict(report)}[/]")
    for cause in report.problems:
        _cause(console, "bad", "•", cause)
    for cause in report.warnings:
        _cause(console, "unsure", "!", cause)
    if world.unreachable:
        return
    console.print()
    quorum = quorum_of(world.quorum.known or ())
    for name, text in facts(world, quorum):
        _line(console, name, text)
    for name, each in zip(("ahead", *[""] * len(report.ahead)), report.ahead, strict=False):
        _ahead(console, name, world, each)
    _line(console, "route", route(world))
    if world.nodes.known is not None:
        console.print()
        console.print(_nodes(world, report, world.nodes.known, quorum))
    if world.simulated and not report.problems:
        console.print("\n[quiet]simulated here:[/]")
        for line in world.simulated:
            console.print(f"[quiet]  · {escape(line)}[/]")
    elif world.simulated:
        console.print("\n[quiet]much is simulated here: status -o json says what[/]")


def _cause(console: Console, style: str, mark: str, cause: Cause) -> None:
    console.print(f"  [{style}]{mark}[/] {escape(cause.what)}")
    if cause.follows:
        console.print(f"    [quiet]so: {escape('; '.join(cause.follows))}[/]")
    first = f"first {cause.first}, then " if cause.first else ""
    console.print(f"    → {first}[command]{escape(cause.mend)}[/]")


def _ahead(console: Console, name: str, world: World, each: Ahead) -> None:
    style = "unsure" if each.urgent else "none"
    console.print(f"{name:<11} [{style}]{escape(when(world, each) + each.what)}[/]")
    if each.mend:
        console.print(f"{'':<11} → [command]{escape(each.mend)}[/]")


def _line(console: Console, name: str, text: str) -> None:
    console.print(f"{name:<11} {escape(text)}")


def _nodes(world: World, report: Report, nodes: Nodes, quorum: Quorum | None) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in COLUMNS:
        table.add_column(column, header_style="quiet", no_wrap=True)
    for pod in nodes.pods:
        kind = next((c.kind.value for c in report.causes if pod.name in c.objects), "")
        style = "bad" if kind or not pod.ready else "good"
        name, role, state, *rest = row(world, report, pod, quorum)
        table.add_row(name, role, f"[{style}]{escape(state)}[/]", *rest)
    return table
