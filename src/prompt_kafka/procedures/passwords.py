"""A new user's password is in Vault before the user comes: a step by hand, whose value is never looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prompt_kafka.core.agreed import SecretPresent
from prompt_kafka.core.changes import Manual
from prompt_kafka.core.plan import Step
from prompt_kafka.core.world import World
from prompt_kafka.procedures.rendered import Manifest, of_kind

PERSON_S = 900.0
"""How long a run waits for a person before it stops and gives the Lease back; it can be taken up again."""


def passwords(after: Iterable[Manifest], world: World, users: Iterable[str]) -> Iterator[Step]:
    """Yield a step for each password that one of these users takes from Vault, where it is a new user."""
    manifests = tuple(after)
    found = of_kind(manifests, "KafkaUser")
    vault = next(iter(of_kind(manifests, "VaultSecret").values()), None)
    path = str((vault or {}).get("spec", {}).get("path", ""))
    live = {each.name for each in world.resources.known or () if each.kind == "KafkaUser"}
    for user in users:
        password = (found[user]["spec"].get("authentication") or {}).get("password") or {}
        source = (password.get("valueFrom") or {}).get("secretKeyRef")
        if source is None or user in live:
            continue
        yield Step(
            title=f"put the password of {user} into Vault",
            why=f"the user takes it from Secret {source['name']}; its value is never looked at",
            action=Manual(
                f"put a new password for {user} into Vault"
                + (f" at {path}, key {source['key']}; it is read from standard input" if path else ""),
                f"vault kv patch {path} {source['key']}=-" if path else "",
            ),
            proof=(SecretPresent(str(source["name"]), str(source["key"])),),
            timeout_s=PERSON_S,
        )
