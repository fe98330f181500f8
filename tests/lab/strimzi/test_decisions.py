import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.core.quorum import Quorum, Voter
from prompt_kafka.lab.strimzi.kafka.nodes import Replicas
from prompt_kafka.lab.strimzi.model.cluster import Node
from prompt_kafka.lab.strimzi.model.secrets import Ca
from prompt_kafka.lab.strimzi.model.x509 import KeyPair
from prompt_kafka.lab.strimzi.roller.decisions import (
    GENERATIONS,
    blocking,
    can_roll_broker,
    can_roll_controller,
    current_roles,
    is_ready,
    is_recovering,
    is_stuck,
    order,
    restart_reasons,
)
from prompt_kafka.lab.strimzi.roller.reasons import Reason, Reasons, events, note

NOW = 1_000_000


def quorum(leader, ages):
    """A quorum whose voters were last caught up so many milliseconds before the leader."""
    voters = tuple(
        Voter(node, 10, last_caught_up_ms=None if age is None else NOW - age) for node, age in enumerate(ages)
    )
    return Quorum("c", leader, 1, 10, voters, ())


@pytest.mark.parametrize(
    ("leader", "ages", "node", "may"),
    [
        (0, [0, 0, 0], 0, True),
        (0, [0, 0, 0], 1, True),
        (0, [0, 0, 5000], 1, False),  # the other follower is behind
        (0, [0, 0, 5000], 2, True),  # the one behind itself may go
        (0, [0, 0, 5000], 0, False),
        (0, [0, 1999, 0], 2, True),
        (0, [0, 2000, 0], 2, False),  # the limit is exclusive
        (0, [0, None, 0], 2, False),  # never seen
        (-1, [0, 0, 0], 1, False),  # nobody leads
        (0, [0], 0, True),  # a single one
        (0, [0, 0], 0, True),
        (0, [0, 0], 1, True),
        (0, [0, 5000], 0, False),
        (0, [0, 5000], 1, True),
        (0, [0, 0, 0, 0, 0], 1, True),
        (0, [0, 0, 0, 5000, 0], 1, True),
        (0, [0, 0, 0, 5000, 5000], 1, False),
        (7, [0, 0, 0], 1, False),  # a leader that is no voter
    ],
)
def test_controllers(leader, ages, node, may):
    assert can_roll_controller(node, quorum(leader, ages)) == may


def test_the_fetch_timeout_is_the_measure():
    assert can_roll_controller(2, quorum(0, [0, 5000, 0]), fetch_timeout_ms=6000)


@given(st.lists(st.sampled_from([0, 5000]), min_size=3, max_size=7), st.data())
def test_a_majority_is_always_left(ages, data):
    ages[0] = 0
    node = data.draw(st.integers(0, len(ages) - 1))
    left = sum(1 for index, age in enumerate(ages) if age == 0 and index != node)
    if can_roll_controller(node, quorum(0, ages)):
        assert left > len(ages) // 2 or left >= (len(ages) + 2) // 2


def part(replicas, in_sync, least, topic="t"):
    return Replicas(topic, 0, tuple(replicas), tuple(in_sync), least)


@pytest.mark.parametrize(
    ("partition", "may"),
    [
        (part([3, 4, 5], [3, 4, 5], 2), True),
        (part([3, 4, 5], [3, 4], 2), False),  # at the minimum, with it
        (part([3, 4, 5], [4, 5], 2), True),  # at the minimum, without it
        (part([3, 4, 5], [4], 2), False),  # below: it may be the first to catch up
        (part([4, 5, 6], [4], 2), True),  # not ours
        (part([3, 4], [3, 4], 2), True),  # as many replicas as must be in sync never block
        (part([3, 4], [3], 2), True),
        (part([3], [3], 1), True),
        (part([3, 4, 5], [], 1), False),
        (part([3, 4, 5], [3], 1), False),
        (part([3, 4, 5], [3, 4, 5], -1), True),
    ],
)
def test_brokers(partition, may):
    assert can_roll_broker(3, [partition]) == may


def test_what_blocks_is_named():
    lines = blocking(3, [part([3, 4, 5], [3, 4], 2, "a"), part([3, 4, 5], [4], 2, "b")])
    assert lines[0].startswith("a/0 will be under-replicated (ISR=[3,4]")
    assert lines[1].startswith("b/0 is already under-replicated")


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(3, 6), min_size=1, max_size=4, unique=True),
            st.integers(0, 4),
            st.integers(1, 3),
        ),
        max_size=5,
    )
)
def test_a_roll_never_takes_a_partition_below_its_minimum(drawn):
    partitions = [part(replicas, replicas[:count], least) for replicas, count, least in drawn]
    if can_roll_broker(3, partitions):
        for one in partitions:
            before, after = len(one.in_sync), len(set(one.in_sync) - {3})
            if len(one.replicas) > one.min_in_sync and before >= one.min_in_sync:
                assert after >= one.min_in_sync


