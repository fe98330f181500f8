"""``prompt-kafka topic list``: what topics there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_kafka.cli.lab.traffic import seconds
from prompt_kafka.cli.matching import match_option, matching
from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.topic_told import COLUMNS, SORTS, in_order, look_json, row, state, volume_line
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_kafka.core.topic_look import TopicLook, TopicsLook

VOLUMES = 6
"""So many volumes are told one by one; of more, those that will be full first."""


@click.command("list")
@click.option("--internal", is_flag=True, help="Kafka's own topics too.")
@match_option
@click.option(
    "--sort", "by", type=click.Choice(tuple(SORTS)), default="name", show_default=True, help="Order."
)
@click.option(
    "--over", callback=seconds, default="5m", show_default=True, help="Time that rates are taken over."
)
@click.option("--wrong", is_flag=True, help="Only topics with something wrong.")
@target_options
@data_option
def command(
    internal: bool,
    match: tuple[str, ...],
    by: str,
    over: float,
    wrong: bool,
    target: TargetOptions,
    output: str,
) -> None:
    """List topics: sizes, rates, the last write, retention, and what is wrong with them.

    SIZE is one copy of each partition. MSG/S counts offsets by the records' own times, BYTES/S follows from
    it and the mean size. What could not be seen is a question mark, and said below with the reason.
    """
    from prompt_kafka.clients.kafka.topic_looks import look as look_at

    if over <= 0:
        raise click.BadParameter("must be more than nothing", param_hint="--over")
    with session(target) as look:
        seen = look_at(look.kafka(), match=matching(match), internal=internal, seconds=over)
    topics = [each for each in in_order(seen, by) if not wrong or each.problems or each.unknown]
    if not rendered(output, lambda: look_json(seen, topics)):
        _show(seen, topics)


def _show(seen: TopicsLook, topics: Sequence[TopicLook]) -> None:
    from rich.text import Text

    from prompt_kafka.cli.columns import print_columns
    from prompt_kafka.cli.console import age, terminal

    console, now = terminal(), SYSTEM.now()
    right = ("PARTITIONS", "SIZE", "MSG/S", "BYTES/S", "LAST WRITE")
    print_columns(console, COLUMNS, [(*row(topic, seen, now), state(topic)) for topic in topics], right)
    console.print()
    for volume in sorted(seen.volumes, key=lambda each: each.days_left or 1e9)[:VOLUMES]:
        console.print(volume_line(volume), markup=False)
    by = f", as {seen.user}" if seen.user else ""
    count = f"{len(topics)} topic{'' if len(topics) == 1 else 's'}"
    console.print(f"[quiet]{count}{by}; rates over the last {age(seen.seconds)}[/]")
    for why in seen.unknown:
        console.print(Text(f"unknown: {why}", "unsure"))
