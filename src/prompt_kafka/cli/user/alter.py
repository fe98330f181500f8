"""``prompt-kafka user alter``: more rights, and fewer."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option, undeployed_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.cli.user.rights import METAVAR, distinct, right
from prompt_kafka.core.request_rights import AlterUserRequest
from prompt_kafka.targets import TargetOptions


@click.command("alter")
@click.argument("name")
@click.option("--grant", multiple=True, metavar=METAVAR, help="What it may do from then on.")
@click.option("--revoke", multiple=True, metavar=METAVAR, help="What it may do no more.")
@undeployed_option
@stable_option
@change_options
@target_options
@output_option
def command(
    name: str,
    grant: tuple[str, ...],
    revoke: tuple[str, ...],
    with_undeployed: bool,
    stable: float,
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Grant a user rights and revoke them; a revoked one is proved to be gone.

    \b
    prompt-kafka user alter alert-reader --grant read:audit
    prompt-kafka user alter alert-sender --revoke write:alerts
    """
    request = AlterUserRequest(
        name=name,
        grant=distinct(tuple(right(each, "--grant") for each in grant), "--grant"),
        revoke=distinct(tuple(right(each, "--revoke") for each in revoke), "--revoke"),
        with_undeployed=with_undeployed,
        stable_s=stable,
    )
    return change(target, request, how, output)
