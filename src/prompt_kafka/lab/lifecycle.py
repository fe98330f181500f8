"""Bringing a lab up and taking it down: the folder, the three processes, the environment in Git.

What makes the service prove itself is not here: ``lab up`` ends with the same proof as every procedure, and
that is the runbook's business. (Written by the lead; `down` and `purge` follow.)
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prompt_kafka.clients import gitops
from prompt_kafka.clients.kinds import KAFKA, NAMESPACE
from prompt_kafka.clients.kubernetes import AlreadyExists, Kubernetes, KubernetesError
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError, TimedOutError, UnreachableError, UsageError
from prompt_kafka.lab import argocd, crds, git
from prompt_kafka.lab.apiserver.pki import prepare
from prompt_kafka.lab.files import locked
from prompt_kafka.lab.state import LabState, LabStateError

Say = Callable[[str], None]

API_TIMEOUT_S = 30.0


class LabError(PromptKafkaError):
    """The lab could not be brought up."""

    code = "lab"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a lab is to be.

    Attributes
    ----------
    environment
        The environment of the repository to reproduce.
    repo
        GitOps checkout; None for the tree that is shipped with the package.
    kafka_version, strimzi_version
        Versions to force; None for those of the charts.
    """

    name: str
    environment: str | None = None
    repo: Path | None = None
    kafka_version: str | None = None
    strimzi_version: str | None = None


@dataclass(frozen=True, slots=True)
class Up:
    """A lab whose environment is deployed; whether it serves is yet to be proved.

    Attributes
    ----------
    not_run
        Applications of the environment that the lab does not run, and why.
    """

    state: LabState
    fresh: bool
    not_run: tuple[tuple[str, str], ...]


def state_of(wanted: Wanted) -> tuple[LabState, bool]:
    """Return the lab's folder, made if there is none, and whether it is new.

    Raises
    ------
    UsageError
        The lab exists and is another one than is wanted now.
    """
    if wanted.name not in LabState.list():
        state = LabState.create(
            wanted.name,
            environment=wanted.environment or "lab",
            repo=str(wanted.repo.resolve()) if wanted.repo else None,
            kafka_version=wanted.kafka_version,
            strimzi_version=wanted.strimzi_version,
        )
        return state, True
    state = LabState.open(wanted.name)
    settings = state.settings
    asked = {
        "environment": (wanted.environment, settings.environment),
        "repo": (str(wanted.repo.resolve()) if wanted.repo else None, settings.repo),
        "kafka-version": (wanted.kafka_version, settings.kafka_version),
        "strimzi-version": (wanted.strimzi_version, settings.strimzi_version),
    }
    for option, (new, old) in asked.items():
        if new is not None and new != old:
            raise UsageError(
                f"the lab {wanted.name} is there already, with --{option} {old or '(the default)'}",
                where=str(state.root),
                next=f"choose another --name, or: prompt-kafka lab down --purge --name {wanted.name}",
            )
    return state, False


def check(wanted: Wanted) -> gitops.Repository:
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
    repository = gitops.Repository(wanted.repo or gitops.shipped())
    repository.environment(wanted.environment or "lab")
    return repository


@contextmanager
def only_one(state_root: Path, say: Say) -> Iterator[None]:
    """Let one ``lab up`` or ``lab down`` work on a lab; a second one waits and says so."""
    lock = state_root.parent / f".{state_root.name}.lock"
    with locked(lock, wait=False) as mine:
        if mine:
            yield
            return
    say("another `lab up` or `lab down` is at work on this lab; waiting for its end")
    with locked(lock):
        yield


def up(wanted: Wanted, say: Say, *, clock: Clock = SYSTEM) -> Up:
    """Deploy an environment to a lab and return when its resources are synced.

    Interrupted before the supervisor has taken over, it ends what it started; afterwards another ``lab up``
    goes on where this one was, and ``lab down`` stops it.

    Raises
    ------
    UsageError, LabError, LabStateError, TimedOutError
        With what to do about it.
    """
    repository = check(wanted)
    state, fresh = state_of(wanted)
    try:
        prepare(state.root, state.settings.api_port)
        url = git.seed(repository.path, state.git, say=say)
        started = _start_supervisor(state, say)
        try:
            with Kubernetes.connect(state.kubeconfig, timeout=30.0) as kubernetes:
                _wait_for_api(state, kubernetes, clock)
                _define(kubernetes)
                installed = argocd.install(kubernetes, state.settings, url, say=say)
        except BaseException:
            if started is not None and fresh:
                _end(started)
            raise
    except OSError as error:
        raise LabStateError(
            f"the lab's folder cannot be used: {error.strerror}", where=error.filename or str(state.root)
        ) from error
    return Up(state, fresh, installed.not_run)


def _start_supervisor(state: LabState, say: Say) -> subprocess.Popen[bytes] | None:
    """Start the supervisor unless one runs; it outlives this process."""
    with locked(state.supervisor_lock, wait=False) as nobody:
        if not nobody:
            say("the lab is running already")
            return None
    say(f"starting the lab on {state.settings.network}.0.0/16, API at {state.settings.api_url}")
    with state.log("supervisor").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "prompt_kafka.lab.supervisor", "--state", str(state.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=state.root,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()


def _wait_for_api(state: LabState, kubernetes: Kubernetes, clock: Clock) -> None:
    def answers() -> bool:
        try:
            kubernetes.get(NAMESPACE, "default")
        except (UnreachableError, KubernetesError):
            return False
        return True

    if not clock.wait_until(answers, API_TIMEOUT_S, interval=0.03):
        raise TimedOutError(
            f"the lab's API did not answer within {API_TIMEOUT_S:.0f} s",
            where=f"{state.settings.api_url}; {state.log('apiserver')}",
            next=f"is port {state.settings.api_port} taken? prompt-kafka lab logs apiserver",
        )


def _define(kubernetes: Kubernetes) -> None:
    """Install the definitions of the lab's own kinds; Strimzi's come with the operator's chart."""
    for definition in crds.lab():
        try:
            kubernetes.create(definition)
        except AlreadyExists:
            continue


def failure(kubernetes: Kubernetes, namespace: str) -> str:
    """Return why the operator will never bring Kafka up; empty while there is hope."""
    for kafka in kubernetes.list(KAFKA, namespace):
        for condition in (kafka.get("status") or {}).get("conditions") or ():
            if condition["type"] == "NotReady" and condition.get("reason") in (
                "UnsupportedKafkaVersionException",
                "InvalidResourceException",
                "InvalidConfigurationException",
                "KafkaUpgradeException",
            ):
                return f"{condition['reason']}: {condition.get('message', '')}"
    return ""
