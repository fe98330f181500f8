"""The connection against a real node: what it sees, what it refuses, how long it waits."""

import socket
import threading
import time

import pytest

from prompt_kafka.clients.kafka import (
    Controllers,
    KafkaConnection,
    NotAuthorizedError,
    OffsetOutOfRangeError,
    ReadOnlyError,
    Sasl,
    Tls,
    UnknownTopicError,
)
from prompt_kafka.clients.kafka.silence import with_silent
from prompt_kafka.clients.kafka.volumes import volumes
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.versions import metadata_level, metadata_of
from tests.clients.conftest import make_topic
from tests.kafka_node import KAFKA, USERS, KafkaNode


def test_cluster_names_its_id_and_brokers(node: KafkaNode, admin: KafkaConnection) -> None:
    cluster = admin.describe_cluster()
    assert cluster.id == node.cluster_id
    assert [(broker.id, broker.fenced) for broker in cluster.nodes] == [(1, False)]
    assert {"describe", "alter"} <= cluster.operations


def test_the_finalized_metadata_level_is_known_by_name(admin: KafkaConnection) -> None:
    features = admin.features()
    assert features.name == metadata_of(KAFKA)
    assert features.metadata == metadata_level(features.name)


def test_topic_has_partitions_settings_and_what_we_may_do(admin: KafkaConnection) -> None:
    name = make_topic(admin, 2, min_insync_replicas="1", retention_ms="86400000")
    (topic,) = admin.topics([name])
    assert [(p.index, p.leader, p.replicas, p.in_sync, p.offline) for p in topic.partitions] == [
        (0, 1, (1,), (1,), ()),
        (1, 1, (1,), (1,), ()),
    ]
    assert topic.min_in_sync == 1
    assert topic.settings["retention.ms"] == "86400000"
    assert topic.settings["cleanup.policy"] == "delete"
    assert topic.overrides == {"min.insync.replicas", "retention.ms"}
    assert {"read", "write"} <= topic.operations
    assert topic.at_min_in_sync_without(1) == topic.partitions
    assert name in [found.name for found in admin.topics()]


def test_unknown_topic_names_those_near_it(admin: KafkaConnection, topic: str) -> None:
    with pytest.raises(UnknownTopicError) as caught:
        admin.topics([topic + "x"])
    assert topic in (caught.value.next or "")
    assert topic + "x" not in [found.name for found in admin.topics()], "a look created it"


def test_records_come_back_as_written(admin: KafkaConnection, topic: str) -> None:
    before = time.time()
    assert admin.produce_one(topic, b"k", b"v", headers=[("h", b"1"), ("h", b"2")]) == 0
    assert admin.produce_one(topic, None, None) == 1
    first, second = admin.fetch(topic, 0, 0).records()
    assert (first.key, first.value, first.headers) == (b"k", b"v", (("h", b"1"), ("h", b"2")))
    assert (second.offset, second.key, second.value, second.headers) == (1, None, None, ())
    assert before - 1 <= first.time_ms / 1000 <= time.time() + 1
    (offsets,) = admin.offsets(topic)
    assert (offsets.start, offsets.end, offsets.stable) == (0, 2, 2)
    assert admin.offsets_at(topic, first.time_ms) == {0: 0}
    assert admin.offsets_at(topic, second.time_ms + 60_000) == {0: None}


def test_offset_out_of_range_says_what_is_valid(admin: KafkaConnection, topic: str) -> None:
    with pytest.raises(OffsetOutOfRangeError, match="it is empty, the next offset is 0"):
        admin.fetch(topic, 0, 5)
    admin.produce_one(topic, None, b"1")
    with pytest.raises(OffsetOutOfRangeError, match="valid are 0 to 0"):
        admin.fetch(topic, 0, 5)


def test_read_only_connection_writes_nothing(node: KafkaNode, admin: KafkaConnection, topic: str) -> None:
    from kafka.admin import NewTopic
    from kafka.protocol.metadata import MetadataRequest

    with node.connect(read_only=True) as reader:
        assert reader.topics([topic])
        assert reader.groups() is not None
        assert reader.describe_quorum().leader_id == 1
        with pytest.raises(ReadOnlyError):
            reader.admin.create_topics([NewTopic("refused", 1, 1)])
        with pytest.raises(ReadOnlyError):
            reader.produce_one(topic, None, b"refused")
        wanted = MetadataRequest.MetadataRequestTopic(name="refused-too")
        with pytest.raises(ReadOnlyError):
            reader.ask(MetadataRequest(topics=[wanted], allow_auto_topic_creation=True))
    assert not {"refused", "refused-too"} & {found.name for found in admin.topics()}
    assert admin.offsets(topic)[0].end == 0


def test_login_over_tls_and_its_limits(node: KafkaNode, topic: str) -> None:
    with node.connect("kafka-admin") as connection:
        assert connection.user == "kafka-admin"
        assert connection.topics([topic])
    with node.connect("butler-writer") as connection, pytest.raises(NotAuthorizedError):
        connection.topics([topic])


