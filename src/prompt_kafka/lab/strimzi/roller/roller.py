"""The rolling restart itself: one pod at a time, each only when it may go.

The decisions are in :mod:`.decisions` and :mod:`.config_diff`; this module asks, waits and acts.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.quorum import Quorum
from prompt_kafka.lab.strimzi.kafka.channel import NodeError
from prompt_kafka.lab.strimzi.kafka.nodes import Replicas
from prompt_kafka.lab.strimzi.model.cluster import Node
from prompt_kafka.lab.strimzi.model.errors import (
    FatalProblem,
    ForceableProblem,
    ReconciliationError,
    UnforceableProblem,
)
from prompt_kafka.lab.strimzi.roller.config_diff import Difference, difference
from prompt_kafka.lab.strimzi.roller.decisions import (
    DEFAULT_FETCH_TIMEOUT_MS,
    can_roll_broker,
    can_roll_controller,
    current_roles,
    is_ready,
    is_recovering,
    is_stuck,
    order,
)
from prompt_kafka.lab.strimzi.roller.ports import ATTEMPTS, Kafka, Pods, Timing
from prompt_kafka.lab.strimzi.roller.reasons import Reason, Reasons

Object = dict[str, Any]

log = logging.getLogger(__name__)


@dataclass
class Context:
    """What is known of a pod while it is considered."""

    attempt: int = 0
    done: bool = False
    error: ReconciliationError | None = None
    reasons: Reasons = field(default_factory=Reasons)

    @property
    def last(self) -> bool:
        """There is no further attempt."""
        return self.attempt >= ATTEMPTS - 1


class Roller:
    """Rolls those of some nodes that need it.

    Parameters
    ----------
    nodes
        The nodes to consider.
    everyone
        All nodes of the cluster, to ask about the quorum and the partitions.
    needs
        Why a pod is to be restarted; empty for not at all.
    configs
        Wanted settings by node id; None when changes of the configuration do not matter in this roll.
    publish
        Told of a pod that was restarted, and why.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        everyone: Sequence[Node],
        *,
        kafka: Kafka,
        pods: Pods,
        needs: Callable[[Object], Reasons],
        configs: Mapping[int, Mapping[str, str]] | None,
        publish: Callable[[Object, Reasons], None],
        timing: Timing,
        clock: Clock = SYSTEM,
    ) -> None:
        self._nodes = nodes
        self._everyone = everyone
        self._kafka = kafka
        self._pods = pods
        self._needs = needs
        self._configs = configs
        self._publish = publish
        self._timing = timing
        self._clock = clock
        self._contexts: dict[str, Context] = {}

    def run(self) -> None:
        """Roll.

        Raises
        ------
        ReconciliationError
            A pod could not be dealt with; brokers are not touched when it was a controller.
        """
        ready = [node.pod for node in self._nodes if is_ready(self._pods.find(node.pod))]
        for group in order(self._nodes, ready):
            self._roll(group)

    def _roll(self, group: Sequence[Node]) -> None:
        self._contexts |= {node.pod: Context() for node in group}
        due = [(self._clock.monotonic(), place, node) for place, node in enumerate(group)]
        place = len(due)
        while due:
            when, _, node = heapq.heappop(due)
            self._pods.sleep(max(0.0, when - self._clock.monotonic()))
            context = self._contexts[node.pod]
            try:
                self._consider(node, context)
                context.done = True
            except FatalProblem:
                raise
            except ReconciliationError as error:
                if context.last:
                    log.info(
                        "Could not verify pod %s is up-to-date, giving up after %d attempts. Total delay "
                        "between attempts %dms: %s",
                        node.pod,
                        ATTEMPTS,
                        self._timing.total_ms,
                        error.message,
                    )
                    context.done, context.error = True, error
                    continue
                context.attempt += 1
                delay = self._timing.delay(context.attempt)
                log.info(
                    "Will temporarily skip verifying pod %s is up-to-date due to %s: %s, retrying after at "
                    "least %dms",
                    node.pod,
                    error.reason,
                    error.message,
                    delay * 1000,
                )
                heapq.heappush(due, (self._clock.monotonic() + delay, place, node))
                place += 1
        for node in group:
            error_ = self._contexts[node.pod].error
            if error_ is not None:
                raise error_

    def _consider(self, node: Node, context: Context) -> None:
        pod = self._pods.find(node.pod)
        if pod is None:
            return
        stuck = is_stuck(pod)
        if not stuck and not self._pods.wait_ready(node.pod, self._timing.operation):
            pod = self._pods.find(node.pod) or pod
            if is_recovering(pod):
                raise UnforceableProblem(
                    f"Pod {node.pod} is not ready because the Kafka node is performing log recovery."
                )
            log.warning(
                "Pod %s is not ready. We will check if KafkaRoller can do anything about it.", node.pod
            )
        pod = self._pods.find(node.pod) or pod
        context.reasons = self._needs(pod)
        controller, broker = current_roles(pod, node)
        now = Node(node.id, node.pod, node.pool, controller, broker)
        try:
            self._deal_with(now, pod, context, stuck=stuck)
        except ForceableProblem as error:
            if not (stuck or context.last) or not self._can_roll(now, context, ignore_tls=True):
                raise
            log.warning("Pod %s will be force-rolled, due to error: %s", node.pod, error.message)
            context.reasons.note(Reason.POD_FORCE_RESTART_ON_ERROR)
            self._restart(pod, context)

    def _deal_with(self, node: Node, pod: Object, context: Context, *, stuck: bool) -> None:
        reasons = context.reasons
        if stuck and not reasons.keys() & {Reason.POD_HAS_OLD_REVISION, Reason.POD_HAS_OLD_RESOURCE_REVISION}:
            raise FatalProblem("Pod is unschedulable or is not starting")
        if stuck:
            reasons.note(Reason.POD_STUCK)
            self._restart(pod, context)
            return
        if not self._kafka.reachable(self._peers(node)):
            reasons.note(Reason.POD_UNRESPONSIVE)
            self._restart(pod, context)
            return
        change = self._change(node, context)
        if not reasons and not change:
            self._await_ready(node.pod, "non-restarted")
            return
        if node.controller and self._is_leader(node) and self._unfinished() > 1:
            raise ForceableProblem(
                f"Pod {node.pod} is the active controller and there are other pods to verify first"
            )
        if not self._can_roll(node, context, ignore_tls=False):
            raise UnforceableProblem(f"Pod {node.pod} cannot be updated right now.")
        if not reasons and change and self._reconfigure(node, change):
            self._await_ready(node.pod, "reconfigured")
            return
        log.info("Rolling Pod %s/%d due to %s", node.pod, node.id, reasons)
        self._restart(pod, context)

    def _peers(self, node: Node) -> list[Node]:
        return [one for one in self._everyone if (one.controller if node.controller else one.broker)]

    def _unfinished(self) -> int:
        return sum(1 for context in self._contexts.values() if not context.done)

    def _change(self, node: Node, context: Context) -> Difference | None:
        """Ask the node for its settings, which proves that it is alive; return what differs."""
        try:
            current = self._kafka.config(node)
        except NodeError as error:
            if not context.last:
                what = "controller" if node.controller_only else "broker"
                raise ForceableProblem(
                    f"Error getting {what} config: {error.what} ({error.where})", tls=error.tls
                ) from error
            context.reasons.note(Reason.CONFIG_CHANGE_REQUIRES_RESTART)
            return None
        if context.reasons or self._configs is None or node.id not in self._configs:
            return None
        change = difference(current, self._configs[node.id], controller=node.controller, broker=node.broker)
        if change.restart:
            log.info("Pod %s needs to be restarted, because %s changed", node.pod, ", ".join(change.restart))
            context.reasons.note(Reason.CONFIG_CHANGE_REQUIRES_RESTART)
            return None
        return change

    def _is_leader(self, node: Node) -> bool:
        try:
            return self._quorum().leader_id == node.id
        except NodeError as error:
            raise UnforceableProblem(
                f"An error while trying to determine the active controller: {error.what}"
            ) from error

    def _quorum(self) -> Quorum:
        return self._kafka.quorum([one for one in self._everyone if one.controller])

    def _can_roll(self, node: Node, context: Context, *, ignore_tls: bool) -> bool:
        try:
            if node.controller:
                wanted = (self._configs or {}).get(node.id, {})
                limit = int(wanted.get("controller.quorum.fetch.timeout.ms", DEFAULT_FETCH_TIMEOUT_MS))
                if not can_roll_controller(node.id, self._quorum(), limit):
                    return False
            return not node.broker or can_roll_broker(node.id, self._partitions(node))
        except NodeError as error:
            if ignore_tls and error.tls:
                context.reasons.note(Reason.POD_UNRESPONSIVE)
                return True
            text = f"possibility of updating Kafka {'controller' if node.controller else 'broker'} pods"
            problem = UnforceableProblem if node.controller else ForceableProblem
            raise problem(f"An error while trying to determine the {text}: {error.what}") from error

    def _partitions(self, node: Node) -> list[Replicas]:
        others = [one for one in self._everyone if one.broker and one.id != node.id]
        last: NodeError | None = None
        for broker in [*others, node]:
            try:
                return self._kafka.partitions(broker)
            except NodeError as error:
                last = error
        assert last is not None
        raise last

    def _reconfigure(self, node: Node, change: Difference) -> bool:
        try:
            self._kafka.alter_config(node, change.own, change.shared)
        except NodeError as error:
            log.info("Pod %s could not be updated dynamically (%s), will restart", node.pod, error.what)
            return False
        log.info("Dynamic update of pod %s was successful.", node.pod)
        return True

    def _restart(self, pod: Object, context: Context) -> None:
        name = pod["metadata"]["name"]
        log.info("Rolling pod %s", name)
        if not self._pods.restart(pod, self._timing.deletion(pod)):
            raise UnforceableProblem(f"Error while trying to restart pod {name} to become ready")
        self._publish(pod, context.reasons)
        self._await_ready(name, "restarted", self._timing.start)

    def _await_ready(self, name: str, what: str, timeout: float | None = None) -> None:
        if not self._pods.wait_ready(name, timeout or self._timing.operation):
            raise FatalProblem(f"Error while waiting for {what} pod {name} to become ready")
