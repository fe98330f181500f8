"""``prompt-kafka diff``: Git, the cluster and the brokers side by side."""

from __future__ import annotations

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core.codec import encode
from prompt_kafka.core.drift import Comparison
from prompt_kafka.core.errors import ExitCode
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("diff")
@click.option(
    "--exit-code",
    "coded",
    is_flag=True,
    help="End with 3 where anything differs, 1 where it cannot be told.",
)
@target_options
@data_option
def command(coded: bool, target: TargetOptions, output: str) -> int:
    """Show where Git, the cluster and the brokers differ, whose doing it is, and what closes it.

    \b
    Git       the charts of the branch's newest commit, rendered
    cluster   the objects as they are
    brokers   topics, settings, metadata level, access rules and quotas as Kafka has them
    """
    with session(target) as look:
        found = look.compare()
    if not rendered(output, lambda: encode(found)):
        _show(found)
    if not coded:
        return ExitCode.OK
    if found.differences:
        return ExitCode.CHANGES_PENDING
    return ExitCode.FAILED if found.unknown else ExitCode.OK


def _show(found: Comparison) -> None:
    from rich.markup import escape

    from prompt_kafka.cli.console import terminal

    console = terminal()
    deployed = (
        "all of it deployed" if found.head == found.deployed else f"deployed {found.deployed[:12] or '?'}"
    )
    console.print(f"[bold]Git {found.head[:12]}[/], {deployed} · {found.objects} objects compared")
    for each in found.differences:
        console.print(f"\n[bold]{escape(each.what)}[/]  {escape(each.field)}".rstrip())
        values = " · ".join(f"{side}: {value}" for side, value in each.values.items())
        console.print(f"   {escape(values)}")
        who = f" ({each.who})" if each.who else ""
        console.print(f"   [unsure]{escape(each.owner.value)}{escape(who)}[/]")
        console.print(f"   closed by: [command]{escape(each.command)}[/]")
    if not found.differences:
        console.print("[good]✓ no differences[/]")
    for unknown in found.unknown:
        console.print(f"[unsure]not compared[/] {escape(unknown)}")
