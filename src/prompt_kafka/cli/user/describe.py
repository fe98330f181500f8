"""``prompt-kafka user describe``: one user, as its resource says it and as the brokers have it."""

from __future__ import annotations

import difflib

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core import who
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.rights import phrase
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("describe")
@click.argument("name")
@target_options
@data_option
def command(name: str, target: TargetOptions, output: str) -> None:
    """Say in words what a user may do, and who reads with it now."""
    with session(target) as look:
        users = {user.name: user for user in who.users(look.observe(who.LOOKS))}
    if name not in users:
        near = difflib.get_close_matches(name, users, n=3)
        raise UsageError(
            f"there is no user {name}",
            next=f"did you mean {' or '.join(near)}?" if near else "prompt-kafka user list",
        )
    user = users[name]
    if rendered(output, user.to_json):
        return
    from prompt_kafka.cli.console import terminal

    console = terminal()
    console.print(user.words, markup=False, highlight=False)
    console.print(f"state: {user.state}", markup=False, highlight=False)
    said = f"the brokers keep {'a' if user.password else 'no'} password of it"
    if user.password is None:
        said = f"what the brokers keep is unknown, because {user.unknown}"
    console.print(f"login: {user.login or 'no KafkaUser says how'}; {said}", markup=False)
    for rule in user.rules:
        console.print(f"right: {phrase(rule)}", markup=False)
    for name, value in sorted(user.quotas.items()):
        console.print(f"quota: {name} = {value:g}", markup=False)
    for group in user.reads_in:
        console.print(
            f"group {group} has members now, and this user may read in it", markup=False, highlight=False
        )
