"""Access rules as a KafkaUser has them, given to a real Kafka."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.core.configured import AccessRule

RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactionalId": 5}


def grant(admin: KafkaConnection, rules: Iterable[AccessRule]) -> None:
    """Give the rights, and wait until the brokers have them."""
    from kafka.protocol.admin import CreateAclsRequest
    from kafka.protocol.admin.acl import ACLOperation

    from prompt_kafka.clients.kafka.describe import check

    numbers = {"".join(part.title() for part in each.name.split("_")): each.value for each in ACLOperation}
    wanted = list(rules)
    entry = CreateAclsRequest.AclCreation
    answer = admin.ask(
        CreateAclsRequest(
            creations=[
                entry(
                    resource_type=RESOURCES[rule.resource],
                    resource_name=rule.name,
                    resource_pattern_type=3,
                    principal=f"User:{rule.user}",
                    host=rule.host,
                    operation=numbers[rule.operation],
                    permission_type=3,
                )
                for rule in wanted
            ]
        )
    )
    for result in answer.results:
        check(result.error_code, admin.where, result.error_message)
    admin.clock.wait_until(lambda: set(wanted) <= admin.access().rules, 20)
