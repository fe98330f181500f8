"""``prompt-kafka messages import``: exported records into a topic of a lab, and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prompt_kafka.cli.options import data_option, rendered, target_options
from prompt_kafka.core.errors import ExitCode, RefusedError, UsageError
from prompt_kafka.core.service import Target
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from prompt_kafka.messages.importing import Import


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("topic")
@click.option("--dry-run", is_flag=True, help="Stop after the plan.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@target_options
@data_option
def command(file: Path, topic: str, dry_run: bool, yes: bool, target: TargetOptions, output: str) -> int:
    """Write the records of FILE (.pkr) into a topic of a lab.

    Keys, values, headers, times and partitions stay as they were; offsets begin anew. The topic must be
    empty, or hold the beginning of the same import, which then goes on: a second one writes nothing. Whether
    it is a lab is asked of the environment itself; anywhere else this is refused.

    \b
    prompt-kafka messages alerts -e usdfdev --from 1h --export alerts.pkr
    prompt-kafka messages import alerts.pkr alerts -e lab
    """
    from prompt_kafka.cli.console import show_target, terminal
    from prompt_kafka.messages import container, importing

    contents = container.verify(file)
    console = terminal(stderr=output != "text")
    with session(target, changes=True) as look:
        look.refuse_unless_lab()
        connection = look.kafka()
        aim = _target(look, connection.describe_cluster().id)
        todo = importing.plan(connection, file, topic, contents)
        show_target(aim.line, aim.production, console)
        for line in _lines(todo):
            console.print(line, markup=False)
        for note in todo.notes:
            console.print(f"note: {note}", style="unsure", markup=False)
        if dry_run or not todo.left:
            rendered(output, lambda: _json(todo, 0))
            return ExitCode.OK
        if not yes and not sys.stdin.isatty():
            raise UsageError("nobody is there to be asked", next="give --yes")
        if not yes and not click.confirm("\nWrite them?", default=False, err=output != "text"):
            console.print("nothing was done")
            return ExitCode.OK
        with look.acting.kafka() as writer:
            written = importing.run(writer, todo, _tell(todo))
        proof = importing.plan(connection, file, topic, contents)
        if proof.left:
            raise RefusedError("not-all-there", f"{proof.left} records of {file} are not in {topic}")
        console.print(
            f"✓ {written} records written; all {contents.records} are there, compared byte for byte"
        )
        rendered(output, lambda: _json(todo, written))
    return ExitCode.OK


def _target(look: Session, cluster_id: str) -> Target:
    """Return the target; another cluster than the pinned one is refused."""
    own = look.environment
    aim = Target(own.name, own.production, look.kubernetes.context, own.cluster, cluster_id, own.cluster_id)
    if aim.is_another_cluster:
        raise RefusedError(
            "cluster-id",
            f"{own.name} is pinned to cluster {own.cluster_id}, and this is {cluster_id}",
            next="check --context and cluster_id in service.yaml",
        )
    return aim


def _lines(todo: Import) -> list[str]:
    contents, about = todo.contents, todo.contents.about
    source = " ".join(filter(None, (about.environment, about.cluster_id)))
    lines = [
        f"from {todo.path}: {contents.records} records of topic {about.topic}"
        f" ({source or 'source not said'}, written {about.written or 'at a time not said'})"
    ]
    for partition, count in contents.partitions.items():
        there = todo.there.get(partition, 0)
        lines.append(
            f"  partition {partition}: {count - there} to write" + (f", {there} there" if there else "")
        )
    if not todo.left:
        lines.append(f"all of them are in topic {todo.topic} already: nothing to do")
    return lines


def _tell(todo: Import) -> Any:
    if not sys.stderr.isatty():
        return None

    def tell(written: int) -> None:
        end = "\n" if written == todo.left else ""
        click.echo(f"\r{written} of {todo.left} records{end}", err=True, nl=False)

    return tell


def _json(todo: Import, written: int) -> dict[str, Any]:
    return {
        "topic": todo.topic,
        "file": str(todo.path),
        "sha256": todo.contents.sha256,
        "records": todo.contents.records,
        "there_before": sum(todo.there.values()),
        "written": written,
        "notes": list(todo.notes),
    }
