"""The end of a reading in words: why it ended, what was read, what was not, and how to go on."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.messages.asking import Found, Progress
from prompt_kafka.messages.page import Page, Span

MANY = 24


def size_text(size: float) -> str:
    """Return bytes in a unit that a person reads."""
    for unit, limit in (("B", 1e3), ("kB", 1e6), ("MB", 1e9)):
        if size < limit:
            return f"{size / (limit / 1e3):.{0 if unit == 'B' else 1}f} {unit}"
    return f"{size / 1e9:.2f} GB"


def count_text(count: float) -> str:
    """Return a number of records in a unit that a person reads."""
    return (
        f"{count / 1e6:.2f} M" if count >= 1e6 else f"{count / 1e3:.0f} k" if count >= 1e4 else f"{count:.0f}"
    )


def progress_line(progress: Progress) -> str:
    """Say how far a search is, in one line."""
    done = 100 if not progress.of else 100 * progress.offsets // progress.of
    rate = progress.records / progress.seconds if progress.seconds > 0.05 else 0
    errors = f", {progress.errors} not judged" if progress.errors else ""
    return (
        f"{done:3d} %  {count_text(progress.records)} records, {size_text(progress.fetched)}, "
        f"{count_text(rate)}/s, {progress.matches} found{errors}"
    )


def found_summary(found: Found, *, searched: bool, token: str | None = None) -> list[str]:
    """Say in words how a reading ended and which offsets it covers."""
    page, progress = found.page, found.progress
    lines = []
    if searched:
        rate = progress.records / progress.seconds if progress.seconds else 0
        lines.append(
            f"found {progress.matches} in {progress.records} records"
            f" ({size_text(progress.fetched)}, {progress.seconds:.2f} s, {count_text(rate)}/s)"
        )
    lines.append(f"ended: {page.ending}")
    if found.key_partition is not None:
        lines.append(
            f"only partition {found.key_partition} was read: Kafka's partitioner puts this key there"
            " (--all-partitions reads the others too)"
        )
    if found.example is not None:
        record, why = found.example
        lines.append(
            f"{found.errors} records could not be judged: {why}"
            f" (for example {record.partition}:{record.offset})"
        )
    lines += page_summary(page)
    if token is not None:
        lines.append(f"go on: prompt-kafka messages {page.topic} --continue {token}")
    return lines


def page_summary(page: Page) -> list[str]:
    """Say which offsets were read and what held no message, and which were not read."""
    lines = list(_read(page))
    for each in page.unread:
        lines.append(f"partition {each.partition}: not read {each.first} to {each.end - 1}: {each.why}")
    for partition, why in sorted(page.unseen.items()):
        lines.append(f"partition {partition}: not seen: {why}")
    return lines


def _read(page: Page) -> Iterator[str]:
    whole = [span for span in page.spans if span.complete]
    if len(page.spans) > MANY and len(whole) == len(page.spans):
        records = sum(span.records for span in page.spans)
        ranges = ", ".join(f"{s.partition}: {s.first}–{s.end - 1}" for s in page.spans if s.end > s.first)
        yield f"all of {len(page.spans)} partitions read ({records} records): {ranges or 'they are empty'}"
        return
    waiting = {each.partition for each in page.unread}
    for span in page.spans:
        if span.end > span.first or span.partition not in waiting:
            yield _span(span)


def _span(span: Span) -> str:
    if span.end <= span.first:
        text = "is empty" if span.start >= span.stable else "nothing read"
        return f"partition {span.partition}: {text}"
    held = [f"{span.records} records"]
    held += [
        f"{count} {name}"
        for count, name in (
            (span.markers, "transaction markers"),
            (span.aborted, "aborted"),
            (span.compacted, "compacted away"),
        )
        if count
    ]
    of = "all of it" if span.complete else f"it has {span.start} to {span.stable - 1}"
    return f"partition {span.partition}: read {span.first} to {span.end - 1} ({', '.join(held)}); {of}"
