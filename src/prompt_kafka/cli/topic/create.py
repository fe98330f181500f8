"""``prompt-kafka topic create``: the heading *Create New Kafka Topics*."""

from __future__ import annotations

import re

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options, stable_option, undeployed_option
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.durations import retention as read_retention
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.request import Grant, TopicRequest
from prompt_kafka.targets import TargetOptions

_GRANT = re.compile(r"(?P<user>[^=@]+)=(?P<may>read|write|read\+write|write\+read)(?:@(?P<group>.+))?")


def grant(text: str) -> Grant:
    """Read ``USER=read``, ``USER=write`` or ``USER=read+write``, with ``@GROUP`` for a group of another name.

    Raises
    ------
    UsageError
        It is none of these.
    """
    found = _GRANT.fullmatch(text)
    if not found:
        raise UsageError(
            f"cannot read --user {text!r}",
            next="write USER=read, USER=write, USER=read+write or USER=read@GROUP",
        )
    may = tuple(sorted(found["may"].split("+")))
    if found["group"] and "read" not in may:
        raise UsageError(f"--user {text}: only who reads has a group", next="leave the group away")
    return Grant(found["user"], may, found["group"] or "")


@click.command("create")
@click.argument("name")
@click.option(
    "--subchart", required=True, help="Folder under the application's charts/; made when it is not there."
)
@click.option("--partitions", type=int, help="Partitions; as many as brokers if not given.")
@click.option("--replicas", type=int, help="Replicas of each partition; 3 if not given.")
@click.option("--retention", default="14d", show_default=True, help="14d, 12h, 30m … or unlimited.")
@click.option("--min-in-sync", type=int, help="In-sync replicas that a write needs; one less than replicas.")
@click.option("--user", "users", multiple=True, metavar="USER=read|write|read+write[@GROUP]", help="Who may.")
@click.option(
    "--enable", multiple=True, metavar="ENVIRONMENT", help="Where to switch the subchart on; the target's."
)
@click.option("--about", default="", help="Description of a new subchart, one sentence.")
@click.option("--new-subchart", is_flag=True, help="It is a new one, though its name is near to another's.")
@undeployed_option
@stable_option
@change_options
@target_options
@output_option
def command(
    name: str,
    subchart: str,
    partitions: int | None,
    replicas: int | None,
    retention: str,
    min_in_sync: int | None,
    users: tuple[str, ...],
    enable: tuple[str, ...],
    about: str,
    new_subchart: bool,
    with_undeployed: bool,
    stable: float,
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Create a topic and its users: from Git to the brokers, proved by logging in as each user.

    \b
    prompt-kafka topic create alerts --subchart alerts --user alert-sender=write --user alert-reader=read
    prompt-kafka topic create audit --subchart butler-writer --partitions 1 --retention unlimited
    """
    milliseconds, words = read_retention(retention)
    request = TopicRequest(
        name=name,
        subchart=subchart,
        partitions=partitions,
        replicas=replicas,
        min_in_sync=min_in_sync,
        retention_ms=milliseconds,
        retention=words,
        grants=_distinct(tuple(grant(each) for each in users)),
        enable=tuple(dict.fromkeys(enable)),
        about=about,
        new_subchart=new_subchart,
        with_undeployed=with_undeployed,
        stable_s=stable,
    )
    return change(target, request, how, output)


def _distinct(grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    users = [each.user for each in grants]
    twice = next((user for user in users if users.count(user) > 1), None)
    if twice:
        raise UsageError(f"--user {twice} is given twice", next=f"write --user {twice}=read+write")
    return grants
