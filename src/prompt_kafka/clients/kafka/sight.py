"""Whether a user sees all topics or groups: brokers leave out what it may not describe, without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.kafka import Cluster

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

ANY, ALLOW, LITERAL, PREFIXED = 1, 3, 3, 4
RESOURCES = {"topic": 2, "group": 3}
SEE_BY = frozenset({2, 3, 4, 6, 7, 8})
"""Operations that let a user describe: all, read, write, delete, alter, describe."""
EVERYTHING = frozenset({"alter", "alter_configs", "cluster_action", "create", "describe", "idempotent_write"})


def blind_spot(connection: KafkaConnection, cluster: Cluster, kind: str) -> str:
    """Return a sentence where topics or groups may be hidden from this user; empty where none are.

    Parameters
    ----------
    kind
        ``topic`` or ``group``.
    """
    user = connection.user
    if (
        user is None
        or cluster.operations >= EVERYTHING
        or (kind == "group" and "describe" in cluster.operations)
    ):
        return ""
    try:
        if _sees_all(connection, user, kind):
            return ""
        return f"shown are the {kind}s that {user} may describe; others may exist"
    except PromptKafkaError:
        return f"shown are the {kind}s that {user} may describe; whether there are others it may not know"


def _sees_all(connection: KafkaConnection, user: str, kind: str) -> bool:
    from kafka.protocol.admin import DescribeAclsRequest

    from prompt_kafka.clients.kafka.describe import check

    answer = connection.ask(
        DescribeAclsRequest(
            resource_type_filter=RESOURCES[kind],
            resource_name_filter=None,
            pattern_type_filter=ANY,
            principal_filter=None,
            host_filter=None,
            operation=ANY,
            permission_type=ANY,
        )
    )
    check(answer.error_code, connection.where, answer.error_message)
    rules = [
        (resource.resource_name, acl)
        for resource in answer.resources
        for acl in resource.acls
        if acl.principal in (f"User:{user}", "User:*") and acl.operation in SEE_BY
    ]
    denied = any(acl.permission_type != ALLOW and acl.operation in (2, 8) for _, acl in rules)
    return not denied and any(name == "*" and acl.permission_type == ALLOW for name, acl in rules)
