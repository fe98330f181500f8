"""What is checked and fetched before a lab starts anything, so that bad input costs nothing."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

from prompt_kafka.clients import gitops, strimzi_schemas
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab import distribution
from prompt_kafka.lab.state import LabState, LabStateError

Say = Callable[[str], None]

SERVICE, OPERATOR, OPERATOR_CHART = "prompt-kafka", "strimzi", "strimzi-kafka-operator"


def check(name: str, environment: str, repo: Path | None) -> None:
    """Check what can be checked before anything is made.

    Raises
    ------
    UsageError
        Not Linux; no such repository or environment.
    """
    if not sys.platform.startswith("linux"):
        raise UsageError(
            "the lab runs on Linux only: each pod has an address 127.x.y.z of its own",
            where=sys.platform,
            next="use a Linux machine or a virtual one",
        )
    if name not in LabState.list():
        repository(repo).environment(environment)


def repository(repo: Path | str | None) -> gitops.Repository:
    """Return the GitOps tree of a lab: a checkout, or the one that is shipped."""
    return gitops.Repository(Path(repo) if repo else gitops.shipped())


def fetch(state: LabState, tree: gitops.Repository, say: Say) -> None:
    """Render the environment, and have at hand what it needs, before anything is started.

    Raises
    ------
    RenderError
        The charts do not render; with template and line.
    AssetsError, UsageError
        A version that is not to be had here.
    """
    settings = state.settings
    environment = tree.app_of_apps(settings.environment, str(state.git), "main")
    named = {app.name: app.manifest for app in environment.of("Application")}
    application = named.get(SERVICE)
    if application is None:
        raise UsageError(
            f"environment {settings.environment} has no application {SERVICE}",
            where=f"{tree.path}/environments/values-{settings.environment}.yaml",
            next=f"enable it: applications.{SERVICE}: true",
        )
    for kafka in tree.render_application(application).of("Kafka"):
        spec = kafka.manifest["spec"]["kafka"]
        version = settings.kafka_version or str(spec.get("version", ""))
        if version:
            distribution.kafka(version, progress=say)
    for dependency in tree.chart_dependencies(OPERATOR):
        if dependency.name == OPERATOR_CHART:
            strimzi_schemas.strimzi(settings.strimzi_version or dependency.version)


def refuse_a_taken_port(port: int, state: LabState) -> None:
    """Refuse to start on a port that another program has taken."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return
    except OSError as error:
        raise LabStateError(
            f"port {port} of the lab is taken by another program",
            where=f"127.0.0.1:{port} ({state.settings_file})",
            next="end that program, or make another lab: prompt-kafka lab up --name NAME",
        ) from error
