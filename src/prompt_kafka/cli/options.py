"""Options that mean the same on every command."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from prompt_kafka.targets import TargetOptions

Function = Callable[..., Any]
_FILE = click.Path(path_type=Path, dir_okay=False)

FORMATS = ("text", "json")


def target_options(function: Function) -> Function:
    """Add the options that say which service is meant; the function gets them as ``target``."""

    @click.option("-e", "--environment", help="Environment, as named in service.yaml.")
    @click.option("--context", help="Context of the kubeconfig.")
    @click.option("-n", "--namespace", help="Namespace of the Kafka resource.")
    @click.option("--cluster", help="Name of the Kafka resource, where there are several.")
    @click.option("--kubeconfig", type=_FILE, help="Kubeconfig file.")
    @click.option("--config", type=_FILE, help="service.yaml to read.")
    @click.option("--allow-exec", is_flag=True, help="A look may run Kafka's own tools in pods.")
    @wraps(function)
    def wrapper(
        *args: Any,
        environment: str | None,
        context: str | None,
        namespace: str | None,
        cluster: str | None,
        kubeconfig: Path | None,
        config: Path | None,
        allow_exec: bool,
        **kwargs: Any,
    ) -> Any:
        target = TargetOptions(environment, context, kubeconfig, namespace, cluster, config, allow_exec)
        return function(*args, target=target, **kwargs)

    return wrapper


def output_option(function: Function) -> Function:
    """Add ``-o``, the output format."""
    return click.option(
        "-o", "--output", type=click.Choice(FORMATS), default="text", show_default=True, help="Output format."
    )(function)


def echo_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2))
