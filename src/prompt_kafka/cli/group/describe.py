"""``prompt-kafka group describe``: one group, member by member and partition by partition."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.group_told import behind, group_json
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from rich.table import Table

    from prompt_kafka.core.kafka import Group, GroupLag


@click.command("describe")
@click.argument("name")
@target_options
@data_option
def command(name: str, target: TargetOptions, output: str) -> None:
    """Show a group: who its members are, what each reads, and how far behind it is on every partition."""
    from prompt_kafka.clients.kafka.groups import look as look_at

    with session(target) as look:
        connection = look.kafka()
        seen = look_at(connection, names=[name])
        objective = look.environment.groups.get(name)
        if not seen.groups:
            others = look_at(connection, ages=False)
            near = difflib.get_close_matches(name, [group.id for group in others.groups], n=3)
            hidden = f" ({'; '.join(others.unknown)})" if others.unknown else ""
            raise UsageError(
                f"there is no group {name}{hidden}",
                next=f"did you mean {' or '.join(near)}?" if near else "prompt-kafka group list",
            )
    (group,) = seen.groups
    if not rendered(output, lambda: group_json(group, objective) | {"user": connection.user}):
        _show(group, objective)


def _show(group: Group, objective: float | None) -> None:
    from rich.text import Text

    from prompt_kafka.cli.console import age, terminal

    console = terminal()
    count = f"{len(group.members)} member{'' if len(group.members) == 1 else 's'}"
    console.print(Text(f"group {group.id}: {group.protocol}, {group.state.lower()}, {count}", "bold"))
    may = "" if objective is None else f"; it may be {age(objective)}"
    console.print(f"  {behind(group)}{may}", markup=False)
    for member in group.members:
        console.print(f"  member {member.id}", markup=False)
        reads = ", ".join(member.partitions) or "nothing"
        console.print(f"    {member.client_id} at {member.host} reads {reads}", markup=False)
    if group.lags:
        console.print()
        console.print(_table(group))
    for why in group.unseen:
        console.print(Text(f"unknown: {why}", "unsure"))


def _table(group: Group) -> Table:
    from rich.table import Table
    from rich.text import Text

    from prompt_kafka.cli.console import age

    owners = {place: member.client_id for member in group.members for place in member.partitions}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("TOPIC", "PARTITION", "COMMITTED", "END", "RECORDS BEHIND", "TIME BEHIND", "READ BY"):
        left = column in ("TOPIC", "READ BY")
        table.add_column(column, justify="left" if left else "right", overflow="fold", no_wrap=not left)
    for lag in group.lags:
        lost = bool(lag.unknown) and not lag.end
        said = f"{lag.records:,}"
        table.add_row(
            lag.topic,
            str(lag.partition),
            "none" if lag.committed is None else str(lag.committed),
            "?" if lost else str(lag.end),
            Text("?" if lost else said, "unsure" if lost else ""),
            "?" if lag.age_s is None else age(lag.age_s),
            _said(lag, owners),
        )
    return table


def _said(lag: GroupLag, owners: dict[str, str]) -> str:
    said = owners.get(f"{lag.topic}-{lag.partition}", "nobody")
    if lag.expired and lag.committed is not None:
        said += f"; retention deleted {lag.start - lag.committed:,} offsets that it had not read"
    return said