def node(number, controller=False):
    return Node(
        number, f"c-{'controller' if controller else 'kafka'}-{number}", "p", controller, not controller
    )


CONTROLLERS = [node(n, True) for n in range(3)]
BROKERS = [node(n) for n in (3, 4, 5)]


def test_the_unready_come_first_and_the_last_of_them_first_of_all():
    ready = {CONTROLLERS[1].pod, BROKERS[0].pod}
    controllers, brokers = order([*CONTROLLERS, *BROKERS], ready)
    assert [one.id for one in controllers] == [2, 0, 1]
    assert [one.id for one in brokers] == [5, 4, 3]
    assert [one.id for one in order(CONTROLLERS, {one.pod for one in CONTROLLERS})[0]] == [0, 1, 2]


def test_a_node_with_both_roles_is_a_controller():
    both = Node(7, "c-dual-7", "dual", True, True)
    assert order([both], ())[0] == [both]


def pod(*, ready=True, waiting=None, conditions=(), annotations=None, labels=None, **metadata):
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    return {
        "metadata": {
            "name": "c-kafka-3",
            "annotations": annotations or {},
            "labels": labels or {},
            **metadata,
        },
        "status": {
            "phase": metadata.pop("phase", "Running"),
            "conditions": [{"type": "Ready", "status": str(ready)}, *conditions],
            "containerStatuses": [{"name": "kafka", "state": state}],
        },
    }


def test_readiness():
    assert is_ready(pod())
    assert not is_ready(pod(ready=False))
    assert not is_ready(pod(deletionTimestamp="now"))
    assert not is_ready(None)


@pytest.mark.parametrize(
    ("waiting", "stuck"),
    [("CrashLoopBackOff", True), ("ImagePullBackOff", True), ("ContainerCreating", True), (None, False)],
)
def test_pods_that_do_not_start(waiting, stuck):
    assert is_stuck(pod(ready=False, waiting=waiting)) == stuck


def test_a_pod_that_cannot_be_scheduled_is_stuck():
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    one = pod(ready=False, conditions=[condition])
    one["status"]["phase"] = "Pending"
    assert is_stuck(one)


def test_a_broker_that_recovers_its_logs():
    condition = {"type": "lab.prompt-kafka/BrokerState", "status": "True", "reason": "Recovery"}
    assert is_recovering(pod(conditions=[condition]))
    assert not is_recovering(pod())


def test_roles_are_those_of_the_pod_as_it_is():
    labels = {"strimzi.io/controller-role": "true", "strimzi.io/broker-role": "true"}
    assert current_roles(pod(labels=labels), BROKERS[0]) == (True, True)
    assert current_roles(pod(), BROKERS[0]) == (False, True)


def authority(generation):
    return Ca("cluster CA", KeyPair("", ""), {}, generation, 0)


def test_why_a_pod_is_out_of_date():
    wanted = pod(annotations={"strimzi.io/revision": "new", "strimzi.io/resource-revision": "r2"})
    old = pod(
        annotations={
            "strimzi.io/revision": "old",
            "strimzi.io/resource-revision": "r1",
            GENERATIONS[0]: "0",
            "strimzi.io/server-cert-hash": "a",
        }
    )
    reasons = restart_reasons(old, wanted, [(authority(1), GENERATIONS[0])], "b")
    assert set(reasons) == {
        Reason.POD_HAS_OLD_REVISION,
        Reason.POD_HAS_OLD_RESOURCE_REVISION,
        Reason.CA_CERT_HAS_OLD_GENERATION,
        Reason.KAFKA_CERTIFICATES_CHANGED,
    }
    assert reasons[Reason.CA_CERT_HAS_OLD_GENERATION] == "Pod has old cluster CA certificate generation"
    assert not restart_reasons(wanted, wanted, [(authority(1), GENERATIONS[0])], "b")


def test_events_name_the_resource_the_pod_and_the_reason():
    from datetime import UTC, datetime

    one = pod(namespace="ns", uid="u")
    reasons = Reasons()
    reasons.note(Reason.MANUAL_ROLLING_UPDATE)
    (event,) = events("c", one, reasons.items(), "operator-pod", datetime(2026, 1, 2, tzinfo=UTC))
    assert event["reason"] == "ManualRollingUpdate"
    assert event["note"] == "Rolling Pod c-kafka-3 due to Pod was manually annotated to be rolled"
    assert event["regarding"] == {"kind": "Kafka", "namespace": "ns", "name": "c"}
    assert event["related"]["name"] == "c-kafka-3"
    assert event["reportingController"] == "strimzi.io/cluster-operator"
    assert event["action"] == "StrimziInitiatedPodRestart"


def test_long_notes_are_cut():
    assert len(note("p", "ä" * 2000).encode()) <= 1000
    assert note("p", "ä" * 2000).endswith("...")
