"""``prompt-kafka check``: what is wrong with the charts of a repository, before anything is deployed."""

from __future__ import annotations

from pathlib import Path

import click

from prompt_kafka.cli.options import rendered
from prompt_kafka.core.errors import ExitCode, UsageError

FORMATS = ("text", "json", "sarif", "yaml", "markdown")


@click.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("-e", "--environment", "environments", multiple=True, help="Only this environment; repeatable.")
@click.option("--application", "applications", multiple=True, help="Only this application; repeatable.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="service.yaml to read.")
@click.option("-o", "--output", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--fix", "mend", is_flag=True, help="Make the edits that are safe.")
@click.option("--baseline", type=click.Path(path_type=Path, dir_okay=False), help="Findings accepted.")
@click.option("--write-baseline", is_flag=True, help="Accept all of today's findings in --baseline.")
@click.option("--exit-code", is_flag=True, help="End with 3 when there is anything to mend.")
@click.option("--explain", is_flag=True, help="Say why each rule matters and who says so.")
def command(
    path: Path | None,
    environments: tuple[str, ...],
    applications: tuple[str, ...],
    config: Path | None,
    output: str,
    mend: bool,
    baseline: Path | None,
    write_baseline: bool,
    exit_code: bool,
    explain: bool,
) -> int:
    """Find what is wrong with the charts of a repository.

    PATH is a checkout with environments/ and applications/; without it, the repository in service.yaml when
    that is a folder, else the charts that come with this program. Every application with Strimzi's resources
    is rendered for every environment. Nothing is changed without --fix.

    Ends with 1 when there is an error; with --exit-code, with 3 when there is a warning or an edit to make.
    """
    from prompt_kafka import checking, checking_told
    from prompt_kafka.cli import present_check

    if write_baseline and baseline is None:
        raise UsageError("--write-baseline needs a file", next="name it: --baseline FILE")
    top = checking.top_of(path if path is not None else checking.configured(config))
    report = checking.check(top, environments, applications, None if write_baseline else baseline)
    if write_baseline and baseline is not None:
        click.echo(f"{checking.write_baseline(report, baseline)} findings accepted in {baseline}")
        return ExitCode.OK
    if output == "sarif":
        output, value = "json", present_check.as_sarif
    else:
        value = checking_told.as_json
    if not rendered(output, lambda: value(report), lambda: present_check.as_markdown(report)):
        from prompt_kafka.cli.console import terminal

        present_check.show(report, terminal(), explain=explain)
    if mend:
        for finding, said in checking.fix(report):
            click.echo(f"{finding.where}: {finding.id}: {said}", err=output != "text")
    if report.count("error"):
        return ExitCode.FAILED
    pending = report.count("warning") or any(each.finding.fix for each in report.found)
    return ExitCode.CHANGES_PENDING if exit_code and pending else ExitCode.OK
