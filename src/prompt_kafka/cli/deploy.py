"""``prompt-kafka deploy``: the heading *Deployment*, forward."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.request import DeployRequest
from prompt_kafka.targets import TargetOptions


@click.command("deploy")
@click.option("--revision", default="", help="Commit on the branch; its newest if not given.")
@stable_option
@change_options
@target_options
@output_option
def command(revision: str, stable: float, how: ChangeOptions, target: TargetOptions, output: str) -> int:
    """Bring Git to the cluster: judged, synced in a safe order, proved on the brokers.

    \b
    prompt-kafka deploy --dry-run              what would come, and what it restarts
    prompt-kafka deploy                        the newest commit
    prompt-kafka deploy --revision 1a2b3c4     another one
    """
    return change(target, DeployRequest(revision, stable), how, output)
