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

DATA = ("text", "json", "yaml")
FORMATS = (*DATA, "markdown")


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
    """Add ``-o``, the output format, of a plan or a report: also Markdown, to paste somewhere."""
    return _format_option(FORMATS)(function)


def data_option(function: Function) -> Function:
    """Add ``-o``, the output format, of a list."""
    return _format_option(DATA)(function)


def _format_option(formats: tuple[str, ...]) -> Callable[[Function], Function]:
    return click.option(
        "-o", "--output", type=click.Choice(formats), default="text", show_default=True, help="Output format."
    )


def rendered(output: str, value: Callable[[], object], markdown: Callable[[], str] | None = None) -> bool:
    """Print a value in the format asked for, unless that is text; the one place that renders.

    Parameters
    ----------
    value
        Returns what JSON and YAML have, as what JSON can hold.
    markdown
        Returns the same as Markdown.

    Returns
    -------
    bool
        False when text is wanted, which the command prints itself.
    """
    if output == "json":
        click.echo(json.dumps(value(), indent=2))
    elif output == "yaml":
        click.echo(_yaml(value()), nl=False)
    elif output == "markdown" and markdown is not None:
        click.echo(markdown(), nl=False)
    else:
        return False
    return True


def _yaml(value: object) -> str:
    from io import StringIO

    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 4096
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    text = StringIO()
    yaml.dump(value, text)
    return text.getvalue()
