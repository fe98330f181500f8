"""What the brokers are configured with: settings of each, metadata level, access rules, quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka.describe import check
from prompt_kafka.core.configured import Access, AccessRule, BrokerSettings, Setting

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

BROKER_RESOURCE = 4
DYNAMIC = (2, 3)
"""Config sources of what was set while a broker ran: on it, or on all of them."""
STATIC = 4
"""The config source of what a broker has read from its file when it started."""

METADATA_VERSION = "metadata.version"
_ANY = 1
_RESOURCES = {2: "topic", 3: "group", 4: "cluster", 5: "transactionalId"}
_PATTERNS = {3: "literal", 4: "prefix"}
_PERMISSIONS = {2: "deny", 3: "allow"}


def settings(connection: KafkaConnection) -> BrokerSettings:
    """Ask every broker for its settings, and one for the metadata level."""
    from kafka.protocol.admin import DescribeConfigsRequest
    from kafka.protocol.metadata import ApiVersionsRequest

    resource = DescribeConfigsRequest.DescribeConfigsResource
    ids = [broker.id for broker in connection.brokers() if not broker.fenced]
    requests = [
        (
            DescribeConfigsRequest(
                resources=[
                    resource(resource_type=BROKER_RESOURCE, resource_name=str(id), configuration_keys=None)
                ],
                include_synonyms=True,
            ),
            id,
        )
        for id in ids
    ]
    versions = ApiVersionsRequest(client_software_name="prompt-kafka", client_software_version="1")
    *answers, features = connection.ask_each([*requests, (versions, None)])
    found: dict[int, dict[str, Setting]] = {}
    for id, answer in zip(ids, answers, strict=True):
        if isinstance(answer, BaseException):
            raise answer
        for result in answer.results:
            check(result.error_code, connection.where, result.error_message)
            found[id] = {each.name: _setting(each) for each in result.configs}
    return BrokerSettings(found, _level(features))


def _setting(config: Any) -> Setting:
    value = None if config.is_sensitive else config.value
    started_with = any(each.source == STATIC for each in config.synonyms or ())
    return Setting(value, bool(config.read_only), config.config_source in DYNAMIC, started_with)


def _level(answer: Any) -> int | None:
    if isinstance(answer, BaseException):
        return None
    for feature in answer.finalized_features or ():
        if feature.name == METADATA_VERSION:
            return int(feature.max_version_level)
    return None


def access(connection: KafkaConnection) -> Access:
    """Return all access rules, quotas of users, and who has a password."""
    from kafka.protocol.admin import (
        DescribeAclsRequest,
        DescribeClientQuotasRequest,
        DescribeUserScramCredentialsRequest,
    )
    from kafka.protocol.admin.acl import ACLOperation

    answer = connection.ask(
        DescribeAclsRequest(
            resource_type_filter=_ANY,
            resource_name_filter=None,
            pattern_type_filter=_ANY,
            principal_filter=None,
            host_filter=None,
            operation=_ANY,
            permission_type=_ANY,
        )
    )
    check(answer.error_code, connection.where, answer.error_message)
    names = {each.value: "".join(part.title() for part in each.name.split("_")) for each in ACLOperation}
    rules = frozenset(
        AccessRule(
            acl.principal.removeprefix("User:"),
            _RESOURCES.get(resource.resource_type, str(resource.resource_type)),
            resource.resource_name,
            _PATTERNS.get(resource.pattern_type, str(resource.pattern_type)),
            names.get(acl.operation, str(acl.operation)),
            _PERMISSIONS.get(acl.permission_type, str(acl.permission_type)),
            acl.host,
        )
        for resource in answer.resources
        for acl in resource.acls
    )
    component = DescribeClientQuotasRequest.ComponentData
    quotas = connection.ask(
        DescribeClientQuotasRequest(
            components=[component(entity_type="user", match_type=2, match=None)], strict=True
        )
    )
    check(quotas.error_code, connection.where, quotas.error_message)
    scram = connection.ask(DescribeUserScramCredentialsRequest(users=None))
    check(scram.error_code, connection.where, scram.error_message)
    passwords = frozenset(str(each.user) for each in scram.results if not each.error_code)
    return Access(rules, dict(_quotas(quotas)), passwords)


def _quotas(answer: Any) -> list[tuple[str, dict[str, float]]]:
    return [
        (str(entry.entity[0].entity_name), {value.key: value.value for value in entry.values})
        for entry in answer.entries or ()
    ]
