"""The users' rights on a real Kafka: each flow passes with what the chart gives, and with no rule less."""

import secrets
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from tests.deploy.conftest import render
from tests.deploy.test_users import RIGHTS, rights
from tests.kafka_node import KafkaNode, kafka_node

pytestmark = pytest.mark.lab

USERS = ("canary", "prompt-processing", "butler-writer", "prompt-publication-consumer", "kafdrop")
TYPES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactionalId": ResourceType.TRANSACTIONAL_ID,
    "cluster": ResourceType.BROKER,
}
OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}
SECONDS = 15.0

Settings = dict[str, object]


class Service:
    """A node with the lab's settings, the service's topics and users, and rights to take and give."""

    def __init__(self, node: KafkaNode) -> None:
        self.node = node
        self.root: Settings = {"bootstrap.servers": node.bootstrap}
        self.admin = AdminClient(dict(self.root))
        self._passwords = {name: secrets.token_urlsafe() for name in USERS}
        node.add_users(self._passwords)
        rendered = render("usdfprod-prompt-processing", "prompt-kafka")
        topics = [NewTopic(each.name, 1, 1) for each in rendered.of("KafkaTopic")]
        wait_for(self.admin.create_topics(topics))
        for name in USERS:
            for (kind, resource), operations in (
                rights(rendered.one("KafkaUser", name).manifest) or {}
            ).items():
                self.give(name, kind, resource, operations)

    def settings(self, user: str) -> Settings:
        return {
            "bootstrap.servers": f"127.0.0.1:{self.node.external[1]}",
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": self._passwords[user],
            "ssl.ca.location": str(self.node.folder / "ca.pem"),
            "log_level": 0,
        }

    def give(self, user: str, kind: str, resource: str | None, operations: set[str]) -> None:
        name = resource or "kafka-cluster"
        pattern, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
        bindings = [
            AclBinding(TYPES[kind], name, pattern, f"User:{user}", "*", OPERATIONS[each], allow)
            for each in operations
        ]
        wait_for(self.admin.create_acls(bindings))

    def take(self, user: str, kind: str, resource: str | None) -> None:
        wanted = AclBindingFilter(
            TYPES[kind],
            resource or "kafka-cluster",
            ResourcePatternType.LITERAL,
            f"User:{user}",
            None,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        wait_for(self.admin.delete_acls([wanted]))


def wait_for(futures: dict) -> None:
    for future in futures.values():
        future.result(SECONDS)


def send(settings: Settings, topic: str) -> None:
    """Send one message that is there once and safe."""
    deliver(Producer({**settings, "enable.idempotence": True, "message.timeout.ms": 5000}), topic)


def deliver(producer: Producer, topic: str) -> None:
    failed: list[object] = []
    producer.produce(topic, b"{}", on_delivery=lambda error, _: failed.append(error) if error else None)
    left = producer.flush(SECONDS)
    if left or failed:
        raise KafkaException(*failed)


def receive(consumer: Consumer, *, seconds: float = SECONDS, ignore: tuple[int, ...] = ()) -> object:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (message := consumer.poll(0.2)) is None:
            continue
        if not (error := message.error()):
            return message
        if error.code() not in ignore:
            raise KafkaException(error)
    raise TimeoutError("authorized or not: nothing came")


def consumer_of(settings: Settings, group: str) -> Consumer:
    options = {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    return Consumer({**settings, **options, "isolation.level": "read_committed"})


def workers(service: Service) -> None:
    send(service.settings("prompt-processing"), "butler-writer")


def butler_writer(service: Service) -> None:
    """Read, write an event and commit the offset in one transaction."""
    send(service.root, "butler-writer")
    settings = service.settings("butler-writer")
    consumer = consumer_of(settings, "butler-writer")
    try:
        consumer.subscribe(["butler-writer"])
        receive(consumer)
        producer = Producer(
            {**settings, "transactional.id": "butler-writer-output", "transaction.timeout.ms": 10000}
        )
        producer.init_transactions(SECONDS)
        producer.begin_transaction()
        try:
            deliver(producer, "butler-writer-ingestion-events")
            positions = consumer.position(consumer.assignment())
            producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata(), SECONDS)
            producer.commit_transaction(SECONDS)
        except KafkaException:
            producer.abort_transaction(SECONDS)
            raise
    finally:
        consumer.close()


def prompt_publication(service: Service) -> None:
    send(service.root, "butler-writer-ingestion-events")
    consumer = consumer_of(service.settings("prompt-publication-consumer"), "prompt-publication")
    try:
        consumer.subscribe(["butler-writer-ingestion-events"])
        receive(consumer)
        consumer.commit(asynchronous=False)
    finally:
        consumer.close()


def look(service: Service, user: str, topic: str) -> None:
    """Read by partition, without joining a group."""
    consumer = consumer_of(service.settings(user), "nobody")
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        # librdkafka looks for a group's coordinator even so, and says when it may not.
        receive(consumer, seconds=5.0, ignore=(KafkaError.GROUP_AUTHORIZATION_FAILED,))
    finally:
        consumer.close()


def canary(service: Service) -> None:
    send(service.settings("canary"), "canary")
    look(service, "canary", "canary")


def kafdrop(service: Service) -> None:
    send(service.root, "butler-writer")
    look(service, "kafdrop", "butler-writer")
    admin = AdminClient(service.settings("kafdrop"))
    wait_for(admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, "butler-writer")]))
    described = admin.describe_consumer_groups(["butler-writer"])
    wait_for(described)
    everything = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    if not admin.describe_acls(everything).result(SECONDS):
        # librdkafka drops the error of this one.
        raise KafkaException(KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED))


