"""``prompt-kafka lab kubeconfig``."""

from __future__ import annotations

import click

from prompt_kafka.cli.lab.options import name_option


@click.command("kubeconfig")
@name_option
def command(name: str) -> None:
    """Print the path of the lab's kubeconfig.

    \b
    export KUBECONFIG=$(prompt-kafka lab kubeconfig)
    kubectl get pods -A
    """
    from prompt_kafka.lab_factory import state as lab_state

    click.echo(lab_state(name).kubeconfig)
