from datetime import UTC, datetime

import pytest

from prompt_kafka.lab.strimzi.kafka.users import Acl
from prompt_kafka.lab.strimzi.model import users
from prompt_kafka.lab.strimzi.model.secrets import decode, encode

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def user(authentication=None, acls=None, name="canary"):
    spec = {"authentication": authentication or {"type": "scram-sha-512"}}
    if acls is not None:
        spec["authorization"] = {"type": "simple", "acls": acls}
    metadata = {
        "name": name,
        "namespace": "ns",
        "uid": "u",
        "labels": {"strimzi.io/cluster": "c"},
        "generation": 4,
    }
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaUser", "metadata": metadata, "spec": spec}


def test_rules():
    acls = [
        {"resource": {"type": "topic", "name": "t"}, "operations": ["Read", "Describe"]},
        {
            "resource": {"type": "group", "name": "g", "patternType": "prefix"},
            "operation": "Read",
            "host": "10.0.0.1",
            "type": "deny",
        },
        {"resource": {"type": "cluster"}, "operations": ["IdempotentWrite"]},
        {"resource": {"type": "transactionalId", "name": "x"}, "operations": ["All"]},
    ]
    assert users.rules(user(acls=acls)) == {
        Acl("User:canary", 2, "t", 3, "*", 3, 3),
        Acl("User:canary", 2, "t", 3, "*", 8, 3),
        Acl("User:canary", 3, "g", 4, "10.0.0.1", 3, 2),
        Acl("User:canary", 4, "kafka-cluster", 3, "*", 12, 3),
        Acl("User:canary", 5, "x", 3, "*", 2, 3),
    }
    assert users.rules(user()) == set()


def test_a_rule_that_names_what_is_not():
    with pytest.raises(users.UserError):
        users.rules(user(acls=[{"resource": {"type": "topic", "name": "t"}, "operations": ["Fly"]}]))


def test_names():
    assert users.username(user()) == "canary"
    assert users.username(user({"type": "tls"})) == "CN=canary"
    rules = {Acl("User:CN=a", 2, "t", 3, "*", 3, 3), Acl("User:b", 2, "t", 3, "*", 3, 3)}
    assert users.names_in(rules) == {"a", "b"}
    assert users.of_user(rules, "a") == {Acl("User:CN=a", 2, "t", 3, "*", 3, 3)}


SOURCE = {"type": "scram-sha-512", "password": {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}}


def test_a_password_is_copied_from_where_the_user_says():
    assert users.password_source(user(SOURCE)) == ("s", "k")
    assert users.copied_password(user(SOURCE), {"data": {"k": encode("pw")}}) == "pw"
    assert users.password_source(user()) is None


@pytest.mark.parametrize("secret", [None, {"data": {}}, {"data": {"k": ""}}])
def test_a_password_that_is_not_there(secret):
    with pytest.raises(users.UserError) as caught:
        users.copied_password(user(SOURCE), secret)
    assert "s" in str(caught.value)


def test_a_users_secret():
    made = users.secret(user(), "canary", users.scram_data(user(), "pw"))
    assert decode(made, "password") == "pw"
    assert decode(made, "sasl.jaas.config") == (
        'org.apache.kafka.common.security.scram.ScramLoginModule required username="canary" password="pw";'
    )
    assert made["metadata"]["ownerReferences"][0]["kind"] == "KafkaUser"
    assert made["metadata"]["labels"]["strimzi.io/kind"] == "KafkaUser"


def test_status():
    good = users.user_status(user(), "canary", None, NOW)
    assert good["username"] == "canary" and good["secret"] == "canary" and good["observedGeneration"] == 4
    bad = users.user_status(user(), None, "no Secret", NOW)["conditions"][0]
    assert (bad["type"], bad["status"], bad["message"]) == ("NotReady", "True", "no Secret")
