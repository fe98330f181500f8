"""``prompt-kafka lab traffic``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core.errors import ExitCode
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from prompt_kafka.lab.traffic import Progress


def seconds(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    """Return a duration such as ``30s``, ``5m`` or ``2h`` in seconds."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if match is None:
        raise click.BadParameter(f"{text!r} is no duration; say 30s, 5m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


@click.command("traffic")
@click.option(
    "--rate", type=click.FloatRange(min=0, min_open=True), help="Messages per second; 189 are a visit."
)
@click.option("--duration", callback=seconds, help="30s, 5m, 2h; until interrupted when not given.")
@target_options
@data_option
def command(rate: float | None, duration: float | None, target: TargetOptions, output: str) -> int:
    """Send the service's data flow and account for every message.

    Detector messages to butler-writer, the transactional Butler Writer, the prompt-publication consumer, each
    with its own user. Ends with 1 when a message failed or was lost.
    """
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.lab_factory import traffic as lab_traffic

    console = terminal(stderr=True)
    with console.status("sending") as status:
        report = lab_traffic(target, rate=rate, duration=duration, progress=lambda p: status.update(_line(p)))
    if not rendered(output, report.to_json):
        for line in report.lines():
            terminal().print(line)
    return ExitCode.OK if report.failed == 0 and report.lost == 0 else ExitCode.FAILED


def _line(progress: Progress) -> str:
    return (
        f"{progress.elapsed_s:.0f} s  {progress.sent} sent · {progress.acknowledged} acknowledged · "
        f"{progress.failed} failed · {progress.consumed} ingested · {progress.published} published"
    )
