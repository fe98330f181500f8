"""The roller against a small simulated cluster on a turned clock: what it does, in which order, and not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.quorum import Quorum, Voter
from prompt_kafka.lab.strimzi.kafka.channel import NodeError
from prompt_kafka.lab.strimzi.kafka.nodes import Entry, Replicas
from prompt_kafka.lab.strimzi.model.cluster import Node
from prompt_kafka.lab.strimzi.model.errors import FatalProblem, ForceableProblem, UnforceableProblem
from prompt_kafka.lab.strimzi.roller.ports import Timing
from prompt_kafka.lab.strimzi.roller.reasons import Reason, Reasons
from prompt_kafka.lab.strimzi.roller.roller import Roller

NODES = [
    *(Node(n, f"c-controller-{n}", "controller", True, False) for n in range(3)),
    *(Node(n, f"c-kafka-{n}", "kafka", False, True) for n in (3, 4, 5)),
]


@dataclass
class Simulated:
    """Six nodes: pods with a state each, a quorum, partitions, settings."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    leader: int = 1
    unready: set[str] = field(default_factory=set)
    waiting: dict[str, str] = field(default_factory=dict)
    recovering: set[str] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    behind: set[int] = field(default_factory=set)
    partitions_: list[Replicas] = field(default_factory=list)
    settings: dict[int, dict[str, Entry]] = field(default_factory=dict)
    heals: bool = True
    comes_back: bool = True
    unresolvable: bool = False
    log: list[str] = field(default_factory=list)
    uids: dict[str, int] = field(default_factory=lambda: {node.pod: 0 for node in NODES})
    refuses_alter: bool = False
    told: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def find(self, name):
        if name not in self.uids:
            return None
        state = {"waiting": {"reason": self.waiting[name]}} if name in self.waiting else {"running": {}}
        conditions = [{"type": "Ready", "status": str(name not in self.unready)}]
        if name in self.recovering:
            conditions.append(
                {"type": "lab.prompt-kafka/BrokerState", "status": "True", "reason": "Recovery"}
            )
        return {
            "metadata": {"name": name, "uid": str(self.uids[name])},
            "status": {
                "phase": "Running",
                "conditions": conditions,
                "containerStatuses": [{"name": "kafka", "state": state}],
            },
        }

    def wait_ready(self, name, timeout):
        if name in self.unready:
            self.clock.turn(timeout)
            return False
        return True

    def restart(self, pod, timeout):
        name = pod["metadata"]["name"]
        node = next(one for one in NODES if one.pod == name)
        self.log.append(name.removeprefix("c-"))
        self.uids[name] += 1
        self.waiting.pop(name, None)
        if self.heals:
            self.unready.discard(name)
            self.dead.discard(node.id)
        if not self.comes_back:
            self.unready.add(name)
        if node.id == self.leader:
            self.leader = next(n for n in range(3) if n != node.id)
        return True

    def sleep(self, seconds):
        self.clock.turn(seconds)

    def reachable(self, nodes):
        return not self.unresolvable

    def quorum(self, controllers):
        if self.leader in self.dead:
            raise NodeError("no controller leads the quorum", where="c")
        voters = tuple(
            Voter(n, 1, last_caught_up_ms=0 if n in self.behind or n in self.dead else 10_000)
            for n in range(3)
        )
        return Quorum("c", self.leader, 1, 1, voters, ())

    def config(self, node):
        if node.id in self.dead:
            raise NodeError("Connection refused", where=node.pod)
        return self.settings.get(node.id, {})

    def partitions(self, broker):
        return self.partitions_

    def alter_config(self, node, own, shared):
        if self.refuses_alter:
            raise NodeError("InvalidRequest", where=node.pod)
        self.log.append(f"alter {node.id}")

    def roll(self, needs=None, configs=None, nodes=NODES):
        def reasons(pod):
            made = Reasons()
            if needs is None or pod["metadata"]["name"] in needs:
                made.note(Reason.POD_HAS_OLD_REVISION)
            return made if pod["metadata"]["uid"] == "0" else Reasons()

        Roller(
            nodes,
            NODES,
            kafka=self,
            pods=self,
            needs=reasons,
            configs=configs,
            publish=lambda pod, why: self.told.append(
                (pod["metadata"]["name"], tuple(one.event for one in why))
            ),
            timing=Timing(300, 20),
            clock=self.clock,
        ).run()


def test_controllers_first_the_leader_last_of_them_then_brokers():
    world = Simulated(leader=0)
    world.roll()
    assert world.log == ["controller-1", "controller-2", "controller-0", "kafka-3", "kafka-4", "kafka-5"]
    assert {why for _, why in world.told} == {("PodHasOldRevision",)}


def test_a_leader_that_alone_needs_it_is_rolled_at_once():
    world = Simulated(leader=0)
    world.roll(needs={"c-controller-0"})
    assert world.log == ["controller-0"]
    assert world.clock.monotonic() < 1


def test_unready_nodes_come_first_in_their_class():
    world = Simulated(unready={"c-kafka-5", "c-controller-2"})
    world.roll()
    assert world.log[0] == "controller-2"
    assert world.log[3] == "kafka-5"