def test_wrong_password_is_said_at_once_and_not_shown(node: KafkaNode) -> None:
    start = time.monotonic()
    wrong = KafkaConnection([node.external], tls=node.tls, sasl=Sasl("kafka-admin", "wr0ng-secret"))
    with pytest.raises(NotAuthorizedError) as caught:
        wrong.topics()
    assert time.monotonic() - start < 5
    assert "wr0ng-secret" not in f"{caught.value} {caught.value.__cause__!r} {wrong!r}"


def test_secrets_do_not_show(node: KafkaNode) -> None:
    sasl = Sasl("user", "hush")
    tls = Tls("ca", "cert", "hush")
    connection = KafkaConnection([("127.0.0.1", 1)], sasl=sasl)
    assert "hush" not in f"{sasl!r} {tls!r} {connection!r} {connection.settings()!r}"
    assert connection.settings()["sasl_plain_password"] == "hush"


def test_names_are_routed_and_certificates_still_checked(node: KafkaNode) -> None:
    port = node.external[1]
    sasl = Sasl("kafka-admin", USERS["kafka-admin"])
    asked: list[tuple[str, int]] = []

    def resolve(host: str, asked_port: int) -> tuple[str, int]:
        asked.append((host, asked_port))
        return "127.0.0.1", port

    with KafkaConnection([("kafka.test", 1)], tls=node.tls, sasl=sasl, resolve=resolve) as connection:
        assert connection.brokers()
    assert ("kafka.test", 1) in asked
    other = KafkaConnection([("other.test", 1)], tls=node.tls, sasl=sasl, resolve=resolve, timeout=1)
    with pytest.raises(UnreachableError, match=r"(?i)hostname mismatch"):
        other.brokers()


def test_nobody_listens(node: KafkaNode) -> None:
    with pytest.raises(UnreachableError, match="ECONNREFUSED"):
        KafkaConnection([("127.0.0.1", 1)], timeout=1).topics()


def test_one_dead_address_does_not_hide_the_others(node: KafkaNode) -> None:
    with KafkaConnection([("127.0.0.1", 1), node.plain]) as connection:
        assert connection.brokers()


@pytest.mark.parametrize("tls", [False, True])
def test_silent_node_costs_the_timeout_and_no_more(node: KafkaNode, tls: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        start = time.monotonic()
        silent = KafkaConnection([server.getsockname()], tls=node.tls if tls else None, timeout=1.5)
        with pytest.raises(UnreachableError):
            silent.topics()
        assert time.monotonic() - start < 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("kafka-io")]


def test_controller_describes_the_quorum_itself(node: KafkaNode) -> None:
    controllers = Controllers([("127.0.0.1", 1), node.controller], tls=node.operator_tls)
    dead, alive = controllers.ask()
    assert "ECONNREFUSED" in dead.unreachable
    assert alive.leader_id == 1
    assert alive.metadata_version
    quorum = alive.quorum
    assert quorum is not None
    assert [voter.node_id for voter in quorum.voters] == [1]
    assert quorum.lag(1) == 0
    assert quorum.behind(within_s=10) == ()
    assert controllers.describe(node.controller).leader_id == 1


def test_controllers_let_nobody_in_without_certificate(node: KafkaNode) -> None:
    (answer,) = Controllers([node.controller], tls=node.tls).ask()
    assert "certificate" in answer.unreachable


def test_silent_controller_does_not_hold_up_the_others(node: KafkaNode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = server.getsockname()
        start = time.monotonic()
        answers = Controllers([silent, node.controller], tls=node.operator_tls, timeout=1.5).ask()
    assert time.monotonic() - start < 3
    assert answers[0].unreachable
    assert answers[1].quorum


def test_many_threads_share_a_connection(admin: KafkaConnection, topic: str) -> None:
    failures: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(5):
                admin.topics([topic])
                admin.produce_one(topic, None, b"x")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert admin.offsets(topic)[0].end == 20


def test_a_broker_that_answers_is_not_silent_and_tells_its_volume(admin: KafkaConnection) -> None:
    name = make_topic(admin, 2)
    assert with_silent(admin).silent == ()
    admin.produce_one(name, None, b"x" * 1000)
    (volume,) = volumes(admin, admin.topics([name]))
    assert volume.broker == 1
    assert volume.total and volume.usable and 0 < volume.usable < volume.total
    assert volume.logs >= 1000
    assert volume.growth is None  # young and small: unknown, not zero


def test_of_several_addresses_the_one_that_answers_is_taken(node: KafkaNode, admin: KafkaConnection) -> None:
    with socket.socket() as frozen:
        frozen.bind(("127.0.0.1", 0))
        frozen.listen()  # takes connections and answers nothing, as a frozen broker does
        addresses = [("127.0.0.1", frozen.getsockname()[1]), node.external]
        user = next(iter(USERS))
        for _ in range(3):  # by lot, every second one would begin with the frozen one
            began = time.monotonic()
            login = Sasl(user, USERS[user])
            with KafkaConnection(addresses, tls=node.tls, sasl=login, timeout=30.0) as connection:
                assert connection.describe_cluster().id == node.cluster_id
            assert time.monotonic() - began < 9.0
