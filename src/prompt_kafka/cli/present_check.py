"""How the findings of ``check`` are shown: for people, for scripts, for code scanners."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape

from prompt_kafka.checking import Found, Report
from prompt_kafka.checks.catalogue import ABOUTS

_STYLE = {"error": "bad", "warning": "unsure", "info": "quiet"}
_LEVEL = {"error": "error", "warning": "warning", "info": "note"}


def show(report: Report, console: Console, *, explain: bool = False) -> None:
    """Print the findings, rule by rule, the worst first."""
    console.print(f"[target]{escape(str(report.top))}[/]: {_judged(report)}")
    for (severity, _), group in _by_rule(report.found).items():
        about = group[0].finding.about
        head = f"[{_STYLE[severity]}]{severity}[/] [bold]{about.id}[/] {escape(about.title)}"
        console.print(f"\n{head}")
        for each in group:
            where = escape(str(each.finding.where))
            console.print(f"  [command]{where}[/]  {escape(each.finding.what)}{escape(_where(report, each))}")
        for mend in dict.fromkeys(each.finding.mend for each in group):
            console.print(f"  → {escape(mend)}" + (" [good](--fix)[/]" if _fixable(group) else ""))
        if explain:
            console.print(f"  [quiet]why: {escape(about.why)}\n  says: {escape(about.source)}[/]")
    if report.unseen:
        console.print("\n[unsure]not looked at[/]")
        for said, names in report.unseen:
            console.print(f"  {escape(said)} [quiet]({escape(', '.join(names))})[/]")
    console.print(f"\n{_summary(report)}")


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


def as_sarif(report: Report) -> dict[str, Any]:
    """Return SARIF 2.1.0, which code scanners read."""
    used = {each.finding.id for each in report.found}
    rules = {about.id: about for about in [*(f.finding.about for f in report.found), *ABOUTS]}
    listed = [about for about in rules.values() if about.id in used]
    return {
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "prompt-kafka check",
                        "rules": [
                            {
                                "id": about.id,
                                "shortDescription": {"text": about.title},
                                "fullDescription": {"text": f"{about.why} ({about.source})"},
                                "help": {"text": about.mend},
                                "defaultConfiguration": {"level": _LEVEL[about.severity]},
                            }
                            for about in listed
                        ],
                    }
                },
                "results": [_result(each) for each in report.found],
            }
        ],
    }


def as_markdown(report: Report) -> str:
    """Return a page to paste."""
    lines = [f"# check: {_judged(report)}", "", _summary(report)]
    for (severity, _), group in _by_rule(report.found).items():
        about = group[0].finding.about
        lines += ["", f"## {severity}: {about.title} (`{about.id}`)", "", about.why, ""]
        lines += [f"- `{each.finding.where}` {each.finding.what}{_where(report, each)}" for each in group]
        lines += ["", *dict.fromkeys(f"Mend: {each.finding.mend}" for each in group)]
    if report.unseen:
        lines += ["", "## Not looked at", ""]
        lines += [f"- {said} ({', '.join(names)})" for said, names in report.unseen]
    return "\n".join(lines) + "\n"


def _by_rule(found: Iterable[Found]) -> dict[tuple[str, str], list[Found]]:
    groups: dict[tuple[str, str], list[Found]] = {}
    for each in found:
        groups.setdefault((each.finding.severity.value, each.finding.id), []).append(each)
    return groups


def _judged(report: Report) -> str:
    environments = len({environment for environment, _ in report.pairs})
    applications = len({application for _, application in report.pairs})
    return (
        f"{applications} application{'s' * (applications != 1)} with Strimzi's resources in "
        f"{environments} environment{'s' * (environments != 1)}, {len(report.pairs)} in all"
    )


def _summary(report: Report) -> str:
    counts = [(report.count(name), name) for name in _STYLE]
    said = ", ".join(f"{count} {name}{'s' * (count != 1)}" for count, name in counts)
    more = f"; {report.accepted} accepted by the baseline" if report.accepted else ""
    return f"{said}{more}"


def _where(report: Report, each: Found) -> str:
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


def _fixable(group: list[Found]) -> bool:
    return any(each.finding.fix for each in group)


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


def _result(each: Found) -> dict[str, Any]:
    finding = each.finding
    place: dict[str, Any] = {"artifactLocation": {"uri": finding.where.file}}
    if finding.where.line:
        place["region"] = {"startLine": finding.where.line}
    return {
        "ruleId": finding.id,
        "level": _LEVEL[finding.severity],
        "message": {"text": f"{finding.what} ({', '.join(each.environments)}). {finding.mend}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"promptKafka/v1": "|".join((each.application, *finding.fingerprint))},
    }
