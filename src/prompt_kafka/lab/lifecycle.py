"""Bringing a lab up and taking it down: the folder, the three processes, the environment in Git.

What makes the service prove itself is not here: ``lab up`` ends with the same proof as every procedure, and
that is the runbook's business.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prompt_kafka.clients.files import locked
from prompt_kafka.clients.kinds import NAMESPACE
from prompt_kafka.clients.kubernetes import AlreadyExists, Kubernetes, KubernetesError
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import TimedOutError, UnreachableError, UsageError
from prompt_kafka.lab import argocd, crds, forced, git, preparation, processes
from prompt_kafka.lab.apiserver.pki import prepare
from prompt_kafka.lab.heart import holder, identity
from prompt_kafka.lab.preparation import Say
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.settings import check_name
from prompt_kafka.lab.shutdown import end_everything, end_leftovers
from prompt_kafka.lab.standing import API_DOWN
from prompt_kafka.lab.state import LabState, LabStateError, labs_home

API_TIMEOUT_S = 30.0
CONTROLLERS_TIMEOUT_S = 30.0
STOP_GRACE_S = 90.0
"""Six brokers and controllers, stopped in order on a busy machine."""


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
        Versions to put into the lab's Git; None for those of the charts.
    delivery
        How changes go: ``push`` or ``pull-request``.
    """

    name: str
    environment: str | None = None
    repo: Path | None = None
    kafka_version: str | None = None
    strimzi_version: str | None = None
    delivery: str | None = None


@dataclass(frozen=True, slots=True)
class Up:
    """A lab whose environment is deployed; whether it serves is yet to be proved.

    Attributes
    ----------
    not_run
        Applications of the environment that the lab does not run, and why.
    """

    state: LabState
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
            delivery=wanted.delivery or "push",
        )
        return state, True
    state = LabState.open(wanted.name)
    settings = state.settings
    asked = {
        "environment": (wanted.environment, settings.environment),
        "repo": (str(wanted.repo.resolve()) if wanted.repo else None, settings.repo),
        "kafka-version": (wanted.kafka_version, settings.kafka_version),
        "strimzi-version": (wanted.strimzi_version, settings.strimzi_version),
        "delivery": (wanted.delivery, settings.delivery),
    }
    for option, (new, old) in asked.items():
        if new is not None and new != old:
            raise UsageError(
                f"the lab {wanted.name} is there already, with --{option} {old or '(the default)'}",
                where=str(state.root),
                next=f"choose another --name, or: prompt-kafka lab down --purge --name {wanted.name}",
            )
    return state, False


@contextmanager
def only_one(name: str, say: Say) -> Iterator[None]:
    """Let one ``lab up`` or ``lab down`` work on a lab; a second one waits and says so."""
    lock = labs_home() / f".{check_name(name)}.lock"
    with locked(lock, wait=False) as mine:
        if mine:
            yield
            return
    say("another `lab up` or `lab down` is at work on this lab; waiting for its end")
    with locked(lock):
        yield


def up(state: LabState, say: Say, *, fresh: bool, clock: Clock = SYSTEM) -> Up:
    """Deploy an environment to a lab and return when its resources are synced.

    Interrupted while a new lab is being made, it ends the processes that it started; afterwards another
    ``lab up`` goes on where this one was.

    Raises
    ------
    LabStateError, TimedOutError, InstallError
        With what to do about it.
    """
    if state.faults.has(API_DOWN):
        raise UsageError(
            "the lab's API server is held down by a fault",
            where=str(state.root),
            next=f"prompt-kafka lab faults release {API_DOWN} --name {state.settings.name}",
        )
    tree = preparation.repository(state.settings.repo)
    try:
        preparation.fetch(state, tree, say)
        prepare(state.root, state.settings.api_port)
        edits = forced.edits(tree.path, state.settings, say if fresh else lambda _: None)
        url = git.seed(tree.path, state.git, edits=edits, say=say)
        started = _start_supervisor(state, say)
        try:
            with Kubernetes.connect(state.kubeconfig, timeout=30.0) as kubernetes:
                _wait_for_api(state, kubernetes, started, clock)
                _define(kubernetes)
                installed = argocd.install(kubernetes, state.settings, url, say=say)
                _wait_for_controllers(state, kubernetes, clock)
        except BaseException:
            if started is not None and fresh:
                processes.stop([started], STOP_GRACE_S)
            raise
    except OSError as error:
        raise LabStateError(
            f"the lab's folder cannot be used: {error.strerror}", where=error.filename or str(state.root)
        ) from error
    return Up(state, installed.not_run)


