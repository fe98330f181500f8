"""The composition root of the lab's commands: the lab brought up, then proved with the runbook's own proof.

Beside :mod:`prompt_kafka.factory` the only module that imports the lab.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_kafka.core.actions import Observe
from prompt_kafka.core.agreed import ResourcesReady
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.conditions import Finished
from prompt_kafka.core.errors import PromptKafkaError, UsageError
from prompt_kafka.core.plan import Step
from prompt_kafka.core.run import StepRecord
from prompt_kafka.core.started import OperatorReady, WorkloadsServe
from prompt_kafka.core.verdict import Verdict
from prompt_kafka.core.world import Part, World
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions, environment_of

if TYPE_CHECKING:
    from prompt_kafka.engine.listeners import Listener
    from prompt_kafka.lab.state import LabState
    from prompt_kafka.lab.traffic import Progress as TrafficProgress
    from prompt_kafka.lab.traffic import TrafficReport

Say = Callable[[str], None]

PROOF_TIMEOUT_S = 300.0

HOPELESS = {
    "UnsupportedKafkaVersionException": 0.0,
    "KafkaUpgradeException": 0.0,
    "InvalidResourceException": 20.0,
    "InvalidConfigurationException": 20.0,
}
"""Reasons with which the operator will not bring Kafka up however long one waits, and for how many seconds
each must be seen: resources arrive one after another, and a Kafka without its node pools is invalid too."""


class LabNotProvedError(PromptKafkaError):
    """The lab runs, and its service will not become what it should be."""

    code = "lab-not-proved"


@dataclass(frozen=True, slots=True)
class LabUp:
    """A lab that is up and proved.

    Attributes
    ----------
    where
        What to find where: label and text.
    not_run
        Applications of the environment that the lab does not run.
    alone
        Whether it is the only environment that is known here, so that commands need no ``-e``.
    """

    environment: str
    where: tuple[tuple[str, str], ...]
    not_run: tuple[str, ...]
    simulated: tuple[str, ...]
    alone: bool


class _Hopeful:
    """A listener that gives up as soon as the operator says that it never will."""

    def __init__(self, inner: Listener, clock: Clock = SYSTEM) -> None:
        self._inner = inner
        self._clock = clock
        self._since: dict[str, float] = {}
        self.also, self.beat = inner.also, inner.beat
        self.step_began = inner.step_began
        self.acted = inner.acted
        self.handed_over = inner.handed_over
        self.asked_again, self.noticed = inner.asked_again, inner.noticed

    def looked(self, step: Step, world: World | None, unmet: tuple[Verdict, ...]) -> None:
        self._inner.looked(step, world, unmet)
        nodes = world.nodes.known if world is not None else None
        if nodes is None:
            return
        refusals = {
            c.reason: c for c in nodes.kafka.conditions if c.type == "NotReady" and c.reason in HOPELESS
        }
        now = self._clock.monotonic()
        self._since = {reason: self._since.get(reason, now) for reason in refusals}
        for reason, condition in refusals.items():
            if now - self._since[reason] >= HOPELESS[reason]:
                raise LabNotProvedError(
                    f"the operator refuses: {reason}: {condition.message}",
                    where=f"Kafka {nodes.kafka.name}",
                    next="change the version (in the values file, or by --kafka-version / --strimzi-version "
                    "on a lab of another --name); this lab runs on: prompt-kafka status",
                )

    def step_ended(self, step: Step, record: StepRecord, seconds: float) -> None:
        self._inner.step_ended(step, record, seconds)


def up(
    name: str,
    *,
    environment: str | None,
    repo: Path | None,
    kafka_version: str | None,
    strimzi_version: str | None,
    delivery: str | None = None,
    say: Say,
    listener: Listener,
) -> LabUp:
    """Bring a lab up and prove its service.

    Raises
    ------
    UsageError, TimedOutError, LabNotProvedError
        With what to do about it.
    """
    from prompt_kafka.fault_factory import active_faults
    from prompt_kafka.lab import lifecycle, preparation, service_file, training

    preparation.check(name, environment or "lab", repo)
    wanted = lifecycle.Wanted(name, environment, repo, kafka_version, strimzi_version, delivery)
    with lifecycle.only_one(name, say):
        state, fresh = lifecycle.state_of(wanted)
        lab = lifecycle.up(state, say, fresh=fresh)
        if broken := active_faults(name).active:
            say(f"broken on purpose: {', '.join(map(str, broken))}; mend it: prompt-kafka lab faults release")
        service_file.write(state, lab.not_run)
        options = TargetOptions(environment=name, config=state.service)
        with session(options, changes=True) as look:
            _prove(look, listener)
            cluster_id = look.observe(frozenset({Part.NODES})).target.cluster_id
        service_file.write(state, lab.not_run, cluster_id=cluster_id)
        training.in_background(state, say)
    found = environment_of(options, changes=True)
    return LabUp(
        environment=name,
        where=(
            ("environment", f"{state.settings.environment} (-e {name})"),
            ("kubeconfig", str(state.kubeconfig)),
            ("git", str(state.git)),
            *((("forge", f"{state.settings.forge_url}/"),) if state.settings.delivery != "push" else ()),
            ("state", str(state.root)),
            ("down", f"prompt-kafka lab down{'' if name == 'lab' else f' --name {name}'}"),
        ),
        not_run=tuple(each for each, _ in lab.not_run),
        simulated=found.simulated,
        alone=_alone(name),
    )


def _alone(name: str) -> bool:
    try:
        return environment_of(TargetOptions(), changes=True).name == name
    except UsageError:
        return False


def _prove(look: Session, listener: Listener) -> None:
    """Wait until topics and users are there and the service is really finished, with its canary."""
    proof = Finished(canary=look.has_canary(), without_groups=tuple(look.environment.groups))
    step = Step(
        "prove that the service is really finished",
        "pods that are Ready prove nothing about the quorum, the partitions or the data",
        Observe(),
        proof=(ResourcesReady(), proof),
        timeout_s=PROOF_TIMEOUT_S,
    )
    look.acting.prove(step, _Hopeful(listener))
    look.acting.prove(_operators(look), _Hopeful(listener))


def _operators(look: Session) -> Step:
    """Return the step that waits for the operators: data flows without them, and `status` would complain."""
    seen = look.observe(frozenset({Part.NODES, Part.WORKLOADS}))
    entity = f"{seen.nodes.known.kafka.name}-entity-operator" if seen.nodes.known else ""
    there = tuple(each.name for each in seen.workloads.known or () if each.name == entity)
    return Step(
        "prove that the operators run",
        "a lab that was killed is adopted with its data flowing, before its operators are back",
        Observe(),
        proof=(OperatorReady(), WorkloadsServe(there)) if there else (OperatorReady(),),
        timeout_s=PROOF_TIMEOUT_S,
    )


def down(name: str, *, purge: bool, say: Say) -> None:
    """Stop a lab; with `purge` remove it."""
    from prompt_kafka.lab import lifecycle
    from prompt_kafka.lab.state import LabState

    if purge:
        lifecycle.purge(name, say)
        return
    state = LabState.open(name)
    with lifecycle.only_one(name, say):
        lifecycle.down(state, say)


def state(name: str) -> LabState:
    """Return a lab's folder and settings."""
    from prompt_kafka.lab.state import LabState

    return LabState.open(name)


