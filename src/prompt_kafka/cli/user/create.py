"""``prompt-kafka user create``: a user from Git and Vault to the brokers."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option, undeployed_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.cli.user.rights import METAVAR, distinct, right
from prompt_kafka.core.request_rights import CreateUserRequest
from prompt_kafka.targets import TargetOptions


@click.command("create")
@click.argument("name")
@click.option(
    "--subchart", required=True, help="Folder under the application's charts/; made when it is not there."
)
@click.option("--may", "rights", multiple=True, metavar=METAVAR, help="What it may do; a reader's group too.")
@click.option(
    "--enable", multiple=True, metavar="ENVIRONMENT", help="Where to switch the subchart on; the target's."
)
@click.option("--about", default="", help="What the user is for, one sentence; put above it in the chart.")
@click.option("--new-subchart", is_flag=True, help="It is a new one, though its name is near to another's.")
@undeployed_option
@stable_option
@change_options
@target_options
@output_option
def command(
    name: str,
    subchart: str,
    rights: tuple[str, ...],
    enable: tuple[str, ...],
    about: str,
    new_subchart: bool,
    with_undeployed: bool,
    stable: float,
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Create a user, proved by logging in as it. Its password comes from Vault, and is never looked at.

    \b
    prompt-kafka user create alert-reader --subchart alerts --may read:alerts
    prompt-kafka user create archiver --subchart archive --may "read:alerts*@archive*" --may write:archived
    """
    request = CreateUserRequest(
        name=name,
        subchart=subchart,
        rights=distinct(tuple(right(each, "--may") for each in rights), "--may"),
        about=" ".join(about.split()),
        enable=tuple(dict.fromkeys(enable)),
        new_subchart=new_subchart,
        with_undeployed=with_undeployed,
        stable_s=stable,
    )
    return change(target, request, how, output)
