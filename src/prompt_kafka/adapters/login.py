"""Logs in as a Kafka user and asks the brokers what it may do (KIP-430). Writes nothing.

The question for a group goes to every broker, because looking its coordinator up would create Kafka's own
topic of offsets on a cluster without groups. A look leaves it at that; a proof looks the coordinator up, as
the user's first consumer will.
"""

from __future__ import annotations

from prompt_kafka.adapters.access import Access
from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.clients.kafka.describe import metadata, operations
from prompt_kafka.clients.kubernetes import Object
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.world import Login, LoginAs

NOT_AUTHORIZED = {"topic": 29, "group": 30}
UNKNOWN_TOPIC = 3


def ask(access: Access, kafka: Object, look: LoginAs, *, look_up: bool) -> Login:
    """Return what a user may do to the topics and groups of `look`.

    Parameters
    ----------
    access, kafka
        The way to the brokers.
    look_up
        Look a group's coordinator up where no broker says that it is it.

    Raises
    ------
    PromptKafkaError
        It cannot log in (yet), or no broker answers for a group.
    """
    connection, _ = access.connect(kafka, look.user)
    with connection:
        topics = {
            topic.name: frozenset()
            if topic.error_code in (NOT_AUTHORIZED["topic"], UNKNOWN_TOPIC)
            else operations(topic.authorized_operations)
            for topic in (metadata(connection, look.topics) if look.topics else ())
        }
        return Login(topics, {group: _group(connection, group, look_up) for group in look.groups})


def _group(connection: KafkaConnection, group: str, look_up: bool) -> frozenset[str]:
    from kafka.protocol.admin import DescribeGroupsRequest
    from kafka.protocol.metadata import FindCoordinatorRequest

    # From version 6 on a group that nobody has used is an error, and its rights are not told.
    request = DescribeGroupsRequest(groups=[group], include_authorized_operations=True, max_version=5)
    nodes = [broker.id for broker in connection.brokers() if not broker.fenced]
    for answer in connection.ask_each([(request, node) for node in nodes]):
        if isinstance(answer, BaseException):
            continue
        (found,) = answer.groups
        if found.error_code == NOT_AUTHORIZED["group"]:
            return frozenset()
        if found.error_code == 0:
            return operations(found.authorized_operations)
    if look_up:
        connection.ask(FindCoordinatorRequest(key=group, key_type=0, max_version=3))
    raise PromptKafkaError(f"no broker coordinates group {group} yet")
