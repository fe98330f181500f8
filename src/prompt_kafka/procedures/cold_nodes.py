"""The steps of *Cold Startup* that bring the nodes in: the quorum first, then brokers, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prompt_kafka.core import cold
from prompt_kafka.core.actions import Delete, DeleteEach, Observe
from prompt_kafka.core.conditions import Condition, Finished, QuorumLed, Replaced, RollBegun, TargetIs
from prompt_kafka.core.kept import MetadataForgotten, MetadataKept
from prompt_kafka.core.objects import BROKER, CONTROLLER, Nodes, Pod
from prompt_kafka.core.plan import Step
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.service import Environment
from prompt_kafka.core.started import BrokerIn, BrokerStuck, ClausesHold, QuorumWedged
from prompt_kafka.core.surroundings import ShutdownRecord
from prompt_kafka.core.world import World

PODS_S = 1200.0
"""Two or three reconciliations and five minutes, and images to be pulled."""
QUORUM_S = 600.0
ELECTION_S = 8.0
"""A leader that has just gone has a successor within two or three seconds."""
RECOVERY_S = 4 * 3600.0
"""Log recovery after an unclean stop, and replicas that fetch a whole disk again."""


@dataclass(frozen=True, slots=True)
class Start:
    """What was worked out on the way to the steps.

    Attributes
    ----------
    record
        The shutdown record that waits for this start.
    resume
        Reconciliation is to be resumed.
    accepts_loss
        A person has accepted that records are lost.
    """

    world: World
    nodes: Nodes
    environment: Environment
    proof: Finished
    record: ShutdownRecord | None
    resume: bool
    accepts_loss: bool

    @property
    def namespace(self) -> str:
        """The namespace of the Kafka resource."""
        return self.nodes.kafka.namespace

    @property
    def needs(self) -> tuple[Condition, ...]:
        """What every act needs: that it is this cluster; while nothing has told its id, nothing."""
        known = self.world.target.cluster_id
        return (TargetIs(known),) if known else ()


def wait(title: str, why: str, *proof: Condition, timeout_s: float) -> Step:
    """Return a step that only waits."""
    return Step(title=title, why=why, action=Observe(), proof=proof, timeout_s=timeout_s)


def controllers(start: Start) -> Iterator[Step]:
    """Yield what brings a leader, and every controller up to it."""
    world = start.world
    led = quorum_of(world.quorum.known or ()) is not None
    if not led:
        yield _quorum(start)
    for pod in cold.stuck_controllers(world):
        yield Step(
            title=f"delete {pod.name}",
            why="it neither answers nor follows, the others lead without it; its pod set makes it anew",
            action=Delete("pod", pod.name, start.namespace, pod.uid),
            needs=(*start.needs, QuorumLed()),
            proof=(Replaced(_baseline([pod])), QuorumLed()),
            marks=(RollBegun(_baseline([pod])),),
            timeout_s=PODS_S,
        )
    if not led and world.logs.known is not None:
        yield Step(
            title="see that the quorum still knows everything",
            why="a majority of controllers with empty disks may elect itself; then everything is forgotten",
            action=Observe(),
            proof=(MetadataKept(),),
            given_up=MetadataForgotten(),
            lost="stop the controllers, and bring back their volumes from a snapshot before they start again",
            timeout_s=QUORUM_S,
        )
    caught_up = ClausesHold(("quorum led", "voters caught up"))
    if not caught_up.judge(world).holds:
        blank = [pod.name for pod in cold.blank_controllers(world)]
        yield wait(
            "wait until every controller has caught up",
            f"{', '.join(blank)} began with an empty disk and fetches the metadata from the leader"
            if blank
            else "until then the loss of one more controller would stop the quorum",
            caught_up,
            timeout_s=QUORUM_S,
        )


def _quorum(start: Start) -> Step:
    """Return the step that ends with a leader: waits for an election, and mends one that does not come."""
    pods = list(start.nodes.controllers)
    names = tuple(sorted({*(p.name for p in pods), *_wanted(start.nodes, CONTROLLER)}))
    if cold.wedged(start.world):
        title = f"delete all {len(pods)} controllers at once, unless one leads within {ELECTION_S:.0f} s"
        why = "they are Ready and none leads: no quorum is there to protect, new processes mend it"
    else:
        title = "wait until the controllers elect a leader"
        why = (
            f"an election takes seconds; controllers that are Ready for {cold.WEDGED_S:.0f} s and still have "
            f"none {ELECTION_S:.0f} s later are wedged, and are then deleted"
        )
    return Step(
        title=title,
        why=why,
        action=Observe(),
        proof=(QuorumLed(),),
        given_up=QuorumWedged(),
        patience_s=ELECTION_S,
        again=DeleteEach("pod", tuple((name, "") for name in names), start.namespace),
        timeout_s=QUORUM_S,
        disruptive=True,
    )


def brokers(start: Start) -> Iterator[Step]:
    """Yield a step for each broker that is not in; the ones that recover their logs last."""
    world, nodes = start.world, start.nodes
    stuck, busy = cold.stuck_brokers(world), {pod.name for pod in cold.recovering(world)}
    names = {pod.name for pod in nodes.brokers} | set(_wanted(nodes, BROKER))
    for name in sorted(names, key=lambda each: (each in busy, int(each.rpartition("-")[2]))):
        pod = nodes.pod(name)
        if pod is not None and cold.serves(world, pod):
            continue
        if pod is not None and pod in stuck:
            yield Step(
                title=f"delete {name}",
                why="it runs, loads no logs and does not come in; it is made anew on the same volume",
                action=Delete("pod", name, start.namespace, pod.uid),
                needs=(*start.needs, QuorumLed(), BrokerStuck(name)),
                proof=(Replaced(_baseline([pod])), BrokerIn(name)),
                marks=(RollBegun(_baseline([pod])),),
                timeout_s=RECOVERY_S,
            )
            continue
        yield Step(
            title=f"wait until {name} is in",
            why="it recovers its logs: a restart would begin anew"
            if name in busy
            else "registered and unfenced; it is deleted only if it is stuck, never while it loads its logs",
            action=Observe(),
            proof=(BrokerIn(name),),
            given_up=BrokerStuck(name),
            again=Delete("pod", name, start.namespace, ""),
            timeout_s=RECOVERY_S,
        )


def _wanted(nodes: Nodes, role: str) -> Iterator[str]:
    for pool in nodes.pools:
        if role in pool.roles:
            yield from (f"{nodes.kafka.name}-{pool.name}-{i}" for i in pool.node_ids)


def _baseline(pods: list[Pod]) -> tuple[tuple[str, str], ...]:
    return tuple((pod.name, pod.uid) for pod in pods)
