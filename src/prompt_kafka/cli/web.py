"""``prompt-kafka console``: the runbook and what the service is like, in a browser."""

from __future__ import annotations

from dataclasses import replace

import click

from prompt_kafka.cli.options import target_options
from prompt_kafka.core.errors import UsageError
from prompt_kafka.targets import TargetOptions


@click.command("console")
@click.option("--port", default=8085, show_default=True, help="Port; 0 for any that is free.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--behind-proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS|NETWORK",
    help="Believe this proxy's X-Auth-Request-User and -Groups headers; it must sign people in.",
)
@click.option(
    "--hostname", "hostnames", multiple=True, metavar="NAME", help="Name by which the proxy is asked."
)
@click.option("--path", default="", metavar="/PATH", help="What precedes every path.")
@click.option("--allow-run", is_flag=True, help="Act, although it does not listen on loopback.")
@click.option("--operators", multiple=True, metavar="GROUP", help="Who may act; everybody else only looks.")
@click.option("--approvers", multiple=True, metavar="GROUP", help="Who may also approve.")
@target_options
def command(
    port: int,
    address: str,
    proxies: tuple[str, ...],
    hostnames: tuple[str, ...],
    path: str,
    allow_run: bool,
    operators: tuple[str, ...],
    approvers: tuple[str, ...],
    target: TargetOptions,
) -> None:
    """Serve the console until Ctrl-C; the link that it prints signs one browser in.

    It listens on this machine alone, and acts with your rights. For others it goes behind a proxy that signs
    people in (--behind-proxy, --hostname); then it only looks, unless --allow-run is given.

    \b
    prompt-kafka console -e usdfdev
    prompt-kafka console --address 0.0.0.0 --behind-proxy 10.1.0.0/16 --hostname kafka.example.org
    """
    try:
        from prompt_kafka.console.app import application, link
        from prompt_kafka.console.serve import listening, serve
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the console needs {error.name}, which is not installed",
            next="pip install 'prompt-kafka[console]'",
        ) from error
    from prompt_kafka.cli.forms import CommandForms
    from prompt_kafka.cli.main import root
    from prompt_kafka.cli.reads import CommandReads
    from prompt_kafka.console.settings import settings
    from prompt_kafka.core.status import PATIENCE_S
    from prompt_kafka.factory import session
    from prompt_kafka.targets import environment_of, owner

    asked = settings(
        address=address,
        port=port,
        proxies=proxies,
        hostnames=hostnames,
        path=path,
        allow_run=allow_run,
        operators=operators,
        approvers=approvers,
    )
    environment = environment_of(target, changes=False)
    with listening(asked) as listener:
        asked = replace(asked, port=listener.getsockname()[1])
        app = application(
            asked,
            target,
            environment,
            lambda: session(target, patience=PATIENCE_S),
            forms=CommandForms(root, environment.name),
            reads=CommandReads(target, environment),
            runner=owner().partition("@")[0],
            say=lambda text: click.echo(f"  {text}", err=True),
        )
        click.echo(f"the console of {environment.name}; Ctrl-C ends it", err=True)
        if asked.proxies:
            names = ", ".join(f"https://{name}{asked.path}/" for name in asked.hostnames)
            click.echo(f"  {names}, through the proxy", err=True)
        else:
            click.echo("  open this once, in your browser:", err=True)
            click.echo(link(app))
        serve(app, listener)
