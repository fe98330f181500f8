"""``prompt-kafka lab down``."""

from __future__ import annotations

import click

from prompt_kafka.cli.lab.options import name_option


@click.command("down")
@name_option
@click.option("--purge", is_flag=True, help="Remove the lab with its data.")
def command(name: str, purge: bool) -> None:
    """Stop the lab: brokers first, then controllers. The data stays, unless --purge."""
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.lab_factory import down as lab_down

    console = terminal()
    lab_down(name, purge=purge, say=lambda text: console.print(f"  {text}"))
    if purge:
        console.print(f"[good]✓ lab {name} is gone[/]: no process, port or file is left")
    else:
        console.print(f"[good]✓ lab {name} is stopped[/]; its data stays. Again: prompt-kafka lab up")
