"""Credentials and access rules over one connection to a broker, for the user operator."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.strimzi.kafka.channel import Channel, NodeError, error_text

SCRAM_SHA_512 = 2
ITERATIONS = 4096
ANY, MATCH_ANY = 1, 1
NOT_FOUND = 91

RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactionalId": 5}
OPERATIONS = {
    "All": 2,
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Alter": 7,
    "Describe": 8,
    "ClusterAction": 9,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
    "IdempotentWrite": 12,
}
PERMISSIONS = {"deny": 2, "allow": 3}
PATTERNS = {"literal": 3, "prefix": 4}


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One access rule, in Kafka's numbers."""

    principal: str
    resource: int
    name: str
    pattern: int
    host: str
    operation: int
    permission: int


def acls(channel: Channel) -> set[Acl]:
    """Return all access rules."""
    from kafka.protocol.admin import DescribeAclsRequest as Request

    answer = channel.ask(
        Request(
            resource_type_filter=ANY,
            resource_name_filter=None,
            pattern_type_filter=MATCH_ANY,
            principal_filter=None,
            host_filter=None,
            operation=ANY,
            permission_type=ANY,
        )
    )
    _check(channel, answer.error_code, answer.error_message)
    return {
        Acl(
            acl.principal,
            resource.resource_type,
            resource.resource_name,
            resource.pattern_type,
            acl.host,
            acl.operation,
            acl.permission_type,
        )
        for resource in answer.resources
        for acl in resource.acls
    }


def create_acls(channel: Channel, rules: Iterable[Acl]) -> None:
    """Add access rules."""
    from kafka.protocol.admin import CreateAclsRequest as Request

    wanted = [
        Request.AclCreation(
            resource_type=rule.resource,
            resource_name=rule.name,
            resource_pattern_type=rule.pattern,
            principal=rule.principal,
            host=rule.host,
            operation=rule.operation,
            permission_type=rule.permission,
        )
        for rule in rules
    ]
    if wanted:
        for result in channel.ask(Request(creations=wanted)).results:
            _check(channel, result.error_code, result.error_message)


def delete_acls(channel: Channel, rules: Iterable[Acl]) -> None:
    """Take access rules away."""
    from kafka.protocol.admin import DeleteAclsRequest as Request

    wanted = [
        Request.DeleteAclsFilter(
            resource_type_filter=rule.resource,
            resource_name_filter=rule.name,
            pattern_type_filter=rule.pattern,
            principal_filter=rule.principal,
            host_filter=rule.host,
            operation=rule.operation,
            permission_type=rule.permission,
        )
        for rule in rules
    ]
    if wanted:
        for result in channel.ask(Request(filters=wanted)).filter_results:
            _check(channel, result.error_code, result.error_message)


def scram_users(channel: Channel) -> set[str]:
    """Return the users that have a SCRAM credential."""
    from kafka.protocol.admin import DescribeUserScramCredentialsRequest as Request

    answer = channel.ask(Request(users=None))
    _check(channel, answer.error_code, answer.error_message)
    return {result.user for result in answer.results if not result.error_code}


def write_scram(
    channel: Channel, passwords: dict[str, str], gone: Sequence[str] = ()
) -> dict[str, str | None]:
    """Set credentials by user, and take away those of `gone`. Returns what went wrong, by user."""
    from kafka.protocol.admin import AlterUserScramCredentialsRequest as Request

    if not passwords and not gone:
        return {}
    upsertions = [_credential(Request, user, password) for user, password in passwords.items()]
    deletions = [Request.ScramCredentialDeletion(name=user, mechanism=SCRAM_SHA_512) for user in gone]
    answer = channel.ask(Request(deletions=deletions, upsertions=upsertions))
    return {
        one.user: error_text(one.error_code, one.error_message)
        if one.error_code not in (0, NOT_FOUND)
        else None
        for one in answer.results
    }


def _credential(request: Any, user: str, password: str) -> Any:
    salt = os.urandom(24)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return request.ScramCredentialUpsertion(
        name=user, mechanism=SCRAM_SHA_512, iterations=ITERATIONS, salt=salt, salted_password=salted
    )


def _check(channel: Channel, code: int, message: str | None) -> None:
    if code:
        raise NodeError(error_text(code, message), where=channel.where)
