"""A user goes from Git, from the cluster and from the brokers, and its Secret and password with it.

As with a topic, no sync prunes: the ``KafkaUser`` is deleted by a step of its own, by name and UID.
"""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.agreed import UserGone
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_rights import DeleteUserRequest
from prompt_kafka.core.world import Look, World
from prompt_kafka.procedures import chart_change, chart_ends, guards, user_guards
from prompt_kafka.procedures.authoring import user as authoring
from prompt_kafka.procedures.authoring.users import password_key
from prompt_kafka.procedures.chart_change import Change, NoReturn
from prompt_kafka.procedures.rendered import by_key, of_kind
from prompt_kafka.procedures.table import Means


def needs_to_see(request: DeleteUserRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return chart_change.LOOKS


def plan(request: DeleteUserRequest, world: World, means: Means) -> Plan:
    """Plan the end of a user.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.user_guards` and of every change of the charts.
    """
    ground = chart_change.ground(world, means)
    guards.seen(world, ("the groups", world.groups))
    name = request.name
    summary = f"delete user {name}, its rights and its Secret"
    manifests = of_kind(means.render(ground.here, {}), "KafkaUser")
    found = (each for each in world.resources.known or () if (each.kind, each.name) == ("KafkaUser", name))
    live = next(found, None)
    if name not in manifests and live is None:
        because = f"there is no user {name}, neither in Git nor in the cluster"
        near = guards.near(name, manifests)
        return Plan("user delete", world.target, summary, nothing_because=because + (near and f"; {near}"))
    uses = user_guards.nobody_needs(ground, name, manifests.get(name))
    change = chart_change.change(
        ground,
        authoring.delete(ground.git.files, ground.git.folder, name) if name in manifests else {},
        {("KafkaUser", name)},
        with_undeployed=request.with_undeployed,
        what="user",
    )
    if ("KafkaUser", name) in by_key(change.after):
        raise RefusedError(
            "unexpected-objects",
            f"the edited charts would still make KafkaUser {name}",
            where=ground.git.folder,
            next="take it out by hand, commit that, and run the command again",
        )
    prunes = ground.argo.automated and ground.argo.prunes
    message = f"Delete Kafka user {name}\n\nIts KafkaUser is deleted after the sync: no sync prunes."
    steps = list(chart_change.steps(change, message, no_return=NoReturn(typed=name, commits=prunes)))
    if live is not None:
        deletion = chart_ends.deletion(
            change,
            live,
            UserGone(name),
            title=f"delete KafkaUser {name}: its rights, its password on the brokers, and Secret {name}",
            why="no sync prunes, so it stays until it is deleted by name; its Secret goes with it",
            typed=name,
            disruptive=True,
        )
        steps.append(deletion)
    proof = chart_change.prove(
        change,
        f"prove that {name} is gone",
        (UserGone(name),),
        request.stable_s,
        "a KafkaUser may go while its operator is down, and leave its rights",
    )
    return Plan(
        procedure="user delete",
        target=world.target,
        summary=summary,
        steps=(*steps, proof),
        notes=tuple(_notes(change, name, uses, request.stable_s)),
        words=(f"{name} may do nothing: nobody can log in as it any more",),
        resources=change.shown(removed=True),
    )


def _notes(change: Change, name: str, uses: tuple[str, ...], stable_s: float) -> Iterator[str]:
    yield from (f"accepted: {each}" for each in uses)
    vault = next(iter(of_kind(change.before, "VaultSecret").values()), None)
    path = str((vault or {}).get("spec", {}).get("path", ""))
    if path:
        yield f"the key {password_key(name)} stays in Vault at {path}: take it out by hand"
    yield from chart_ends.notes_of_removal(change, f"user delete {name}")
    yield from chart_ends.notes_at_end(change, stable_s)
