"""What the user operator does with a KafkaUser: its rules, its Secret, its status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from prompt_kafka.lab.strimzi.kafka.users import OPERATIONS, PATTERNS, PERMISSIONS, RESOURCES, Acl
from prompt_kafka.lab.strimzi.model import labels, status
from prompt_kafka.lab.strimzi.model.secrets import decode, encode

Object = dict[str, Any]

CLUSTER_RESOURCE = "kafka-cluster"
SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"


class UserError(Exception):
    """A KafkaUser cannot be brought about."""


def authentication(user: Object) -> str:
    """Return how a user logs in: ``scram-sha-512``, ``tls``, ``tls-external`` or nothing."""
    return str((user["spec"].get("authentication") or {}).get("type", ""))


def username(user: Object) -> str:
    """Return the name by which Kafka knows a user."""
    name = user["metadata"]["name"]
    return f"CN={name}" if authentication(user).startswith("tls") else name


def rules(user: Object) -> set[Acl]:
    """Return the access rules of a user.

    Raises
    ------
    UserError
        A rule names something that there is not.
    """
    authorization = user["spec"].get("authorization") or {}
    if authorization.get("type") != "simple":
        return set()
    found = set()
    for rule in authorization.get("acls") or ():
        resource = rule["resource"]
        operations = rule.get("operations") or [rule[key] for key in ("operation",) if key in rule]
        name = CLUSTER_RESOURCE if resource["type"] == "cluster" else resource.get("name", "")
        try:
            for operation in operations:
                found.add(
                    Acl(
                        f"User:{username(user)}",
                        RESOURCES[resource["type"]],
                        name,
                        PATTERNS[resource.get("patternType", "literal")],
                        rule.get("host", "*"),
                        OPERATIONS[operation],
                        PERMISSIONS[rule.get("type", "allow")],
                    )
                )
        except KeyError as error:
            raise UserError(f"Unknown value {error} in an ACL rule") from error
    return found


def of_user(acls: Iterable[Acl], name: str) -> set[Acl]:
    """Return the rules that Kafka holds for a user, under either form of its name."""
    return {acl for acl in acls if acl.principal in (f"User:{name}", f"User:CN={name}")}


def names_in(acls: Iterable[Acl]) -> set[str]:
    """Return the plain names of all users that have a rule."""
    return {
        acl.principal.removeprefix("User:").removeprefix("CN=")
        for acl in acls
        if acl.principal.startswith("User:")
    }


def password_source(user: Object) -> tuple[str, str] | None:
    """Return the Secret and the key from which a user's password is to be taken."""
    source = (((user["spec"].get("authentication") or {}).get("password") or {}).get("valueFrom") or {}).get(
        "secretKeyRef"
    )
    return (source["name"], source["key"]) if source else None


def copied_password(user: Object, secret: Object | None) -> str:
    """Return the password from its source.

    Raises
    ------
    UserError
        The Secret or the key is not there, or the password is empty.
    """
    source = password_source(user)
    assert source is not None
    name, key = source
    if secret is None:
        raise UserError(f"Secret {name} with requested user password does not exist.")
    if key not in (secret.get("data") or {}):
        raise UserError(f"Secret {name} does not contain the key {key} with requested user password.")
    password = decode(secret, key)
    if not password:
        raise UserError(f"The requested user password is empty (Secret {name}, key {key}).")
    return password


def secret(user: Object, name: str, data: dict[str, str | bytes]) -> Object:
    """Return a user's Secret."""
    own = user["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": name,
            "namespace": own["namespace"],
            "labels": labels.passed_on(user)
            | {
                labels.CLUSTER: own["labels"][labels.CLUSTER],
                "strimzi.io/kind": "KafkaUser",
                "app.kubernetes.io/name": "strimzi-user-operator",
                "app.kubernetes.io/instance": own["name"],
                "app.kubernetes.io/part-of": f"strimzi-{own['name']}",
                "app.kubernetes.io/managed-by": "strimzi-user-operator",
            },
            "ownerReferences": [
                labels.owner(user) | {"controller": False, "blockOwnerDeletion": False},
            ],
        },
        "data": {key: encode(value) for key, value in data.items()},
    }


def scram_data(user: Object, password: str) -> dict[str, str | bytes]:
    """Return what a SCRAM user's Secret holds."""
    name = user["metadata"]["name"]
    line = f'{SCRAM_MODULE} required username="{name}" password="{password}";'
    return {"password": password, "sasl.jaas.config": line}


def user_status(user: Object, secret_name: str | None, error: str | None, now: datetime) -> Object:
    """Return the status of a KafkaUser."""
    made: Object = {"observedGeneration": user["metadata"].get("generation", 0)}
    if error is not None:
        failed = status.condition("NotReady", now, reason="ExecutionException", message=error)
        return made | {"conditions": [failed]}
    made |= {"conditions": [status.condition("Ready", now)], "username": username(user)}
    return made | ({"secret": secret_name} if secret_name else {})
