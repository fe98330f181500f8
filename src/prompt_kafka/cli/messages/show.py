"""``prompt-kafka messages show``: one record whole, by its permanent link or by its place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core.errors import ExitCode, PromptKafkaError
from prompt_kafka.core.reading import Ended
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from prompt_kafka.messages import permalink

PARTS = ("value", "key")


@click.command("show")
@click.argument("link")
@click.option("--uncommitted", is_flag=True, help="Show it also when its transaction is open or aborted.")
@click.option("--raw", type=click.Choice(PARTS), help="Write only the stored bytes of this, as they are.")
@click.option("--hex", "digits", type=click.Choice(PARTS), help="Show the stored bytes of this.")
@target_options
@data_option
def command(
    link: str, uncommitted: bool, raw: str | None, digits: str | None, target: TargetOptions, output: str
) -> int:
    """Show one record whole, with its decoders and its permanent link.

    LINK is prompt-kafka:CLUSTER/TOPIC@ID/PARTITION/OFFSET, or TOPIC/PARTITION/OFFSET. Where the record is not
    there any more, the answer says what became of it: expired, compacted, aborted transaction, topic was
    re-created, another cluster …
    """
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.cli.messages.viewing import view_of
    from prompt_kafka.messages import permalink, whole
    from prompt_kafka.messages.masks import refuse_raw

    place = permalink.parse(link)
    with session(target) as look:
        view = view_of(look, place.topic)
        if raw or digits:
            refuse_raw(view.rules, place.topic)
        looked = _noted(look, place, committed=not uncommitted)
    record = looked.record
    if (raw or digits) and record is not None:
        data = getattr(record, raw or digits or "") or b""
        if raw:
            sys.stdout.buffer.write(data)
        else:
            click.echo("\n".join(whole.hex_lines(data)))
    elif not rendered(output, lambda: whole.looked_json(looked, view)):
        if record is not None:
            for line in whole.lines(looked, view(record)):
                terminal().print(line)
        else:
            terminal(stderr=True).print(f"{looked.answer.value}: {looked.text}", style="unsure", markup=False)
    return ExitCode.OK if record is not None else ExitCode.FAILED


def _noted(look: Session, place: permalink.Permalink, *, committed: bool) -> permalink.Looked:
    from prompt_kafka.messages import noted, permalink

    note = look.note_reading(noted.record(place))
    if note.problem:
        click.echo(note.problem, err=True)
    try:
        looked = permalink.look(look.kafka(), place, committed=committed)
    except PromptKafkaError as error:
        note.ended(Ended(f"failed: {error.code}"))
        raise
    note.ended(noted.looked(place, looked))
    return looked
