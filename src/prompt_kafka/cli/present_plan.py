"""A plan as people read it: the target first, then what happens, what proves it, and the same by hand."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from prompt_kafka.core.actions import by_hand
from prompt_kafka.core.codec import encode
from prompt_kafka.core.plan import Plan


def show(plan: Plan, console: Console) -> None:
    """Print a plan."""
    show_target(plan.target.line, plan.target.production, console)
    console.print(f"[bold]{escape(plan.summary)}[/]  [quiet]plan {plan.digest}[/]")
    if not plan.steps:
        console.print(f"nothing to do: {escape(plan.nothing_because)}")
        return
    for number, step in enumerate(plan.steps, 1):
        console.print(f"\n{number}. [bold]{escape(step.title)}[/]")
        console.print(f"   [quiet]{escape(step.why)}[/]")
        line = by_hand(step.action, plan.target.context)
        if line:
            console.print(f"   by hand: [command]{escape(line)}[/]")
    if plan.notes:
        console.print()
    for note in plan.notes:
        console.print(f"[quiet]·[/] {escape(note)}")


def show_target(line: str, production: bool, console: Console) -> None:
    """Print the TARGET line, which nobody should overlook where it is production."""
    console.print(f"[{'production' if production else 'target'}]{escape(line)}[/]")


def as_json(plan: Plan) -> object:
    """Return a plan as JSON: its fields, its digest and the lines for doing it by hand."""
    data = encode(plan)
    for step, entry in zip(plan.steps, data["steps"], strict=True):
        entry["by_hand"] = by_hand(step.action, plan.target.context)
    return {**data, "digest": plan.digest}
