"""``history --reads``: who read which messages, as a list for people, as data and as Markdown."""

from __future__ import annotations

from prompt_kafka.cli.options import rendered
from prompt_kafka.core.codec import encode
from prompt_kafka.core.reading import Act, Noted, Range, Readings

RANGES = 4
"""So many ranges are shown in a line; the data has all."""


def present(readings: Readings, output: str) -> None:
    """Print the readings in the format asked for."""
    if rendered(output, lambda: encode(readings), lambda: markdown(readings)):
        return
    from rich.markup import escape

    from prompt_kafka.cli.console import terminal

    console = terminal()
    for noted in readings.noted:
        reading = noted.reading
        console.print(
            f"{noted.at:%m-%d %H:%M:%S}  [command]{reading.act.value:<6}[/]  {escape(reading.topic)}"
            f"  [quiet]{escape(_who(noted))}[/]"
        )
        for line in _lines(noted):
            console.print(f"                {escape(line)}", highlight=False)
    if not readings.noted:
        console.print(f"nobody read messages from this machine since {readings.since:%Y-%m-%d %H:%M} UTC")
    if readings.broken:
        console.print(f"[bad]the journal of readings was changed: {escape(readings.broken)}[/]")


def markdown(readings: Readings) -> str:
    """Return the same as Markdown."""
    lines = [f"## Read since {readings.since:%Y-%m-%d %H:%M} UTC", ""]
    lines += [
        f"- {noted.at:%m-%d %H:%M:%S} {noted.reading.act.value} of {noted.reading.topic} by {_who(noted)}: "
        + "; ".join(_lines(noted))
        for noted in readings.noted
    ]
    if not readings.noted:
        lines.append("Nothing.")
    if readings.broken:
        lines += ["", f"The journal of readings was changed: {readings.broken}."]
    return "\n".join(lines) + "\n"


def _who(noted: Noted) -> str:
    kafka = f" as {noted.kafka_user}" if noted.kafka_user else ""
    return f"{noted.who}{kafka} in {noted.environment}"


def _lines(noted: Noted) -> list[str]:
    reading, ended = noted.reading, noted.ended
    lines = [f"where {each}" for each in reading.filters]
    if reading.into:
        lines.append(f"into {reading.into}")
    if ended is None:
        asked = f"asked for {_ranges(reading.ranges)}; " if reading.ranges else ""
        return [*lines, f"{asked}no end was noted: it goes on, or its process died"]
    shown = "written out" if reading.act is Act.EXPORT else "shown"
    read = f"read {_ranges(ended.read)}: " if ended.read else "read nothing: "
    return [*lines, f"{read}{ended.records:,} records, {ended.found:,} {shown}; {ended.how}"]


def _ranges(ranges: tuple[Range, ...]) -> str:
    told = ", ".join(str(each) for each in ranges[:RANGES])
    more = len(ranges) - RANGES
    return f"{told} and {more} more ranges" if more > 0 else told
