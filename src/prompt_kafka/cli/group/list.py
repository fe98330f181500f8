"""``prompt-kafka group list``: all groups with their lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_kafka.cli.matching import match_option, matching
from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core.group_told import COLUMNS, SORTS, group_json, in_order, is_late, records, time
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_kafka.core.kafka import Group


@click.command("list")
@match_option
@click.option(
    "--sort", "by", type=click.Choice(tuple(SORTS)), default="name", show_default=True, help="Order."
)
@click.option("--behind", is_flag=True, help="Only groups that are behind, or of which that is unknown.")
@click.option("--no-time", is_flag=True, help="Without lag in time: no message is read for it.")
@target_options
@data_option
def command(
    match: tuple[str, ...], by: str, behind: bool, no_time: bool, target: TargetOptions, output: str
) -> None:
    """List groups of every kind with their lag, in records and in time.

    Time behind is the age of the first message that a group has not read. Groups without commits are shown
    too. What could not be seen is a question mark, and said below with the reason.
    """
    from prompt_kafka.clients.kafka.groups import look as look_at

    with session(target) as look:
        connection = look.kafka()
        seen = look_at(connection, match=matching(match), ages=not no_time)
        objectives, user = look.environment.groups, connection.user
    groups = [each for each in in_order(seen.groups, by) if not behind or each.lag_records or each.unseen]
    if not rendered(
        output,
        lambda: {
            "groups": [group_json(group, objectives.get(group.id)) for group in groups],
            "user": user,
            "unknown": list(seen.unknown),
        },
    ):
        _show(groups, objectives, f", as {user}" if user else "", seen.unknown)


def _show(groups: Sequence[Group], objectives: Mapping[str, float], by: str, unknown: Sequence[str]) -> None:
    from rich.text import Text

    from prompt_kafka.cli.columns import Cell, print_columns
    from prompt_kafka.cli.console import age, terminal

    console = terminal()
    counted: dict[str, int] = {}
    rows: list[list[Cell]] = []
    for group in groups:
        objective = objectives.get(group.id)
        late = "bad" if is_late(group, objective) else "unsure" if group.unseen else ""
        rows.append(
            [
                group.id,
                group.protocol,
                group.state.lower(),
                "?" if group.unknown and not group.members else str(len(group.members)),
                (records(group), "unsure" if group.unseen else ""),
                (time(group), late),
                "" if objective is None else age(objective),
            ]
        )
        for why in group.unseen:
            counted[why] = counted.get(why, 0) + 1
    print_columns(console, COLUMNS, rows, COLUMNS[3:])
    console.print()
    console.print(f"[quiet]{len(groups)} group{'' if len(groups) == 1 else 's'}{by}[/]")
    for why in unknown:
        console.print(Text(f"unknown: {why}", "unsure"))
    for why, count in sorted(counted.items()):
        console.print(Text(f"unknown of {count} group{'' if count == 1 else 's'}: {why}", "unsure"))
