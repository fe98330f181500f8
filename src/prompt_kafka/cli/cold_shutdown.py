"""``prompt-kafka cold-shutdown``: the heading *Cold Shutdown*."""

from __future__ import annotations

from dataclasses import replace

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options
from prompt_kafka.cli.options import output_option, rendered, target_options
from prompt_kafka.core.request import ColdShutdownRequest
from prompt_kafka.core.world import Part
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("cold-shutdown")
@click.option("--graceful", is_flag=True, help="Stop it in order: brokers, then controllers; volumes stay.")
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(["snapshot-age", "producers", "reclaim-policy"]),
    help="Go on although this could not be proved.",
)
@click.option("--state", is_flag=True, help="Only print what a graceful shutdown would write down.")
@change_options
@target_options
@output_option
def command(
    graceful: bool,
    accept: tuple[str, ...],
    state: bool,
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Before a downtime: nothing is needed, and what would be at risk; or stop the service in order.

    \b
    prompt-kafka cold-shutdown               what would be at risk
    prompt-kafka cold-shutdown --graceful    stop it; prompt-kafka cold-startup brings it back and compares
    """
    if state:
        from prompt_kafka.core.codec import encode
        from prompt_kafka.core.stopped import record_of

        with session(target, changes=graceful) as service:
            world = service.observe(frozenset({Part.NODES, Part.TOPICS, Part.OFFSETS}))
        rendered("yaml" if output == "yaml" else "json", lambda: encode(record_of(world)))
        return 0
    how = replace(how, terms=replace(how.terms, accepted=accept))
    return change(target, ColdShutdownRequest(graceful=graceful), how, output, changes=graceful)
