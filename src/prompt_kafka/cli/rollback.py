"""``prompt-kafka rollback``: the heading *Deployment*, back."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.request import RollbackRequest
from prompt_kafka.targets import TargetOptions


@click.command("rollback")
@click.option(
    "--to",
    default="",
    metavar="COMMIT",
    help="As it was at this commit; before the last deployment if not given.",
)
@stable_option
@change_options
@target_options
@output_option
def command(to: str, stable: float, how: ChangeOptions, target: TargetOptions, output: str) -> int:
    """Take back what the last deployment brought: one Git revert, synced and proved.

    \b
    prompt-kafka rollback --dry-run       what it undoes, and what cannot be undone
    prompt-kafka rollback                 as it was before the last deployment
    prompt-kafka rollback --to 1a2b3c4    as it was at a commit
    """
    return change(target, RollbackRequest(to, stable), how, output)
