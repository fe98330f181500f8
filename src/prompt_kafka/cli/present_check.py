"""How the findings of ``check`` are shown: for people, for scripts, for code scanners."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from prompt_kafka.checking import Found, Report
from prompt_kafka.checking_told import by_rule, judged, summary, where
from prompt_kafka.checks.catalogue import ABOUTS

_STYLE = {"error": "bad", "warning": "unsure", "info": "quiet"}
_LEVEL = {"error": "error", "warning": "warning", "info": "note"}


def show(report: Report, console: Console, *, explain: bool = False) -> None:
    """Print the findings, rule by rule, the worst first."""
    console.print(f"[target]{escape(str(report.top))}[/]: {judged(report)}")
    for (severity, _), group in by_rule(report.found).items():
        about = group[0].finding.about
        head = f"[{_STYLE[severity]}]{severity}[/] [bold]{about.id}[/] {escape(about.title)}"
        console.print(f"\n{head}")
        for each in group:
            place = escape(str(each.finding.where))
            console.print(f"  [command]{place}[/]  {escape(each.finding.what)}{escape(where(report, each))}")
        for mend in dict.fromkeys(each.finding.mend for each in group):
            console.print(f"  → {escape(mend)}" + (" [good](--fix)[/]" if _fixable(group) else ""))
        if explain:
            console.print(f"  [quiet]why: {escape(about.why)}\n  says: {escape(about.source)}[/]")
    if report.unseen:
        console.print("\n[unsure]not looked at[/]")
        for said, names in report.unseen:
            console.print(f"  {escape(said)} [quiet]({escape(', '.join(names))})[/]")
    console.print(f"\n{summary(report)}")


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
    lines = [f"# check: {judged(report)}", "", summary(report)]
    for (severity, _), group in by_rule(report.found).items():
        about = group[0].finding.about
        lines += ["", f"## {severity}: {about.title} (`{about.id}`)", "", about.why, ""]
        lines += [f"- `{each.finding.where}` {each.finding.what}{where(report, each)}" for each in group]
        lines += ["", *dict.fromkeys(f"Mend: {each.finding.mend}" for each in group)]
    if report.unseen:
        lines += ["", "## Not looked at", ""]
        lines += [f"- {said} ({', '.join(names)})" for said, names in report.unseen]
    return "\n".join(lines) + "\n"


def _fixable(group: list[Found]) -> bool:
    return any(each.finding.fix for each in group)


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