def test_nothing_is_done_when_nothing_is_needed():
    world = Simulated()
    world.roll(needs=set())
    assert world.log == [] and world.clock.monotonic() == 0


def test_a_follower_that_is_behind_holds_up_the_others_and_the_brokers():
    world = Simulated(leader=1, behind={2})
    with pytest.raises(UnforceableProblem) as caught:
        world.roll(needs={"c-controller-0", "c-kafka-3"})
    assert caught.value.message == "Pod c-controller-0 cannot be updated right now."
    assert world.log == []
    assert world.clock.monotonic() == pytest.approx(127.75 / 20)


def test_a_partition_at_its_minimum_holds_up_its_brokers():
    world = Simulated(partitions_=[Replicas("t", 0, (3, 4, 5), (3, 4), 2)])
    with pytest.raises(UnforceableProblem):
        world.roll(needs={"c-kafka-3", "c-kafka-5"})
    assert world.log == ["kafka-5"]


def test_without_a_leader_no_controller_is_touched():
    world = Simulated(leader=1, dead={1})
    with pytest.raises(UnforceableProblem) as caught:
        world.roll(needs={"c-controller-0"})
    assert "active controller" in caught.value.message
    assert world.log == []


def test_a_silent_broker_is_rolled_at_the_last_attempt():
    world = Simulated(dead={4})
    world.roll(needs={"c-kafka-4"})
    assert world.log == ["kafka-4"]
    assert world.told == [("c-kafka-4", ("PodHasOldRevision", "ConfigChangeRequiresRestart"))]


def test_a_silent_broker_that_needs_nothing_is_rolled_at_the_last_attempt_too():
    world = Simulated(dead={4})
    world.roll(needs=set())
    assert world.told == [("c-kafka-4", ("ConfigChangeRequiresRestart",))]


def test_a_broker_that_recovers_is_left_alone():
    world = Simulated(unready={"c-kafka-4"}, recovering={"c-kafka-4"})
    with pytest.raises(UnforceableProblem) as caught:
        world.roll()
    assert "log recovery" in caught.value.message
    assert "kafka-4" not in world.log


def test_a_pod_that_does_not_start_ends_everything():
    world = Simulated(waiting={"c-controller-1": "CrashLoopBackOff"})
    with pytest.raises(FatalProblem) as caught:
        world.roll(needs=set())
    assert caught.value.message == "Pod is unschedulable or is not starting"
    assert world.log == []


def test_a_stuck_pod_that_is_out_of_date_is_replaced_unasked():
    world = Simulated(
        waiting={"c-kafka-4": "CrashLoopBackOff"}, partitions_=[Replicas("t", 0, (3, 4, 5), (3, 4), 2)]
    )
    world.roll(needs={"c-kafka-4"})
    assert world.log == ["kafka-4"]
    assert world.told[0][1] == ("PodHasOldRevision", "PodStuck")


def test_a_restarted_pod_that_does_not_come_back_ends_everything():
    world = Simulated(comes_back=False)
    with pytest.raises(FatalProblem):
        world.roll()
    assert world.log == ["controller-0"]


def test_an_unready_pod_that_needs_nothing_stops_the_rest():
    world = Simulated(unready={"c-kafka-4"}, heals=False)
    with pytest.raises(FatalProblem) as caught:
        world.roll(needs={"c-kafka-5"})
    assert "non-restarted pod c-kafka-4" in caught.value.message
    assert world.log == []


def test_a_missing_pod_is_skipped():
    world = Simulated()
    del world.uids["c-kafka-4"]
    world.roll()
    assert "kafka-4" not in world.log and len(world.log) == 5


def test_when_no_name_resolves_the_pod_is_restarted():
    world = Simulated(unresolvable=True)
    world.roll(needs=set(), nodes=NODES[:1])
    assert world.told == [("c-controller-0", ("PodUnresponsive",))]


SETTING = {"log.retention.ms": Entry("1", False, 4, False, True)}
FIXED = {"num.partitions": Entry("1", True, 4, False, True)}


def test_a_changed_setting_is_applied_while_the_broker_runs():
    world = Simulated(settings={4: SETTING})
    world.roll(needs=set(), configs={4: {"log.retention.ms": "2"}})
    assert world.log == ["alter 4"] and world.told == []


def test_a_setting_that_needs_a_restart_gets_one():
    world = Simulated(settings={4: FIXED})
    world.roll(needs=set(), configs={4: {"num.partitions": "2"}})
    assert world.told == [("c-kafka-4", ("ConfigChangeRequiresRestart",))]


def test_a_dynamic_change_that_kafka_refuses_becomes_a_restart():
    world = Simulated(settings={4: SETTING}, refuses_alter=True)
    world.roll(needs=set(), configs={4: {"log.retention.ms": "2"}})
    assert world.log == ["kafka-4"]
    assert world.told == [("c-kafka-4", ())]


def test_settings_do_not_matter_in_a_roll_by_hand():
    world = Simulated(settings={4: FIXED})
    world.roll(needs=set())
    assert world.log == []


def test_a_leader_that_never_gets_its_turn_is_an_error():
    world = Simulated(leader=0, behind={2})
    with pytest.raises((UnforceableProblem, ForceableProblem)):
        world.roll(needs={"c-controller-0", "c-controller-1"})
    assert world.log == []
