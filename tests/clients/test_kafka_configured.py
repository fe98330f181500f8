"""What a real node says of its settings, its metadata level, access rules and quotas."""

from __future__ import annotations

import pytest

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.configured import AccessRule, Setting
from tests.clients.conftest import make_topic


def _alter(admin: KafkaConnection, name: str, value: str | None) -> None:
    from kafka.protocol.admin import IncrementalAlterConfigsRequest as Request

    resource = Request.AlterConfigsResource
    entry = resource.AlterableConfig(name=name, config_operation=0 if value else 1, value=value)
    answer = admin.ask(
        Request(resources=[resource(resource_type=4, resource_name="", configs=[entry])], validate_only=False)
    )
    assert [each.error_code for each in answer.responses] == [0]


def _threads(admin: KafkaConnection) -> Setting:
    return admin.broker_settings().brokers[1]["log.cleaner.threads"]


def test_settings_say_what_a_restart_needs_and_what_was_set_while_it_ran(admin: KafkaConnection) -> None:
    found = admin.broker_settings()
    assert found.metadata_level == 27
    assert set(found.brokers) == {1}
    assert found.restarts("num.partitions") is True
    assert found.restarts("log.cleaner.threads") is False
    assert found.restarts("no.such.setting") is None
    assert not found.brokers[1]["log.cleaner.threads"].dynamic
    _alter(admin, "log.cleaner.threads", "2")
    try:
        assert SYSTEM.wait_until(lambda: _threads(admin) == Setting("2", dynamic=True), 20)
        with pytest.raises(AssertionError):  # Kafka refuses more than the double while it runs
            _alter(admin, "log.cleaner.threads", "5")
        assert admin.broker_settings().restarts("log.cleaner.threads", "5") is True
    finally:
        _alter(admin, "log.cleaner.threads", None)


def test_what_is_in_the_file_stays_when_it_is_taken_back_while_it_runs(admin: KafkaConnection) -> None:
    """So it is that the operator takes a setting away: without effect where a broker started with it."""
    found = admin.broker_settings()
    name, before = next(
        (name, each)
        for name, each in found.brokers[1].items()
        if each.started_with and not each.read_only and name.startswith(("log.", "num."))
    )
    assert found.stays(name)
    assert not found.stays("log.cleaner.threads")
    _alter(admin, name, None)
    assert admin.broker_settings().brokers[1][name] == before


def test_access_rules_and_quotas_have_the_names_that_users_have(admin: KafkaConnection) -> None:
    from kafka.protocol.admin import AlterClientQuotasRequest, CreateAclsRequest, DeleteAclsRequest

    topic = make_topic(admin, 1)
    creation = CreateAclsRequest.AclCreation(
        resource_type=2,
        resource_name=topic,
        resource_pattern_type=3,
        principal="User:someone",
        host="*",
        operation=10,
        permission_type=3,
    )
    assert [r.error_code for r in admin.ask(CreateAclsRequest(creations=[creation])).results] == [0]
    entry = AlterClientQuotasRequest.EntryData
    quota = AlterClientQuotasRequest(
        entries=[
            entry(
                entity=[entry.EntityData(entity_type="user", entity_name="someone")],
                ops=[entry.OpData(key="producer_byte_rate", value=1024.0, remove=False)],
            )
        ],
        validate_only=False,
    )
    assert [each.error_code for each in admin.ask(quota).entries] == [0]
    try:
        # The controller has it; the broker that is asked takes it over a moment later.
        admin.clock.wait_until(lambda: "someone" in admin.access().quotas, 10.0)
        found = admin.access()
        assert AccessRule("someone", "topic", topic, "literal", "DescribeConfigs") in found.rules
        assert found.quotas["someone"] == {"producer_byte_rate": 1024.0}
    finally:
        gone = DeleteAclsRequest.DeleteAclsFilter(
            resource_type_filter=2,
            resource_name_filter=topic,
            pattern_type_filter=3,
            principal_filter=None,
            host_filter=None,
            operation=1,
            permission_type=1,
        )
        admin.ask(DeleteAclsRequest(filters=[gone]))
