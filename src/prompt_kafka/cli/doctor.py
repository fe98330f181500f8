"""``prompt-kafka doctor``: what works from here, and what to do about the rest."""

from __future__ import annotations

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core.doctor import Finding, findings, works
from prompt_kafka.core.errors import ExitCode
from prompt_kafka.factory import examine
from prompt_kafka.targets import TargetOptions


@click.command("doctor")
@target_options
@data_option
def command(target: TargetOptions, output: str) -> int:
    """Say what works from here: API, rights, routes, logins, Argo CD, Git, secrets, Slack, clocks.

    Changes nothing. Ends with 0 when nothing failed, with 1 when something did.
    """
    environment, examined = examine(target)
    found = findings(examined)
    data = {"schema": 1, "environment": environment.name, "works": works(found), "findings": _json(found)}
    if not rendered(output, lambda: data):
        _show(environment.name, found)
    return ExitCode.OK if works(found) else ExitCode.FAILED


def _json(found: tuple[Finding, ...]) -> list[dict[str, str]]:
    return [
        {"section": f.section, "name": f.name, "answer": f.answer.value, "said": f.said, "next": f.next}
        for f in found
    ]


def _show(environment: str, found: tuple[Finding, ...]) -> None:
    from rich.markup import escape

    from prompt_kafka.cli.console import MARK, STYLE, terminal
    from prompt_kafka.core.verdict import Answer

    console = terminal()
    console.print(f"[target]{escape(environment)}[/]: what works from here")
    for section in dict.fromkeys(finding.section for finding in found):
        console.print(f"\n[bold]{section}[/]")
        for each in (finding for finding in found if finding.section == section):
            style, mark = STYLE[each.answer], MARK[each.answer]
            console.print(f"  [{style}]{mark}[/] {escape(each.name)}: {escape(each.said)}")
            if each.next:
                console.print(f"      → {escape(each.next)}")
    failed = sum(finding.answer is Answer.NO for finding in found)
    untold = sum(finding.answer is Answer.UNKNOWN for finding in found)
    console.print(f"\n{len(found) - failed - untold} work, {failed} do not, {untold} cannot be told")
