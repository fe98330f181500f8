"""Switches can be turned: the chart renders with each of them the other way."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import setting
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "switch-does-not-render",
    Severity.WARNING,
    "Switch that breaks the chart when it is turned",
    "Whoever turns it, in a hurry perhaps, gets no manifests at all: Argo CD cannot sync anything of the "
    "application then.",
    "rendered here with the value turned; refusals by `fail` and `required` are not counted",
    "mend the template, or refuse with `required` and say what else must be set",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Report the renderings that failed."""
    for each in subject.failures:
        name = ".".join(each.switch)
        at = f" ({subject.path(each.template)}:{each.line})" if each.template else ""
        yield ABOUT.found(
            f"with {name}: {str(each.turned).lower()} the chart does not render: {each.said}{at}",
            setting(subject, each.switch),
        )
