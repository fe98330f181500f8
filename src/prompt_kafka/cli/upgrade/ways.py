"""The legal ways from here, for people: one line a hop, what it costs, and the command."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

from prompt_kafka.cli.console import show_target
from prompt_kafka.cli.options import rendered
from prompt_kafka.core.errors import ExitCode
from prompt_kafka.core.upgrade_hops import Hop, Standing
from prompt_kafka.core.upgrade_path import Goal, onward, way
from prompt_kafka.core.versions import RELEASES, compare, metadata_of, supported
from prompt_kafka.core.world import Part, World
from prompt_kafka.factory import Session
from prompt_kafka.procedures.upgrade_rules import standing

LOOK = frozenset({Part.NODES, Part.FEATURES, Part.INSTALLATION})


@dataclass(frozen=True, slots=True)
class Way:
    """A goal, and the hops to it; None where there is no way."""

    goal: str
    hops: tuple[Hop, ...] | None


def show(look: Session, output: str) -> int:
    """Print the ways to newer Kafka versions."""
    world = look.observe(LOOK)
    at = standing(world)
    return _show(world, at, [Way(f"Kafka {version}", hops) for version, hops in onward(at)], output)


def show_operators(look: Session, output: str) -> int:
    """Print the ways to newer operators."""
    world = look.observe(LOOK)
    at = standing(world)
    newer = [each.version for each in RELEASES if compare(each.version, at.operator) > 0]
    ways = [Way(f"operator {version}", way(at, Goal(operator=version))) for version in newer]
    return _show(world, at, ways, output)


def _show(world: World, at: Standing, ways: list[Way], output: str) -> int:
    from prompt_kafka.cli.console import terminal

    if not rendered(output, lambda: _as_json(at, ways), lambda: _markdown(world, at, ways)):
        _print(world, at, ways, terminal())
    return ExitCode.OK


def _as_json(at: Standing, ways: list[Way]) -> object:
    return {
        "operator": at.operator,
        "kafka": at.kafka,
        "metadata": at.metadata,
        "stored": sorted(at.stored),
        "kubernetes": at.kubernetes,
        "operator_runs_kafka": at.runs,
        "ways": [
            {
                "goal": each.goal,
                "hops": None
                if each.hops is None
                else [
                    {
                        "kind": str(hop.kind),
                        "from": hop.source,
                        "to": hop.target,
                        "rolls": hop.rolls,
                        "irreversible": hop.irreversible,
                        "command": hop.command,
                    }
                    for hop in each.hops
                ],
            }
            for each in ways
        ],
    }


def _stands(world: World, at: Standing) -> list[str]:
    seen = world.installation.known
    lines = [
        f"operator {at.operator}, which runs Kafka {', '.join(supported(at.operator))}",
        f"Kafka {at.kafka} at metadata level {at.metadata}"
        + (f" (its own is {metadata_of(at.kafka)})" if metadata_of(at.kafka) != at.metadata else ""),
    ]
    if not at.runs:
        lines.append(f"STUCK: operator {at.operator} does not run Kafka {at.kafka} and does nothing for it")
    if seen is None:
        lines.append(
            f"Kubernetes and the operator's definitions unknown, because {world.installation.because}"
        )
    else:
        lines.append(
            f"Kubernetes {at.kubernetes}; the definitions have stored {', '.join(sorted(at.stored))}"
        )
    return lines


def _costs(hop: Hop) -> str:
    said = ["every pod restarts"] if hop.rolls else []
    said += ["no way back"] if hop.irreversible else []
    return ", ".join(said)


def _print(world: World, at: Standing, ways: list[Way], console: Console) -> None:
    show_target(world.target.line, world.target.production, console)
    for line in _stands(world, at):
        console.print(
            f"  {'[bad]' if line.startswith('STUCK') else ''}{escape(line)}"
            f"{'[/]' if line.startswith('STUCK') else ''}"
        )
    if not ways:
        console.print("\nnothing newer is in the table")
    for each in ways:
        console.print(f"\n[bold]{escape(each.goal)}[/]")
        if each.hops is None:
            console.print("  no legal way from here")
        for number, hop in enumerate(each.hops or (), 1):
            costs = _costs(hop)
            console.print(
                f"  {number}. [command]{escape(hop.command)}[/]" + (f"  [quiet]{costs}[/]" if costs else "")
            )
    console.print("\n[quiet]one hop a run; the metadata level stays until `upgrade metadata`[/]")


def _markdown(world: World, at: Standing, ways: list[Way]) -> str:
    lines = [
        f"# Ways from here: {world.target.environment}",
        "",
        *(f"- {each}" for each in _stands(world, at)),
    ]
    for each in ways:
        lines += ["", f"## {each.goal}", ""]
        lines += ["no legal way from here"] if each.hops is None else []
        for number, hop in enumerate(each.hops or (), 1):
            costs = _costs(hop)
            lines.append(f"{number}. `{hop.command}`" + (f" ({costs})" if costs else ""))
    return "\n".join(lines) + "\n"
