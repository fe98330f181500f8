"""The findings of ``check`` as words and as data: the terminal and the console show the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prompt_kafka.checking import Found, Report

SEVERITIES = ("error", "warning", "info")


def as_json(report: Report) -> dict[str, Any]:
    """Return everything as what JSON can hold."""
    return {
        "schema": 1,
        "repository": str(report.top),
        "checked": [{"environment": e, "application": a} for e, a in report.pairs],
        "findings": [_entry(each) for each in report.found],
        "accepted": report.accepted,
        "unseen": [{"what": said, "environments": list(names)} for said, names in report.unseen],
    }


def by_rule(found: Iterable[Found]) -> dict[tuple[str, str], list[Found]]:
    """Return findings by severity and rule, the worst first."""
    groups: dict[tuple[str, str], list[Found]] = {}
    for each in found:
        groups.setdefault((each.finding.severity.value, each.finding.id), []).append(each)
    return groups


def judged(report: Report) -> str:
    """Return what was judged, in a line."""
    environments = len({environment for environment, _ in report.pairs})
    applications = len({application for _, application in report.pairs})
    return (
        f"{applications} application{'s' * (applications != 1)} with Strimzi's resources in "
        f"{environments} environment{'s' * (environments != 1)}, {len(report.pairs)} in all"
    )


def summary(report: Report) -> str:
    """Return how much was found, in a line."""
    counts = [(report.count(name), name) for name in SEVERITIES]
    said = ", ".join(f"{count} {name}{'s' * (count != 1)}" for count, name in counts)
    more = f"; {report.accepted} accepted by the baseline" if report.accepted else ""
    return f"{said}{more}"


def where(report: Report, each: Found) -> str:
    """Return the environments of a finding, when they are not all."""
    every = {environment for environment, application in report.pairs if application == each.application}
    if set(each.environments) == every:
        return (
            ""
            if len(every) == 1 and len(report.pairs) == 1
            else " (everywhere)"
            if len(every) > 1
            else (f" ({each.environments[0]})")
        )
    return f" ({', '.join(each.environments)})"


def _entry(each: Found) -> dict[str, Any]:
    finding = each.finding
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "what": finding.what,
        "file": finding.where.file,
        "line": finding.where.line,
        "object": finding.subject,
        "application": each.application,
        "environments": list(each.environments),
        "why": finding.about.why,
        "source": finding.about.source,
        "mend": finding.mend,
        "fix": finding.fix is not None,
    }
