"""A plan as people read it: the target first, then what happens, what proves it, and the same by hand."""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.markup import escape

from prompt_kafka.cli.console import show_target
from prompt_kafka.core.actions import Observe, by_hand
from prompt_kafka.core.announcement import Preview
from prompt_kafka.core.changes import CommitFiles, shortened
from prompt_kafka.core.codec import encode
from prompt_kafka.core.plan import Plan

LONG, BEGINNING = 60, 12
"""Lines of a new file that are shown whole, and of a longer one."""


def show(plan: Plan, console: Console, preview: Preview | None = None) -> None:
    """Print a plan, and what its run will tell others."""
    show_target(plan.target.line, plan.target.production, console)
    console.print(f"[bold]{escape(plan.summary)}[/]  [quiet]plan {plan.digest}[/]")
    for sentence in plan.found:
        console.print(f"  [bad]•[/] {escape(sentence)}")
    if not plan.steps:
        console.print(f"nothing to do: {escape(plan.nothing_because)}")
        _show_notes(plan, console)
        return
    _show_changes(plan, console)
    for number, step in enumerate(plan.steps, 1):
        console.print(f"\n{number}. [bold]{escape(step.title)}[/]")
        console.print(f"   [quiet]{escape(step.why)}[/]")
        _show_by_hand(shortened(by_hand(step.action, plan.target.context)), console)
        if isinstance(step.action, Observe) and step.again is not None:
            _show_by_hand(by_hand(step.again, plan.target.context), console, "if that is given up: ")
    if plan.words:
        console.print("\n[bold]Who may then do what[/]")
    for sentence in plan.words:
        console.print(f"  {escape(sentence)}")
    _show_notes(plan, console)
    if preview is not None and preview.channel:
        _show_announcement(preview, console)


def _show_notes(plan: Plan, console: Console) -> None:
    if plan.notes:
        console.print()
    for note in plan.notes:
        console.print(f"[quiet]·[/] {escape(note)}")


def _show_changes(plan: Plan, console: Console) -> None:
    """Print what changes in Git and what comes to the cluster; the steps come after it, on one screen."""
    for step in plan.steps:
        if isinstance(step.action, CommitFiles):
            console.print(f"\n[bold]What changes on {escape(step.action.branch)}[/]")
            _show_files(step.action, console)
    if plan.resources:
        console.print("\n[bold]What it brings to the cluster[/]")
    for resource in plan.resources:
        if ":" in resource.partition("\n")[0]:
            console.print(f"   [quiet]---[/]\n{escape(textwrap.indent(resource.rstrip(), '   '))}")
        else:
            _show_difference(resource, console)


def _show_difference(text: str, console: Console) -> None:
    """Print what changes in an object: its name, then the lines."""
    title, *lines = text.splitlines()
    console.print(f"   [bold]{escape(title)}[/]")
    for line in lines:
        style = {"+": "good", "-": "bad"}.get(line[:1], "quiet")
        console.print(f"     [{style}]{escape(line)}[/]")


def _show_files(commit: CommitFiles, console: Console) -> None:
    """Print the difference that a commit makes, file by file."""
    for change in commit.files:
        lines = change.diff.splitlines()[1:]
        more = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
        less = sum(line.startswith("-") and not line.startswith("---") for line in lines)
        kind = "new file, " if change.before is None else ""
        console.print(f"   [bold]{escape(change.path)}[/]  [quiet]{kind}+{more} −{less}[/]")
        for line in _worth_reading(lines) if change.before is None else lines:
            if line.startswith(("+++", "---", "new file")):
                continue
            style = {"+": "good", "-": "bad", "@": "quiet"}.get(line[:1])
            console.print(f"     [{style}]{escape(line)}[/]" if style else f"     {escape(line)}")


def _worth_reading(lines: list[str]) -> list[str]:
    """Return the lines of a new file, or of a long one its beginning and what is still to be filled in."""
    if len(lines) <= LONG:
        return lines
    kept = [*lines[:BEGINNING], *(line for line in lines[BEGINNING:] if "TODO(" in line)]
    return [*kept, f" … {len(lines) - len(kept)} lines more: -o json has them"]


def _show_by_hand(lines: str, console: Console, lead: str = "by hand: ") -> None:
    for number, line in enumerate(lines.splitlines()):
        style = "quiet" if line.startswith("#") else "command"
        console.print(f"   {lead if number == 0 else ' ' * len(lead)}[{style}]{escape(line)}[/]")


def _show_announcement(preview: Preview, console: Console) -> None:
    """Print the first notice as it will be posted, and by whom."""
    where = f"as a reply to {preview.replies_to}" if preview.replies_to else "in one thread"
    how = f"{preview.by_hand}: paste it yourself" if preview.by_hand else where
    console.print(f"\n[bold]Announced on {escape(preview.channel)}[/]  [quiet]{escape(how)}[/]")
    console.print(textwrap.indent(escape(preview.text), "   "))


def as_json(plan: Plan, preview: Preview | None = None) -> object:
    """Return a plan as JSON: its fields, its digest, the lines for doing it by hand, and the announcement."""
    data = encode(plan)
    for step, entry in zip(plan.steps, data["steps"], strict=True):
        entry["by_hand"] = by_hand(step.action, plan.target.context)
    announced = encode(preview) if preview is not None and preview.channel else None
    return {**data, "digest": plan.digest, "announcement": announced}
