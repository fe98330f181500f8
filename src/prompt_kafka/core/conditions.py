"""Conditions over a World, as data: what a step needs, and what proves it.

The union is closed. A condition is a frozen dataclass that survives JSON, so that a plan which is saved, or
a run which another person resumes, means the same there. Which parts of the World it reads stands in
``needs_to_see``: of the class where they are always the same, else worked out from its parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from prompt_kafka.core.agreed import (
    BrokersHave,
    ResourceAgrees,
    ResourceReady,
    ResourcesReady,
    SecretPresent,
    TopicGone,
    UserAuthorized,
    UserGone,
)
from prompt_kafka.core.delivered import (
    ApplicationSynced,
    Committed,
    Compared,
    FilesAre,
    SyncBegun,
    SyncFailed,
    SyncSucceeded,
)
from prompt_kafka.core.environments import EnvironmentRenders
from prompt_kafka.core.finished import finished
from prompt_kafka.core.listeners import ServicesHave, Watches
from prompt_kafka.core.outside_hours import OutsideProductionHours
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.requested import BranchGone, Mergeable, Merged, RequestClosed, Requested
from prompt_kafka.core.started import OfStart
from prompt_kafka.core.stopped import OfShutdown
from prompt_kafka.core.upgraded import (
    ClustersBroughtUp,
    ClustersRefused,
    KafkaRuns,
    MetadataIs,
    OperatorIs,
    OperatorRefuses,
)
from prompt_kafka.core.verdict import Verdict, judge, no, unknown, yes
from prompt_kafka.core.world import INSTANT, Look, Part, World


@dataclass(frozen=True, slots=True)
class TargetIs:
    """The cluster is the one that the plan was made for."""

    cluster_id: str

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.nodes.known is None:
            return unknown(world.nodes)
        found = world.target.cluster_id
        if found != self.cluster_id:
            return no(f"this is cluster {found or '?'}, the plan was made for {self.cluster_id}")
        return yes(f"cluster {found}")


@dataclass(frozen=True, slots=True)
class OperatorRuns:
    """The cluster operator runs and reconciles this cluster."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.nodes.known is None:
            return unknown(world.nodes)
        operator = world.nodes.known.operator
        if operator is None:
            return unknown("the operator's Deployment was not found")
        if not operator.ready:
            return no("the cluster operator is not running")
        if world.nodes.known.kafka.paused:
            return no("reconciliation is paused")
        return yes(f"operator {operator.version} runs")


@dataclass(frozen=True, slots=True)
class Replaced:
    """Each pod has been replaced by a new one that is Ready.

    Attributes
    ----------
    pods
        Name of each pod and its UID before: the baseline.
    """

    pods: tuple[tuple[str, str], ...]

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        nodes = world.nodes.known
        if nodes is None:
            return unknown(world.nodes)
        wrong = []
        for name, uid in self.pods:
            pod = nodes.pod(name)
            if pod is None:
                wrong.append(f"{name} is gone, not back yet")
            elif pod.uid == uid:
                wrong.append(f"{name} is {'stopping' if pod.deleting else 'still the old one'}")
            elif not pod.ready:
                wrong.append(f"{name} is new, not Ready yet")
        count = len(self.pods)
        return judge(wrong, f"{count} pod{'s' if count > 1 else ''} replaced")


@dataclass(frozen=True, slots=True)
class RollBegun:
    """A roll of these pods has begun: it is asked for, or a pod has gone already.

    Attributes
    ----------
    pods
        Name of each pod and its UID before: the baseline.
    """

    pods: tuple[tuple[str, str], ...]

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        nodes = world.nodes.known
        if nodes is None:
            return unknown(world.nodes)
        names = {name for name, _ in self.pods}
        for pod_set in nodes.pod_sets:
            if pod_set.rolling and names & {name for name, _, _ in pod_set.pods}:
                return yes(f"pod set {pod_set.name} asks for a rolling update")
        for name, uid in self.pods:
            pod = nodes.pod(name)
            if pod is None or pod.uid != uid or pod.deleting or pod.rolling:
                return yes(f"{name} is being restarted")
        return no("no pod is being restarted")


@dataclass(frozen=True, slots=True)
class RollGivenUp:
    """The operator has given a roll up: it is asked for no more, nothing moves, and old pods are left.

    The annotation vanishes even when the roll failed, so this is the only sign of it.

    Attributes
    ----------
    pods
        Name of each pod and its UID before: the baseline.
    """

    pods: tuple[tuple[str, str], ...]

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        nodes = world.nodes.known
        if nodes is None:
            return unknown(world.nodes)
        names = {name for name, _ in self.pods}
        asked = any(s.rolling and names & {name for name, _, _ in s.pods} for s in nodes.pod_sets)
        pods = [nodes.pod(name) for name in names]
        if asked or any(pod is None or pod.deleting or pod.rolling for pod in pods):
            return no("the roll goes on")
        old = [pod.name for pod in pods if pod is not None and (pod.name, pod.uid) in self.pods]
        renewed = [pod for pod in pods if pod is not None and (pod.name, pod.uid) not in self.pods]
        if not old or not all(pod.ready for pod in renewed):
            return no("the roll goes on")
        return yes(f"the operator gave up before {', '.join(sorted(old))}")


@dataclass(frozen=True, slots=True)
class QuorumLed:
    """A controller leads the metadata quorum."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.QUORUM})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.quorum.known is None:
            return unknown(world.quorum)
        quorum = quorum_of(world.quorum.known)
        if quorum is None:
            return no("no controller leads the quorum")
        return yes(f"controller {quorum.leader_id} leads, epoch {quorum.epoch}")


@dataclass(frozen=True, slots=True)
class Finished:
    """The service is *really finished* (:mod:`prompt_kafka.core.finished`).

    Attributes
    ----------
    canary
        With a canary message, where the charts have one.
    stable_s
        For how many seconds it must hold without a break.
    without_groups
        Groups that were behind before, whose lag is therefore not proved.
    without_operator
        Without what only a running, unpaused operator can make true.
    without_idle
        Without the lag of groups in which nobody reads.
    """

    canary: bool = True
    stable_s: float = 0.0
    without_groups: tuple[str, ...] = ()
    without_operator: bool = False
    without_idle: bool = False

    @property
    def needs_to_see(self) -> frozenset[Look]:
        """The parts of the World that it reads."""
        return INSTANT | {Part.CANARY} if self.canary else INSTANT

    def judge(self, world: World) -> Verdict:
        """Judge it on a World; that it stays so is the runner's to see."""
        return finished(
            world,
            canary=self.canary,
            without_groups=frozenset(self.without_groups),
            without_operator=self.without_operator,
            without_idle=self.without_idle,
        )


Condition = (
    TargetIs
    | OperatorRuns
    | Replaced
    | RollBegun
    | RollGivenUp
    | QuorumLed
    | Finished
    | ResourcesReady
    | FilesAre
    | Committed
    | Requested
    | RequestClosed
    | Mergeable
    | Merged
    | BranchGone
    | Compared
    | SyncBegun
    | SyncSucceeded
    | SyncFailed
    | ApplicationSynced
    | SecretPresent
    | ResourceReady
    | ResourceAgrees
    | BrokersHave
    | UserAuthorized
    | TopicGone
    | UserGone
    | OutsideProductionHours
    | KafkaRuns
    | MetadataIs
    | OperatorRefuses
    | OperatorIs
    | ClustersBroughtUp
    | ClustersRefused
    | EnvironmentRenders
    | ServicesHave
    | Watches
    | OfStart
    | OfShutdown
)
