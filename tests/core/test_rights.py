"""What ACLs allow, as the brokers would say it, and in words."""

from __future__ import annotations

import pytest

from prompt_kafka.core.rights import GROUP_OPERATIONS, TOPIC_OPERATIONS, Rule, allowed, rules_of, words


def _user(*acls: dict) -> dict:
    return {"kind": "KafkaUser", "spec": {"authorization": {"type": "simple", "acls": list(acls)}}}


def _acl(kind: str, name: str, *operations: str, **more: str) -> dict:
    resource = {"type": kind, "name": name, "patternType": more.pop("pattern", "literal")}
    return {"resource": resource, "operations": list(operations), **more}


@pytest.mark.parametrize(
    ("acls", "may"),
    [
        ([_acl("topic", "t", "Read")], {"read", "describe"}),
        ([_acl("topic", "t", "Write")], {"write", "describe"}),
        ([_acl("topic", "t", "AlterConfigs")], {"alter_configs", "describe_configs"}),
        ([_acl("topic", "t", "Describe", "DescribeConfigs")], {"describe", "describe_configs"}),
        ([_acl("topic", "t", "All")], set(TOPIC_OPERATIONS)),
        ([_acl("topic", "*", "Read")], {"read", "describe"}),
        ([_acl("topic", "t", "Read", pattern="prefix")], {"read", "describe"}),
        ([_acl("topic", "t-", "Read", pattern="prefix")], set()),
        ([_acl("topic", "other", "Read")], set()),
        ([_acl("group", "t", "Read")], set()),
        ([_acl("topic", "t", "All"), _acl("topic", "*", "Write", type="deny")], TOPIC_OPERATIONS - {"write"}),
        ([_acl("topic", "t", "Read"), _acl("topic", "t", "All", type="deny")], set()),
        ([], set()),
    ],
)
def test_what_follows_from_an_acl_counts_too(acls: list[dict], may: set[str]) -> None:
    assert set(allowed(rules_of(_user(*acls)), "topic", "t")) == may


def test_groups_have_operations_of_their_own() -> None:
    rules = rules_of(_user(_acl("group", "*", "All")))
    assert set(allowed(rules, "group", "g")) == GROUP_OPERATIONS
    assert allowed([Rule("group", "g", ("read",))], "group", "g") == ("describe", "read")


def test_the_old_form_with_one_operation_is_read_too() -> None:
    acl = {"resource": {"type": "topic", "name": "t", "patternType": "literal"}, "operation": "Read"}
    assert allowed(rules_of(_user(acl)), "topic", "t") == ("describe", "read")


def test_words() -> None:
    rules = rules_of(
        _user(
            _acl("topic", "t", "Read", "Write"),
            _acl("topic", "*", "Describe"),
            _acl("topic", "a", "All", pattern="prefix"),
            _acl("group", "g", "Read"),
            _acl("transactionalId", "x", "Write"),
            {"resource": {"type": "cluster"}, "operations": ["DescribeConfigs"]},
            _acl("topic", "secret", "Read", type="deny"),
        )
    )
    assert words("u", rules) == (
        "u may read and write `t`, describe any topic, do anything to `a*` in group `g`, "
        "write transactional id `x`, describe configs the cluster, NOT read `secret`; nothing else"
    )
    assert words("u", ()) == "u may do nothing"


@pytest.mark.parametrize(
    ("acls", "said"),
    [
        ([_acl("topic", "x", "Read"), _acl("group", "y", "Read", pattern="prefix")],
         "may read `x` in groups `y*`; may not write"),
        ([_acl("group", "g", "Read"), _acl("group", "h", "Read"),
          _acl("topic", "x", "Read"), _acl("topic", "z", "Write")],
         "may read `x` in groups `g` and `h`, write `z`; nothing else"),
        ([_acl("topic", "x", "Write")], "may write `x`; may not read"),
        ([_acl("topic", "*", "Describe", "Read"), _acl("group", "*", "Describe")],
         "may describe and read any topic, describe any group; may not write"),
        ([_acl("group", "g", "Read")], "may join group `g`; may not read or write"),
        ([_acl("topic", "x", "Describe"), _acl("group", "*", "Read")],
         "may describe `x` in any group; may not read or write"),
        ([_acl("topic", "x", "All")], "may do anything to `x`; nothing else"),
    ],
)  # fmt: skip
def test_words_name_the_group_behind_what_is_read(acls: list[dict], said: str) -> None:
    assert words("u", rules_of(_user(*acls))) == f"u {said}"
