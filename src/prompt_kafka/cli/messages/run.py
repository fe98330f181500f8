"""Carrying out ``messages TOPIC``: what was asked, the search, and its end on the terminal."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from prompt_kafka.cli.options import rendered
from prompt_kafka.core.errors import ExitCode, UsageError
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions, environment_of

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka import Record
    from prompt_kafka.messages import Asking, Found, Progress
    from prompt_kafka.messages.view import View


@dataclass(frozen=True, slots=True)
class How:
    """The words of the command."""

    topic: str
    partitions: tuple[int, ...]
    lower: str | None
    upper: str | None
    offsets: tuple[str, ...]
    tail: int | None
    count: int
    everything: bool
    follow: bool
    forwards: bool | None
    uncommitted: bool
    grep: tuple[str, ...]
    key: tuple[str, ...]
    value: tuple[str, ...]
    header: tuple[str, ...]
    where: str | None
    ignore_case: bool
    decoded: bool
    all_partitions: bool
    budget: tuple[str, ...]
    throttle: str | None
    late: str | None
    token: str | None
    export: str | None = None
    saved: str | None = None


def asking_of(how: How) -> Asking:
    """Return what is asked for.

    Raises
    ------
    UsageError
        Words that are not understood, or contradict each other.
    """
    from prompt_kafka.cli.messages.words import filter_of, range_of
    from prompt_kafka.messages import Asking

    parts = (("any", how.grep), ("key", how.key), ("value", how.value), ("header", how.header))
    wanted = filter_of(parts, how.where, ignore_case=how.ignore_case, decoded=how.decoded)
    span = range_of(how.lower, how.upper, how.offsets, how.late)
    if how.tail is not None and how.everything:
        raise UsageError("--tail and --all contradict each other", next="give one of them")
    forwards = (
        how.forwards if how.forwards is not None else span.lower.kind != "earliest" or bool(span.offsets)
    )
    if how.lower in ("earliest", "oldest", "beginning") and how.forwards is None:
        forwards = True
    count = how.count if how.tail is None else how.tail
    return Asking(
        topic=how.topic,
        filter=wanted,
        span=span,
        partitions=tuple(sorted(set(how.partitions))) or None,
        wanted=None if how.everything else count,
        forwards=forwards and how.tail is None,
        committed=not how.uncommitted,
        all_partitions=how.all_partitions,
    )


def run(how: How, target: TargetOptions, output: str) -> int:
    """Read or search, print it, and return the exit code."""
    from prompt_kafka import messages
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.cli.messages.viewing import view_of
    from prompt_kafka.cli.messages.words import budget_of, size_of
    from prompt_kafka.messages import render
    from prompt_kafka.messages.summary import found_summary
    from prompt_kafka.messages.token import token_of

    if how.saved:
        how = with_saved(how, target)
    asking, topic_id = (asking_of(how), "") if how.token is None else continued(how)
    budget = budget_of(how.budget)
    if how.export and how.follow:
        raise UsageError("--export ends, --follow does not", next="give one of them")
    with session(target) as look, _interruptible() as stop:
        throttle = least(size_of(how.throttle) if how.throttle else 0, look.environment.messages.throttle)
        connection, view = look.kafka(), view_of(look, asking.topic)
        if how.export:
            from prompt_kafka.cli.messages import exporting

            def search(sink: Callable[[Record], None]) -> Found:
                with _noted(look, asking, how.export or "") as ended, _shown() as progress:
                    found = messages.search(
                        connection, asking, view=view, budget=budget, throttle=throttle, stop=stop,
                        progress=progress, sink=sink,
                    )  # fmt: skip
                    ended(found)
                return found

            return exporting.run(look, asking, view, how.export, search, output)
        with _noted(look, asking) as ended, _shown() as progress:
            found = messages.search(
                connection, asking, view=view, budget=budget, throttle=throttle, stop=stop, progress=progress
            )
            ended(found)
        if topic_id and found.page.topic_id != topic_id:
            raise UsageError(
                f"topic {asking.topic} was created anew since that search",
                next="search it from its beginning",
            )
        if how.tail is not None or how.follow:
            page = found.page
            ordered = page.records if page.forwards else tuple(reversed(page.records))
            found = replace(found, page=replace(page, records=ordered))
        token = token_of(asking, found)
        if how.follow:
            _follow(look, asking, found, output, view, stop)
            return ExitCode.OK
        if not rendered(output, lambda: render.found_json(found, view, token)):
            if found.page.records:
                terminal().print(render.records_table(found.page.records, view))
            quiet = terminal(stderr=True)
            for line in found_summary(found, searched=bool(asking.filter), token=token):
                quiet.print(line, style="quiet", markup=False)
        if found.page.ending == "stopped":
            return ExitCode.INTERRUPTED
        return ExitCode.FAILED if found.failed else ExitCode.OK


def with_saved(how: How, target: TargetOptions) -> How:
    """Return the words with those of a saved search added to them."""
    known = environment_of(target, changes=False).messages.filters_of(how.topic)
    saved = next((each for each in known if each.name == how.saved), None)
    if saved is None:
        names = ", ".join(each.name for each in known)
        raise UsageError(
            f"no search {how.saved!r} is saved for topic {how.topic}",
            next=f"there are: {names}" if names else "they are kept in service.yaml under messages.filters",
        )
    given = dict(saved.options)
    where = " && ".join(f"({each})" for each in (*given.get("where", ()), how.where) if each)
    return replace(
        how,
        grep=how.grep + given.get("grep", ()),
        key=how.key + given.get("key", ()),
        value=how.value + given.get("value", ()),
        header=how.header + given.get("header", ()),
        where=where or None,
    )


def least(asked: float, configured: float) -> float | None:
    """Return the bytes per second that both the command and the configuration allow."""
    return min((rate for rate in (asked, configured) if rate), default=None)


def continued(how: How) -> tuple[Asking, str]:
    """Return what is left of another search, and the id that its topic had."""
    from prompt_kafka.messages.token import asking_of as left_of

    own = asking_of(how)
    asking, topic_id = left_of(how.token or "")
    if asking.topic != how.topic:
        raise UsageError(f"that search was of topic {asking.topic}, not {how.topic}")
    if own.filter or how.lower or how.upper or how.offsets or how.partitions:
        raise UsageError(
            "--continue goes on with the range and the filters of that search", next="leave yours out"
        )
    return (replace(asking, wanted=own.wanted) if how.count != 20 or how.everything else asking), topic_id


def _follow(
    look: Session, asking: Asking, found: Found, output: str, view: View, stop: threading.Event
) -> None:
    from prompt_kafka import messages
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.messages import render

    console = terminal()

    def show(record: Any) -> None:
        if output == "text":
            console.print(render.record_line(record, view))
        else:
            click.echo(json.dumps(render.record_json(record, view)))

    for record in found.page.records:
        show(record)
    tail = messages.follow(
        look.kafka(), asking.topic, asking.partitions, found.page, committed=asking.committed,
        stop=stop, wanted=asking.filter, view=view,
    )  # fmt: skip
    for entry in tail:
        if isinstance(entry, messages.Notice):
            terminal(stderr=True).print(entry.text, style="unsure", markup=False)
        else:
            show(entry)


@contextmanager
def _noted(look: Session, asking: Asking, into: str = "") -> Iterator[Callable[[Found], None]]:
    """Note in the journal who reads what, and how that ended."""
    from prompt_kafka.messages import noted

    note = look.note_reading(noted.search(asking, into))
    if note.problem:
        click.echo(note.problem, err=True)
    with noted.until_ended(note) as ended:
        yield lambda found: ended(noted.searched(found))


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C sets: the search ends and says what it read. A second one ends it at once."""
    stop = threading.Event()

    def pressed(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, pressed)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _shown() -> Iterator[Callable[[Progress], None] | None]:
    """Give what shows progress on a terminal: one line on standard error, gone at the end."""
    from prompt_kafka.messages.summary import progress_line

    if not sys.stderr.isatty():
        yield None
        return

    def tell(progress: Progress) -> None:
        sys.stderr.write(f"\r\x1b[K{progress_line(progress)}")
        sys.stderr.flush()

    sys.stderr.write("asking the brokers …")
    sys.stderr.flush()
    try:
        yield tell
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
