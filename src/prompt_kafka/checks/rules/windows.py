"""Maintenance windows are windows: they open, for longer than a moment, and again and again."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.quartz import Never, hours, opened
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
            try:
                share, days = opened(str(window))
            except Never as error:
                yield ABOUT.found(f"{window!r} {error}", place, subject=str(kafka), severity=Severity.ERROR)
                continue
            if share < 1 / 60:
                seconds = max(1, round(3600 * share))
                yield ABOUT.found(
                    f"{window!r} is open for {seconds} second{'' if seconds == 1 else 's'} of an hour",
                    place,
                    subject=str(kafka),
                )
            elif days < 12 or hours(str(window)) * days < 12:
                yield ABOUT.found(
                    f"{window!r} opens on {days} day{'' if days == 1 else 's'} of a year",
                    place,
                    subject=str(kafka),
                )
