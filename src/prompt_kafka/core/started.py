"""Conditions of a cold start, as data: part of the closed union of conditions.

A verdict that says no says for what is being waited, and since when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from prompt_kafka.core import cold
from prompt_kafka.core.finished import clauses
from prompt_kafka.core.kept import OfData
from prompt_kafka.core.verdict import Answer, Verdict, judge, no, unknown, yes
from prompt_kafka.core.world import INSTANT, Look, Part, World


@dataclass(frozen=True, slots=True)
class HostsReady:
    """These machines are Ready."""

    hosts: tuple[str, ...]

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.HOSTS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.hosts.known is None:
            return unknown(world.hosts)
        up = {host.name for host in world.hosts.known if host.ready}
        wrong = [f"machine {name} is down" for name in self.hosts if name not in up]
        return judge(wrong, f"{len(self.hosts)} machines Ready")


@dataclass(frozen=True, slots=True)
class ClaimsBound:
    """Every volume claim of the cluster is bound, and none is going."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.CLAIMS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        claims = world.claims.known
        if claims is None:
            return unknown(world.claims)
        wrong = [
            f"volume claim {c.name} {'is being deleted' if c.deleting else f'is {c.phase}'}"
            for c in claims
            if c.phase != "Bound" or c.deleting
        ]
        return judge(wrong, f"{len(claims)} volume claims bound")


@dataclass(frozen=True, slots=True)
class OperatorReady:
    """The cluster operator's pod is Ready, whether it is told to reconcile or not."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.nodes.known is None:
            return unknown(world.nodes)
        operator = world.nodes.known.operator
        if operator is None:
            return unknown("the operator's Deployment was not found")
        if not operator.ready:
            return no(f"the cluster operator is not Ready, {operator.replicas} wanted")
        return yes(f"operator {operator.version} runs")


@dataclass(frozen=True, slots=True)
class PodsRun:
    """Every pod that the node pools want is there, and its process runs."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        nodes = world.nodes.known
        if nodes is None:
            return unknown(world.nodes)
        wrong = [f"{name} is not there yet" for name in cold.missing(nodes)]
        wrong += [
            f"{pod.name} does not run{cold.clock(pod.ended)}"
            f"{f' ({pod.waiting or pod.why_not_ready})' if pod.waiting or pod.why_not_ready else ''}"
            for pod in cold.down(nodes)
        ]
        return judge(wrong, f"{len(nodes.pods)} pods run")


@dataclass(frozen=True, slots=True)
class NamesResolve:
    """No node has lately said that it cannot resolve another's name."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.LOGS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.logs.known is None:
            return unknown(world.logs)
        wrong = [
            f"{log.pod} cannot resolve {log.unresolved[0]}" for log in world.logs.known if log.unresolved
        ]
        return judge(wrong, "no node misses a name", most=2)


@dataclass(frozen=True, slots=True)
class QuorumWedged:
    """A majority of controllers is Ready for long, and none leads: waiting will not mend it."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES, Part.QUORUM})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.nodes.known is None or world.quorum.known is None:
            return unknown(world.quorum if world.nodes.known else world.nodes)
        ill = cold.wedged(world)
        if not ill:
            return no("the quorum is led, or may still elect")
        return yes(f"{sum(pod.ready for pod in ill)} controllers are Ready for long and none leads")


@dataclass(frozen=True, slots=True)
class BrokerIn:
    """A broker is Ready, registered and unfenced."""

    pod: str

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES, Part.CLUSTER, Part.LOGS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        nodes = world.nodes.known
        if nodes is None:
            return unknown(world.nodes)
        pod = nodes.pod(self.pod)
        if pod is None:
            return no(f"{self.pod} is not there yet")
        if pod in cold.recovering(world):
            return no(cold.recovery_of(world, pod))
        if not pod.ready:
            return no(f"{self.pod} is not Ready{cold.clock(pod.running_since or pod.ended)}")
        if world.cluster.known is None:
            return unknown(world.cluster)
        if not cold.serves(world, pod):
            return no(f"{self.pod} is not registered and unfenced{cold.clock(pod.running_since)}")
        return yes(f"{self.pod} is in")


@dataclass(frozen=True, slots=True)
class BrokerStuck:
    """A broker runs for long beside a led quorum, loads no logs, and does not come in."""

    pod: str

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES, Part.QUORUM, Part.CLUSTER, Part.LOGS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.nodes.known is None or world.quorum.known is None or world.logs.known is None:
            return unknown("whether it loads its logs was not seen")
        if self.pod not in {pod.name for pod in cold.stuck_brokers(world)}:
            return no(f"{self.pod} is not stuck")
        return yes(f"{self.pod} does not come in, though it loads nothing")


@dataclass(frozen=True, slots=True)
class ClausesHold:
    """Some clauses of "really finished" hold, by their names."""

    names: tuple[str, ...]

    needs_to_see: ClassVar[frozenset[Look]] = INSTANT

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        found = [clause for clause in clauses(world, canary=False) if clause.name in self.names]
        unmet = [clause.verdict for clause in found if not clause.verdict.holds]
        for answer in (Answer.NO, Answer.UNKNOWN):
            for verdict in unmet:
                if verdict.answer is answer:
                    return verdict
        return yes("; ".join(clause.verdict.because for clause in found))


@dataclass(frozen=True, slots=True)
class WorkloadsServe:
    """These Deployments have as many pods Ready as they want."""

    names: tuple[str, ...]

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.WORKLOADS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.workloads.known is None:
            return unknown(world.workloads)
        there = {each.name: each for each in world.workloads.known}
        wrong = [
            f"deployment {name}: {found.ready} of {found.wanted} pods Ready"
            if found
            else f"no deployment {name}"
            for name in self.names
            if (found := there.get(name)) is None or not found.wanted or found.ready < found.wanted
        ]
        return judge(wrong, f"{', '.join(self.names)} Ready")


OfStart = (
    HostsReady
    | ClaimsBound
    | OperatorReady
    | PodsRun
    | NamesResolve
    | QuorumWedged
    | BrokerIn
    | BrokerStuck
    | ClausesHold
    | WorkloadsServe
    | OfData
)