FLOWS: dict[str, Callable[[Service], None]] = {
    "prompt-processing": workers,
    "butler-writer": butler_writer,
    "prompt-publication-consumer": prompt_publication,
    "canary": canary,
    "kafdrop": kafdrop,
}
RULES = list(chain.from_iterable(((user, *rule) for rule in RIGHTS[user] or {}) for user in FLOWS))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    config = render("lab", "prompt-kafka").one("Kafka", "prompt-kafka").manifest["spec"]["kafka"]["config"]
    one_node = {
        key: 1 for key in config if key.endswith(("replication.factor", "min.isr", "insync.replicas"))
    }
    settings = {key: str(value).lower() for key, value in (config | one_node).items()}
    folder = Path(tmp_path_factory.mktemp("kafka"))
    with kafka_node(folder, settings=settings) as node:
        yield Service(node)


@pytest.mark.parametrize("user", FLOWS)
def test_what_the_chart_gives_is_enough(service, user):
    FLOWS[user](service)


@pytest.mark.parametrize(("user", "kind", "resource"), RULES)
def test_no_rule_can_be_left_out(service, user, kind, resource):
    service.take(user, kind, resource)
    try:
        with pytest.raises((KafkaException, TimeoutError), match=r"(?i)authori"):
            FLOWS[user](service)
    finally:
        service.give(user, kind, resource, RIGHTS[user][kind, resource])
    FLOWS[user](service)


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("prompt-processing", "butler-writer-ingestion-events"),
        ("prompt-publication-consumer", "butler-writer-ingestion-events"),
        ("butler-writer", "butler-writer"),
        ("canary", "butler-writer"),
        ("kafdrop", "butler-writer"),
    ],
)
def test_nobody_writes_where_he_has_no_business(service, user, topic):
    with pytest.raises((KafkaException, TimeoutError), match=r"(?i)authori"):
        send(service.settings(user), topic)


@pytest.mark.parametrize(
    ("user", "topic"), [("prompt-processing", "butler-writer"), ("canary", "butler-writer-ingestion-events")]
)
def test_nobody_reads_what_is_not_his(service, user, topic):
    with pytest.raises((KafkaException, TimeoutError), match=r"(?i)authori"):
        look(service, user, topic)