def log(name: str, what: str) -> Path:
    """Return the log file of a lab's process or pod.

    Raises
    ------
    UsageError
        There is no such log.
    """
    lab = state(name)
    candidates = [lab.log(what), *lab.pods.glob(f"*/{what}/logs/*.log")]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        pods = sorted(path.parent.name for path in lab.pods.glob("*/*/logs"))
        raise UsageError(
            f"no log of {what!r}",
            where=str(lab.root),
            next=f"supervisor, apiserver, controllers, or a pod: {', '.join(pods) or 'none yet'}",
        )
    return found


def list_labs() -> list[dict[str, str]]:
    """Return the labs of this machine."""
    from prompt_kafka.lab import lifecycle
    from prompt_kafka.lab.state import LabState

    return [
        {
            "name": name,
            "state": "running" if lifecycle.running(lab) else "stopped",
            "environment": lab.settings.environment,
            "network": f"{lab.settings.network}.0.0/16",
            "folder": str(lab.root),
        }
        for name in LabState.list()
        for lab in (LabState.open(name),)
    ]


def traffic(
    options: TargetOptions,
    *,
    rate: float | None,
    duration: float | None,
    progress: Callable[[TrafficProgress], None],
) -> TrafficReport:
    """Send the service's data flow, each client with its own user's password."""
    from prompt_kafka.lab.traffic import USERS, TrafficSettings, run

    with session(options, changes=True) as look:
        entry = look.entry(USERS)
    settings = TrafficSettings(
        bootstrap=entry.bootstrap,
        passwords=entry.passwords,
        ca_pem=entry.ca_pem,
        check_hostname=False,
        duration=duration,
    )
    return run(settings if rate is None else replace(settings, rate=rate), progress)