def _start_supervisor(state: LabState, say: Say) -> Process | None:
    """Start the supervisor unless one runs; it outlives this process."""
    if running(state):
        say("the lab is running already")
        return None
    end_leftovers(state)
    for port in (state.settings.api_port, state.settings.slack_port):
        preparation.refuse_a_taken_port(port, state)
    say(f"starting the lab on {state.settings.network}.0.0/16, API at {state.settings.api_url}")
    command = [sys.executable, "-m", "prompt_kafka.lab.supervisor", "--state", str(state.root)]
    return processes.start(command, state=state.root, log=state.log("supervisor"), cwd=state.root)


def _wait_for_api(state: LabState, kubernetes: Kubernetes, started: Process | None, clock: Clock) -> None:
    gone = False

    def answers() -> bool:
        nonlocal gone
        try:
            kubernetes.get(NAMESPACE, "default")
        except (UnreachableError, KubernetesError):
            gone = started is not None and not started.alive()
            return gone
        return True

    if clock.wait_until(answers, API_TIMEOUT_S, interval=0.03) and not gone:
        return
    said = _last_line(state.log("supervisor")) or _last_line(state.log("apiserver"))
    raise TimedOutError(
        "the lab's supervisor ended"
        if gone
        else f"the lab's API did not answer within {API_TIMEOUT_S:.0f} s",
        where=f"{state.settings.api_url}: {said or 'no log'}",
        next=f"prompt-kafka lab logs supervisor --name {state.settings.name}",
    )


def _wait_for_controllers(state: LabState, kubernetes: Kubernetes, clock: Clock) -> None:
    """Wait until the controllers that run now say that they live.

    The Lease of those that were killed with a lab stays fresh for seconds: an operator's pod would be Ready,
    and then not, and then again. Where they do not come, the proof says what is missing.
    """

    def alive() -> bool:
        process = Process.load(state.record("controllers"))
        return process is not None and process.alive() and holder(kubernetes) == identity(process.pid)

    clock.wait_until(alive, CONTROLLERS_TIMEOUT_S, interval=0.1)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""


def _define(kubernetes: Kubernetes) -> None:
    """Install the definitions of the lab's own kinds; Strimzi's come with the operator's chart."""
    for definition in crds.lab():
        try:
            kubernetes.create(definition)
        except AlreadyExists:
            continue


def running(state: LabState) -> bool:
    """Return whether the lab's supervisor runs."""
    with locked(state.supervisor_lock, wait=False) as nobody:
        return not nobody


def down(state: LabState, say: Say) -> None:
    """Stop every process of a lab, brokers before controllers; the data stays.

    The supervisor does it where it lives; what is left of one that was killed is ended here.
    """
    supervisor = Process.load(state.record("supervisor"))
    if running(state) and supervisor is not None:
        say("stopping: brokers, then controllers, then the API")
        processes.stop([supervisor], STOP_GRACE_S)
    left = processes.marked(state.root)
    if left:
        say(f"ending {len(left)} processes that a killed supervisor left behind")
        end_everything(state)


def purge(name: str, say: Say) -> None:
    """Remove a lab: its processes and its folder, whatever state they are in.

    Raises
    ------
    UsageError
        There is no such lab.
    """
    check_name(name)
    root = labs_home() / name
    if not root.exists():
        raise UsageError(f"there is no lab {name}", where=str(labs_home()), next="prompt-kafka lab list")
    try:
        state = LabState.open(name)
        with only_one(name, say):
            down(state, say)
    except LabStateError:
        say("its settings are damaged: ending whatever carries its mark")
        processes.stop(processes.marked(root), STOP_GRACE_S)
    shutil.rmtree(root)
    (root.parent / f".{name}.lock").unlink(missing_ok=True)
    if not LabState.list():
        # The last one: the lock under which networks are chosen goes with it.
        (root.parent / ".lock").unlink(missing_ok=True)
