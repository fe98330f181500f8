"""What the brokers are configured with: values that mean the same, and what must not be taken for proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prompt_kafka.core.agreed import BrokersHave
from prompt_kafka.core.configured import AccessRule, BrokerSettings, Setting, said, same
from prompt_kafka.core.live import agrees, manager_of
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import Seen, Unknown, World
from tests.worlds import NOW, healthy


def _world(brokers: dict[int, dict[str, Setting]]) -> World:
    return replace(healthy(), settings=Seen(BrokerSettings(brokers, 27), NOW))


HAVE = BrokersHave((("log.cleaner.threads", "2"),))


def test_every_broker_must_have_it() -> None:
    two, one = {"log.cleaner.threads": Setting("2")}, {"log.cleaner.threads": Setting("1")}
    assert HAVE.judge(_world({3: two, 4: two})).because == "2 brokers have log.cleaner.threads=2"
    assert "broker 4: log.cleaner.threads is 1, not 2" in HAVE.judge(_world({3: two, 4: one})).because
    assert not HAVE.judge(_world({3: two, 4: {}})).holds


def test_what_was_not_seen_is_not_proved() -> None:
    unseen = replace(healthy(), settings=Seen(Unknown("it is down"), NOW))
    assert HAVE.judge(unseen).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (1.2096e9, "1209600000"), (["a", "b"], "a,b"), (None, ""), (3, "3")]
)
def test_values_as_kafka_writes_them(value: Any, text: str) -> None:
    assert said(value) == text


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [("1", "1.0", True), ("a, b", "a,b", True), ("a", "b", False), (None, "a", False), (None, None, True)],
)
def test_values_that_mean_the_same(one: str | None, other: str | None, equal: bool) -> None:
    assert same(one, other) is equal


@pytest.mark.parametrize(
    ("wanted", "live", "equal"),
    [
        ([{"name": "a"}], [{"name": "a", "added": 1}], True),
        ([{"name": "a"}], [{"name": "a"}, {"name": "b"}], False),
        ({}, None, True),
        (True, 1, False),
        ("1", 1, False),
    ],
)
def test_what_servers_add_is_no_difference(wanted: Any, live: Any, equal: bool) -> None:
    assert agrees(wanted, live) is equal


def test_who_wrote_a_field() -> None:
    def entry(who: str, **more: str) -> dict[str, Any]:
        return {"manager": who, "fieldsV1": {"f:spec": {"f:config": {"f:a": {}}}}, **more}

    fields = [entry("argocd-controller"), entry("kubectl-edit"), entry("x", subresource="status")]
    live = {"metadata": {"managedFields": fields}}
    assert manager_of(live, ("spec", "config", "a")) == "kubectl-edit"
    assert manager_of(live, ("spec", "config", "b")) == ""
    assert manager_of({}, ("spec",)) == ""


def test_a_rule_in_words() -> None:
    rule = AccessRule("u", "topic", "t", "prefix", "Read", "deny", "10.0.0.1")
    assert str(rule) == "deny Read on topic t (prefix) from 10.0.0.1"
