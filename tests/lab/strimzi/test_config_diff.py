import pytest

from prompt_kafka.lab.strimzi.kafka.nodes import Entry, Operation
from prompt_kafka.lab.strimzi.roller.config_diff import difference, same

STATIC, DEFAULT, OWN, SHARED = 4, 5, 2, 3


def entry(value, source=STATIC, *, read_only=False, known=True, sensitive=False):
    return Entry(value, read_only, source, sensitive, known)


def diff(current, desired, *, controller=False, broker=True):
    return difference(current, desired, controller=controller, broker=broker)


def test_nothing_to_do():
    assert not diff({"num.partitions": entry("1", read_only=True)}, {"num.partitions": "1"})


def test_what_only_a_restart_changes():
    change = diff({"num.partitions": entry("1", read_only=True)}, {"num.partitions": "2"})
    assert change.restart == ("num.partitions",) and not change.shared


def test_what_changes_for_all_brokers_while_they_run():
    change = diff({"log.retention.ms": entry(None, DEFAULT)}, {"log.retention.ms": "5"})
    assert change.shared == (Operation("log.retention.ms", "5"),) and not change.own and not change.restart


def test_a_setting_that_was_put_on_one_broker_by_hand_is_taken_back():
    change = diff({"log.retention.ms": entry("7", OWN)}, {"log.retention.ms": "5"})
    assert change.own == (Operation("log.retention.ms", None),)
    assert change.shared == (Operation("log.retention.ms", "5"),)


def test_a_setting_that_is_no_longer_wanted_goes():
    assert diff({"log.retention.ms": entry("7", SHARED)}, {}).shared == (Operation("log.retention.ms", None),)
    assert diff({"num.partitions": entry("7", read_only=True)}, {}).restart == ("num.partitions",)
    assert not diff({"num.partitions": entry("1", DEFAULT, read_only=True)}, {})


def test_a_plugins_option_and_secrets_do_not_count():
    assert not diff({"my.option": entry("1", known=False)}, {"my.option": "2"})
    assert not diff({"ssl.key.password": entry(None, sensitive=True)}, {"ssl.key.password": "x"})


@pytest.mark.parametrize(
    ("name", "controller", "broker", "counts"),
    [
        ("log.retention.ms", True, False, False),
        ("min.insync.replicas", True, False, True),
        ("controller.quorum.fetch.timeout.ms", True, False, True),
        ("controller.quorum.fetch.timeout.ms", False, True, False),
        ("controller.quorum.voters", False, True, True),
        ("advertised.listeners", False, True, False),
        ("advertised.listeners", True, False, False),
        ("broker.id", True, True, False),
        ("controller.quorum.fetch.timeout.ms", True, True, True),
    ],
)
def test_what_matters_to_a_node_of_which_role(name, controller, broker, counts):
    change = diff({name: entry("1", read_only=True)}, {name: "2"}, controller=controller, broker=broker)
    assert bool(change) == counts


@pytest.mark.parametrize(
    ("name", "running", "wanted", "equal"),
    [
        (
            "log.dirs",
            "/home/me/labs/x/pods/p/rootfs/var/lib/kafka/data-0/kafka-log3",
            "/var/lib/kafka/data-0/kafka-log3",
            True,
        ),
        ("log.dirs", "/a/var/lib/kafka/data-0/l,/a/var/lib/kafka/data-1/l", "/var/lib/kafka/data-0/l", False),
        ("listeners", "A://127.64.2.1:9091,B://127.64.2.1:9092", "A://0.0.0.0:9091,B://0.0.0.0:9092", True),
        ("listeners", "A://127.64.2.1:9091", "A://0.0.0.0:9093", False),
        ("log.cleaner.io.max", "1.0E7", "10000000", True),
        ("super.users", "a;b", "a;b", True),
        ("metric.reporters", "a, b", "a,b", True),
        ("sasl.enabled.mechanisms", None, "", True),
        ("sasl.enabled.mechanisms", "", "", True),
    ],
)
def test_values_that_are_the_same(name, running, wanted, equal):
    assert same(name, running, wanted) == equal
