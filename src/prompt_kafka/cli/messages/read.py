"""``prompt-kafka messages``: what a topic holds. It joins no group and commits nothing."""

from __future__ import annotations

import json

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("read")
@click.argument("topic")
@click.option("-p", "--partition", "partitions", type=int, multiple=True, help="Only this partition.")
@click.option("--from", "start", default="newest", help="newest, earliest, an offset, a time, or 15m (ago).")
@click.option("-c", "--count", default=20, show_default=True, help="How many messages.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new messages as they are written.")
@click.option("--uncommitted", is_flag=True, help="Show open and aborted transactions too.")
@target_options
@data_option
def command(
    topic: str,
    partitions: tuple[int, ...],
    start: str,
    count: int,
    follow: bool,
    uncommitted: bool,
    target: TargetOptions,
    output: str,
) -> None:
    """Read a topic's messages, the newest first.

    Says which offsets it read and what else they hold, such as transaction markers.
    """
    from prompt_kafka import messages
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.messages import render
    from prompt_kafka.messages.start import parse

    if count < 0:
        raise click.BadParameter("must not be negative", param_hint="--count")
    with session(target) as look:
        connection = look.kafka()
        committed = not uncommitted
        page = messages.read(connection, topic, partitions or None, parse(start), count, committed=committed)
        console = terminal()
        if not follow and rendered(output, lambda: render.page_json(page)):
            return
        if not follow:
            console.print(render.records_table(page))
            for line in render.page_summary(page):
                console.print(f"[quiet]{line}[/]")
            return
        shown = page.records if page.forwards else tuple(reversed(page.records))
        for record in shown:
            click.echo(json.dumps(render.record_json(record))) if output != "text" else console.print(
                render.record_line(record)
            )
        for entry in messages.follow(connection, topic, partitions or None, page, committed=committed):
            if isinstance(entry, messages.Notice):
                terminal(stderr=True).print(f"[unsure]{entry.text}[/]")
            elif output != "text":
                click.echo(json.dumps(render.record_json(entry)))
            else:
                console.print(render.record_line(entry))
