"""``prompt-kafka environment``: the heading *Reproduce Service*."""

from __future__ import annotations

import click

from prompt_kafka.cli.change import ChangeOptions, change, change_options
from prompt_kafka.cli.options import data_option, output_option, rendered, target_options
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.request_tree import EnvironmentDeleteRequest, EnvironmentRequest
from prompt_kafka.targets import TargetOptions, tree_of


@click.group("environment")
def command() -> None:
    """Environments of the tree in Git: list them, write another one, take one away."""


@command.command("list")
@target_options
@data_option
def list_environments(target: TargetOptions, output: str) -> None:
    """List the environments, which of the service's applications each has, and what is still to be filled in.

    Only Git is asked.
    """
    from rich.table import Table

    from prompt_kafka.cli.console import terminal
    from prompt_kafka.procedures.environment_list import listed

    environment, git = tree_of(target)
    rows = listed(git.files, git.environments, (environment.application, environment.operator_application))
    if rendered(output, lambda: [row.as_json() for row in rows]):
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("environment", "host", "applications of the service", "others", "to fill in"):
        table.add_column(name)
    for row in rows:
        ours = ", ".join(row.ours) or "none"
        table.add_row(row.name, row.fqdn, ours, str(row.others or ""), str(row.marks or ""))
    console = terminal()
    console.print(f"[quiet]{git.repository}, {git.branch} at {git.head[:12]}[/]")
    console.print(table)


def setting(text: str) -> tuple[str, str]:
    """Read ``[APPLICATION:]path=value``.

    Raises
    ------
    UsageError
        It is not that.
    """
    path, found, value = text.partition("=")
    if not found or not path.strip():
        raise UsageError(f"cannot read --set {text!r}", next="write [APPLICATION:]path=value")
    return path.strip(), value


@command.command("create")
@click.argument("name")
@click.option("--from", "source", required=True, metavar="ENVIRONMENT", help="The one that it is like.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="[APPLICATION:]PATH=VALUE",
    help="A value that is to be different; * stands for anything in a path.",
)
@click.option(
    "--application", "applications", multiple=True, metavar="NAME", help="One more that it is to have."
)
@change_options
@target_options
@output_option
def create_environment(
    name: str,
    source: str,
    settings: tuple[str, ...],
    applications: tuple[str, ...],
    how: ChangeOptions,
    target: TargetOptions,
    output: str,
) -> int:
    """Write an environment like another one: in Git, rendered and judged before it is committed.

    What belongs to the other one alone (hosts, addresses, pools, storage classes, paths in Vault, channels,
    names) is asked for with --set, or left blank and marked TODO.

    \b
    prompt-kafka environment create usdftest --from usdfdev-prompt-processing --dry-run
    prompt-kafka environment create usdftest --from usdfdev-prompt-processing \\
        --set fqdn=usdftest.example.org --set 'prompt-kafka:*storageClassName=fast'
    """
    request = EnvironmentRequest(
        name, source, tuple(setting(each) for each in settings), tuple(dict.fromkeys(applications))
    )
    return change(target, request, how, output)


@command.command("delete")
@click.argument("name")
@change_options
@target_options
@output_option
def delete_environment(name: str, how: ChangeOptions, target: TargetOptions, output: str) -> int:
    """Take an environment out of Git; its name is to be typed, or given with --confirm.

    Refused while Argo CD still has applications for it.
    """
    return change(target, EnvironmentDeleteRequest(name), how, output)
