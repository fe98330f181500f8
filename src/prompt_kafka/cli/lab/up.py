"""``prompt-kafka lab up``."""

from __future__ import annotations

from pathlib import Path

import click

from prompt_kafka.cli.lab.options import name_option
from prompt_kafka.core.clock import SYSTEM

TRY = (
    ("status", "is it healthy, and if not, what to do"),
    ("lab traffic --duration 30s", "the service's data flow, every message accounted for"),
    ("restart", "Restarting Kafka, under that traffic, proved"),
    ("messages butler-writer", "what the topic holds"),
    ("console", "all of this in a browser, live"),
)


@click.command("up")
@name_option
@click.option("--environment", help="Environment of the repository to reproduce  [default: lab]")
@click.option(
    "--repo", type=click.Path(path_type=Path, exists=True, file_okay=False), help="GitOps checkout."
)
@click.option("--kafka-version", help="Put this Kafka version into the lab's Git.")
@click.option("--strimzi-version", help="Put this version of the operator into the lab's Git.")
@click.option(
    "--delivery",
    type=click.Choice(["push", "pull-request"]),
    help="How changes go; pull requests at a small GitHub of the lab's own  [default: push]",
)
def command(
    name: str,
    environment: str | None,
    repo: Path | None,
    kafka_version: str | None,
    strimzi_version: str | None,
    delivery: str | None,
) -> None:
    """Bring the service up on this machine, and return when it is proved.

    The first time it fetches Kafka (about 100 MB). A lab that was taken down starts again on its data.
    """
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.cli.progress import Progress
    from prompt_kafka.lab_factory import up as lab_up

    console = terminal()
    began = SYSTEM.monotonic()

    def say(text: str) -> None:
        console.print(f"  {SYSTEM.monotonic() - began:6.1f} s  {text}")

    console.print(f"[bold]lab {name}[/]")
    lab = lab_up(
        name,
        environment=environment,
        repo=repo,
        kafka_version=kafka_version,
        strimzi_version=strimzi_version,
        delivery=delivery,
        say=say,
        listener=Progress(console, began=began),
    )
    console.print(f"\n[good]✓ the service is up and proved[/] in {SYSTEM.monotonic() - began:.1f} s")
    for label, text in lab.where:
        console.print(f"  {label:<12} {text}")
    if lab.not_run:
        console.print(f"\nnot run here ({len(lab.not_run)} applications of the environment):")
        console.print(f"  [quiet]{', '.join(lab.not_run)}[/]")
    console.print("\nsimulated here:")
    for line in lab.simulated:
        console.print(f"[quiet]  · {line}[/]")
    suffix = "" if lab.alone else f" -e {lab.environment}"
    console.print("\ntry next:")
    for words, what in TRY:
        console.print(f"  [command]prompt-kafka {words + suffix:<36}[/] {what}")
