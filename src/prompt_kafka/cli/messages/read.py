"""``prompt-kafka messages TOPIC``: what a topic holds. It joins no group and commits nothing."""

from __future__ import annotations

import click
from click.core import ParameterSource

from prompt_kafka.cli.messages.run import How, run
from prompt_kafka.cli.options import data_option, target_options
from prompt_kafka.targets import TargetOptions


@click.command("read")
@click.argument("topic")
@click.option("-p", "--partition", "partitions", type=int, multiple=True, help="Only this partition.")
@click.option("--from", "lower", help="Begin here: earliest, an offset, a time, a date, or 15m (ago).")
@click.option("--to", "upper", help="End right before this: end, an offset, a time, a date, or 15m (ago).")
@click.option("--offset", "offsets", multiple=True, metavar="[P=]N", help="Begin here, in partition P.")
@click.option("--tail", type=click.IntRange(0), help="The last N, oldest of them first.")
@click.option(
    "-c", "--count", type=click.IntRange(0), default=20, show_default=True, help="How many messages."
)
@click.option("--all", "everything", is_flag=True, help="All messages (with a filter: all matches).")
@click.option("-f", "--follow", is_flag=True, help="Go on with new messages as they are written.")
@click.option(
    "--oldest-first/--newest-first", "forwards", default=None, help="Usual: oldest first after --from."
)
@click.option("--uncommitted", is_flag=True, help="Show open and aborted transactions too.")
@click.option("--grep", multiple=True, metavar="TEXT", help="Contains it: key, value or headers.")
@click.option("--key", multiple=True, metavar="TEXT", help="The key is this; only its partition is read.")
@click.option("--value", multiple=True, metavar="TEXT", help="The value contains this.")
@click.option("--header", multiple=True, metavar="NAME=TEXT", help="A header is this; NAME: it is there.")
@click.option("--where", metavar="CEL", help="An expression: value.visit.detector == 42 && partition < 3")
@click.option("--saved", metavar="NAME", help="And these filters, which service.yaml keeps by name.")
@click.option("-i", "--ignore-case", is_flag=True, help="For filters that do not say it themselves.")
@click.option("--decoded", is_flag=True, help="Compare with what is shown, not with the stored bytes.")
@click.option("--all-partitions", is_flag=True, help="Look for an exact --key everywhere.")
@click.option("--budget", multiple=True, metavar="30s|2GB|N", help="Stop after a time, bytes, or records.")
@click.option("--throttle", metavar="20MB", help="Bytes per second to take from the brokers.")
@click.option("--late", metavar="1h|all", help="Written so long after --to may still be dated before it.")
@click.option(
    "--export", metavar="FILE", help="Write all of it to FILE: .ndjson, .csv, .pkr (every byte), or -."
)
@click.option("--continue", "token", metavar="WORD", help="Go on where a search ended.")
@target_options
@data_option
def command(target: TargetOptions, output: str, **words: object) -> int:
    """Read a topic's messages, the newest first, or search it.

    A filter is TEXT in the usual form (keys and headers whole, others anywhere), or exact:, iexact:,
    contains:, icontains:, regex: or iregex: and a text (RE2). All filters must hold. The end says which
    offsets were read, and which were not.

    \b
    prompt-kafka messages alerts -c 5
    prompt-kafka messages alerts --from 2h --to 1h --grep timeout -i
    prompt-kafka messages alerts --from 2026-05-01 --export alerts.pkr
    prompt-kafka messages alerts --key visit-42 --where 'value.flux > 20.0' --budget 30s
    """
    if words["export"] and words["tail"] is None:  # all of it, as it was written, unless said otherwise
        given = click.get_current_context().get_parameter_source("count") is not ParameterSource.DEFAULT
        words["everything"] = words["everything"] or not given
        words["forwards"] = True if words["forwards"] is None else words["forwards"]
    return run(How(**words), target, output)  # type: ignore[arg-type]
