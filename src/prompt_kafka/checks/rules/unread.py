"""Every value is read by a template."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import setting
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "value-not-read",
    Severity.WARNING,
    "Value that no template reads",
    "Whoever sets it believes to change the service and changes nothing.",
    "the templates' syntax trees; each confirmed by rendering with the value changed, also with all "
    "switches on",
    "delete it, or correct its path to the one that the template reads",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Report what rendering has confirmed."""
    for path in subject.unread:
        yield ABOUT.found(f"no template reads {'.'.join(path)}", setting(subject, path))
