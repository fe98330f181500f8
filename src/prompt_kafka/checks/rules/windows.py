"""Maintenance windows are windows: they open, for longer than a moment."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, sequence

ABOUT = About(
    "maintenance-window",
    Severity.WARNING,
    "Maintenance window that practically never opens",
    "The operator asks whether *now* matches the expression, it does not start anything at that time. An "
    "expression that names one second is open for one second: certificates are not renewed and expire.",
    "Strimzi documentation, maintenanceTimeWindows; Quartz CronExpression",
    "leave seconds and minutes open: `* * 14-16 ? * MON-FRI` (UTC)",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Read each expression."""
    for kafka in subject.of("Kafka"):
        for number, window in enumerate(sequence(kafka.spec.get("maintenanceTimeWindows"))):
            place = where(subject, kafka, "spec", "maintenanceTimeWindows", str(number))
            parts = str(window).split()
            if len(parts) not in (6, 7):
                yield ABOUT.found(
                    f"{window!r} has {len(parts)} fields; Quartz wants 6 or 7, seconds first",
                    place,
                    subject=str(kafka),
                    severity=Severity.ERROR,
                )
                continue
            share = _open(parts[0], 60) * _open(parts[1], 60)
            if share < 1 / 60:
                seconds = max(1, round(3600 * share))
                yield ABOUT.found(
                    f"{window!r} is open for {seconds} second{'' if seconds == 1 else 's'} of an hour",
                    place,
                    subject=str(kafka),
                )


def _open(field: str, size: int) -> float:
    """Return which share of its values a field of seconds or minutes lets through."""
    count = 0
    for part in field.split(","):
        span, _, step = part.partition("/")
        every = int(step) if step.isdecimal() and int(step) else 1
        if span in ("*", "?"):
            low, high = 0, size - 1
        elif "-" in span:
            ends = span.split("-")
            if not all(each.isdecimal() for each in ends) or len(ends) != 2:
                return 1.0
            low, high = int(ends[0]), int(ends[1])
            high += size if high < low else 0
        elif span.isdecimal():
            low, high = int(span), size - 1 if step else int(span)
        else:
            return 1.0
        count += len(range(low, high + 1, every))
    return min(count, size) / size
