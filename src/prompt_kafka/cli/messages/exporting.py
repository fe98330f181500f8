"""``messages TOPIC --export FILE``: what a search finds, written to a file as it is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from prompt_kafka import __version__
from prompt_kafka.cli.options import rendered
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import ExitCode, UsageError
from prompt_kafka.factory import Session
from prompt_kafka.messages.export import STDOUT, allowed, export, kind_of

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka import Record
    from prompt_kafka.messages import Asking, Found
    from prompt_kafka.messages.views import TopicView

Search = Callable[[Callable[["Record"], None]], "Found"]


def run(look: Session, asking: Asking, view: TopicView, path: str, search: Search, output: str) -> int:
    """Export what a search gives, say what was written and what was not read; return the exit code.

    Parameters
    ----------
    search
        Searches with a sink for the records.

    Raises
    ------
    RefusedError, UsageError
        Exports are forbidden, a mask forbids this one, or the file cannot be written.
    KeyboardInterrupt
        It was stopped: nothing was written.
    """
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.messages import render
    from prompt_kafka.messages.container import About
    from prompt_kafka.messages.summary import found_summary

    kind = kind_of(path)
    allowed(look.environment.messages, asking.topic, kind)
    connection = look.kafka()
    (topic,) = connection.topics([asking.topic])
    about = About(
        asking.topic,
        topic.topic_id,
        connection.describe_cluster().id,
        look.environment.name,
        " ".join(asking.filter.words),
        f"{SYSTEM.now():%Y-%m-%dT%H:%M:%SZ} by prompt-kafka {__version__}",
    )
    quiet = terminal(stderr=True)
    backwards: list[Record] | None = None if asking.forwards or kind != "container" else []
    if backwards is not None and asking.wanted is None:
        raise UsageError("a container is written oldest first", next="leave --newest-first out")
    with export(path, view, about) as under_way:
        found = search(under_way.write if backwards is None else backwards.append)
        for record in reversed(backwards or ()):
            under_way.write(record)
        summary = render.found_json(found, view)
        if found.page.ending == "stopped" and path != STDOUT:
            click.echo("stopped: nothing was written", err=True)
            raise KeyboardInterrupt
        under_way.end = {name: summary[name] for name in ("ending", "read", "not_read", "not_seen")}
    done = under_way.done
    assert done is not None
    said = {
        "path": done.path,
        "kind": done.kind,
        "records": done.records,
        "bytes": done.bytes,
        "sha256": done.sha256,
    }
    if path == STDOUT or not rendered(output, lambda: {**summary, "exported": said}):
        quiet.print(done.line, markup=False)
        for line in found_summary(found, searched=bool(asking.filter), token=None):
            quiet.print(line, style="quiet", markup=False)
        if found.failed:
            quiet.print("not everything that was asked for could be read: see above", style="bad")
    return ExitCode.FAILED if found.failed else ExitCode.OK
