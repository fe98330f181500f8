"""The syncs of a change of topics and users: secrets, users, topics, then everything. Nothing is pruned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from prompt_kafka.core.agreed import ResourceReady
from prompt_kafka.core.conditions import Condition, TargetIs
from prompt_kafka.core.delivered import ApplicationSynced
from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.plan import Step
from prompt_kafka.core.world import World
from prompt_kafka.procedures import delivery
from prompt_kafka.procedures.rendered import Difference, Key, Manifest, by_key

_ORDER = (("secrets", ("VaultSecret", "Secret")), ("users", ("KafkaUser",)), ("topics", ("KafkaTopic",)))


def syncs(
    world: World,
    git: GitState,
    argo: Application,
    *,
    after: Iterable[Manifest],
    pending: Difference,
    ours: frozenset[Key],
    agrees: Callable[[Key], Condition | None],
    changed: bool,
    no_return: tuple[str, str] = ("", ""),
    disruptive: str = "",
) -> Iterator[Step]:
    """Yield the syncs that are due, in an order that cannot delete.

    Parameters
    ----------
    after
        The objects that the charts make with the change.
    pending
        What is different from the commit that is deployed.
    ours
        The objects that the change is about.
    agrees
        What proves that one of them is on the brokers as it should be; Ready where it returns None.
    changed
        There is a commit to bring.
    no_return
        Which of the syncs cannot be taken back (``users``, ``topics``), and what is typed to confirm it.
    disruptive
        Which of them clients may notice.
    """
    resources = by_key(after)
    needs = (TargetIs(world.target.cluster_id),)
    came = {**pending.added, **pending.changed}
    live = {(each.kind, each.name) for each in world.resources.known or ()}
    different = set(argo.different)
    due = {key for key in {*came, *ours} if key in came or key not in live or " ".join(key) in different}
    due &= resources.keys()
    for what, kinds in _ORDER:
        chosen = sorted(key for key in due if key[0] in kinds)
        if not chosen:
            continue
        proof = tuple(agrees(key) or ResourceReady(*key) for key in chosen if what != "secrets")
        brought = (delivery.synced(resources[key], home(world)) for key in chosen)
        step = delivery.sync_some(argo, git, what, brought, needs=needs, proof=proof)
        step = replace(step, disruptive=what == disruptive)
        yield replace(step, irreversible=True, typed=no_return[1]) if what == no_return[0] else step
    if due or changed or not ApplicationSynced(argo.name).judge(world).holds:
        yield delivery.sync_everything(argo, git, needs)


def home(world: World) -> str:
    """Return the namespace of the service."""
    return world.nodes.known.kafka.namespace if world.nodes.known else ""
