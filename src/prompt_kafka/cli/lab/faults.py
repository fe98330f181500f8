"""``prompt-kafka lab faults NAME [TARGET]``: break something on purpose, and mend it again."""

from __future__ import annotations

from typing import Any

import click

from prompt_kafka.cli.lab.options import name_option
from prompt_kafka.cli.options import data_option, rendered


class _Faults(click.Command):
    """The catalogue is the help: it is read from the table that the faults are made of."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from prompt_kafka.fault_factory import catalogue

        with formatter.section("Faults"):
            formatter.write_dl(
                [(f"{name} {target}".rstrip(), does) for name, (target, does) in catalogue().items()]
            )


@click.command("faults", cls=_Faults)
@click.argument("fault", default="list")
@click.argument("targets", nargs=-1)
@name_option
@click.option("--cut-tail", type=int, metavar="SEED", help="power-loss: cut unflushed tails too.")
@click.option("--minority", multiple=True, metavar="POD", help="power-loss: whose tails; else by the seed.")
@click.option("--seconds", type=click.FloatRange(min=0, max=600), help="long-recovery: how long in RECOVERY.")
@data_option
def command(fault: str, targets: tuple[str, ...], name: str, output: str, **options: Any) -> None:
    """Break something in the lab on purpose; `status` should name it and the command that mends it.

    \b
    prompt-kafka lab faults NAME [TARGET…]     bring a fault about
    prompt-kafka lab faults list               what there is, and what is active
    prompt-kafka lab faults release            end every fault
    prompt-kafka lab faults release WHAT…      power to a NODE, or end what is on a POD, or a fault by NAME
    """
    if fault == "list":
        _list(name, output)
    elif fault == "release":
        _release(name, targets, output)
    else:
        _inject(name, fault, targets, output, options)


def _inject(name: str, fault: str, targets: tuple[str, ...], output: str, options: dict[str, Any]) -> None:
    from dataclasses import asdict

    from prompt_kafka.fault_factory import catalogue, inject

    done = inject(name, fault, targets, **options)
    if rendered(output, lambda: {"fault": fault, **asdict(done)}):
        return
    click.echo(f"{fault}: {', '.join(done.hit) or 'nothing ran'}")
    for cut in done.cuts:
        click.echo(f"  {cut}")
    if done.cuts:
        click.echo(
            f"  {sum(cut.end - cut.first for cut in done.cuts)} offsets are gone on a minority of brokers"
        )
    click.echo(catalogue()[fault][1])
    click.echo("see: prompt-kafka status   end it: prompt-kafka lab faults release")


def _release(name: str, names: tuple[str, ...], output: str) -> None:
    from prompt_kafka.fault_factory import release

    ended = release(name, names)
    if not rendered(output, lambda: [{"fault": each.name, "target": each.target} for each in ended]):
        click.echo(f"ended: {', '.join(map(str, ended))}" if ended else "there was no fault")


def _list(name: str, output: str) -> None:
    from prompt_kafka.fault_factory import active_faults, catalogue

    now = active_faults(name)
    active = [{"fault": each.name, "target": each.target} for each in now.active]
    if rendered(output, lambda: {"active": active, "unseen": now.unseen, "catalogue": list(catalogue())}):
        return
    from rich.table import Table

    from prompt_kafka.cli.console import terminal

    console = terminal()
    console.print("[bold]active[/]")
    for each in now.active:
        console.print(f"  {each}", highlight=False)
    if now.unseen:
        console.print(f"  [unsure]unknown: {now.unseen}[/]")
    if not now.active and not now.unseen:
        console.print("  none")
    console.print("\n[bold]there are[/]")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2), show_header=False)
    for fault, (target, does) in catalogue().items():
        table.add_row(f"{fault} {target}".rstrip().replace("[", "\\["), does)
    console.print(table)
