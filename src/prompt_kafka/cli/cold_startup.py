"""``prompt-kafka cold-startup``: the heading *Cold Startup*."""

from __future__ import annotations

from dataclasses import replace

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.request import ColdStartupRequest
from prompt_kafka.targets import TargetOptions, environment_of


@click.command("cold-startup")
@stable_option
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(["loss", "paused"]),
    help="Go on although records are lost; or end a pause that nobody accounts for.",
)
@change_options
@target_options
@output_option
def command(
    stable: float, accept: tuple[str, ...], how: ChangeOptions, target: TargetOptions, output: str
) -> int:
    """Start the service after a power loss or a shutdown: find out what is wrong, and mend only that.

    Controllers first, the quorum by its own protocol, then brokers one after another (never one that recovers
    its logs), then what needs them. A healthy service is left alone.
    """
    how = replace(how, terms=replace(how.terms, accepted=accept))
    try:
        return change(target, ColdStartupRequest(stable_s=stable), how, output)
    except UnreachableError as error:
        back = environment_of(target, changes=True).bring_back
        raise UnreachableError(
            f"the Kubernetes API does not answer, so nothing can be told: {error.what}",
            where=error.where,
            next=f"bring it back first: {back}" if back else "bring it back first, with its storage",
        ) from None
