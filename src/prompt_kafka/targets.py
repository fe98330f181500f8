"""Which service a command means: the options of the command line against what is known here.

Known are the environments of ``service.yaml`` and the labs of this machine, each of which writes a
``service.yaml`` of its own.
"""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_kafka.adapters import config
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.service import Environment

if TYPE_CHECKING:
    from datetime import timedelta

    from prompt_kafka.core.delivery import GitState
    from prompt_kafka.core.hours import Hours


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """Which service a command means, as given on the command line.

    Attributes
    ----------
    allow_exec
        Let a look run Kafka's own tools in pods, where no other way leads to the controllers.
    """

    environment: str | None = None
    context: str | None = None
    kubeconfig: Path | None = None
    namespace: str | None = None
    cluster: str | None = None
    config: Path | None = None
    allow_exec: bool = False


def _configured(options: TargetOptions) -> dict[str, Environment]:
    path = config.find(options.config)
    return config.read(path) if path else {}


def _labs() -> dict[str, Environment]:
    """Return the environments of this machine's labs; each lab writes its own ``service.yaml``."""
    from prompt_kafka.lab.state import labs_home

    found: dict[str, Environment] = {}
    for path in sorted(labs_home().glob(f"*/{config.NAME}")):
        found.update(config.read(path))
    return found


def environments(options: TargetOptions) -> dict[str, Environment]:
    """Return every environment that is known: those of ``service.yaml``, and the labs of this machine."""
    return {**_labs(), **_configured(options)}


def environment_of(options: TargetOptions, *, changes: bool) -> Environment:
    """Return the environment that is meant.

    A look may name a context only. A change needs an environment that is known by name; the only lab of
    this machine is the default, whatever ``service.yaml`` holds: it is never production. A look may also
    leave the name out where only one environment is known.

    Raises
    ------
    UsageError
        It is not known, or not clear which one is meant.
    """
    labs, configured = _labs(), _configured(options)
    known = {**labs, **configured}
    if options.environment is not None:
        if options.environment not in known:
            raise UsageError(
                f"unknown environment {options.environment!r}",
                next=f"known: {', '.join(known) or 'none'}; a new one goes into service.yaml",
            )
        found = known[options.environment]
    elif options.context is not None or options.kubeconfig is not None:
        if changes:
            raise UsageError(
                "a change needs an environment by name, so that its cluster id is pinned",
                next="describe it in service.yaml and give -e NAME",
            )
        found = Environment(name=options.context or "unnamed")
    elif len(labs) == 1 and not labs.keys() & configured.keys():
        found = next(iter(labs.values()))
    elif len(known) == 1 and not changes:
        found = next(iter(known.values()))
    else:
        raise UsageError(
            "which environment?" if known else "no environment is known here",
            next=f"give -e {'|'.join(known)}" if known else "start a lab (make up), or give --context",
        )
    return replace(
        found,
        context=options.context or found.context,
        kubeconfig=str(options.kubeconfig) if options.kubeconfig else found.kubeconfig,
        namespace=options.namespace or found.namespace,
        cluster=options.cluster or found.cluster,
    )


_FOR: ContextVar[str] = ContextVar("acting for", default="")


@contextmanager
def acting_for(person: str) -> Iterator[None]:
    """Let what is done inside count as a person's who asked this process for it."""
    before = _FOR.set(person)
    try:
        yield
    finally:
        _FOR.reset(before)


def owner() -> str:
    """Return who acts, as ``user@host``: whoever runs this process, or asked it to."""
    return f"{_FOR.get() or getpass.getuser()}@{socket.gethostname()}"


def kubeconfig_of(environment: Environment) -> Path | None:
    """Return the kubeconfig file that an environment names."""
    return Path(environment.kubeconfig).expanduser() if environment.kubeconfig else None


def tree_of(options: TargetOptions) -> tuple[Environment, GitState]:
    """Return the environment that is meant and the tree in Git that it comes from; asks no cluster.

    Raises
    ------
    UsageError, UnreachableError
        No repository is configured; it does not answer.
    """
    from prompt_kafka.adapters.repository import repository_of

    environment = environment_of(options, changes=False)
    return environment, repository_of(environment).look(("environments", "applications"))


def production_hours(options: TargetOptions, ahead: timedelta) -> tuple[Environment, Hours]:
    """Return the production hours of the environment that is meant, for some time ahead; asks no service.

    Raises
    ------
    UsageError
        None are configured, or the environment cannot be told.
    """
    from prompt_kafka.adapters import hours

    environment = environment_of(options, changes=False)
    return environment, hours.look(environment, SYSTEM.now(), ahead)
