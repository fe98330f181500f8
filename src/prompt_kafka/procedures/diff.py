"""*Deployment*, looked at: Git, the cluster and the brokers side by side, each difference with its owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prompt_kafka.core.drift import Comparison
from prompt_kafka.core.live import LiveObjects
from prompt_kafka.core.world import INSTANT, Look, ObjectsOf, Part, World
from prompt_kafka.procedures import git_guards, guards
from prompt_kafka.procedures.drift_brokers import on_brokers
from prompt_kafka.procedures.drift_cluster import Sides, in_cluster
from prompt_kafka.procedures.rendered import Manifest, by_key
from prompt_kafka.procedures.table import Means

FIRST: frozenset[Look] = frozenset({Part.GIT, Part.APPLICATIONS})
"""What must be seen before anything can be rendered."""

LOOKS: frozenset[Look] = INSTANT | {Part.APPLICATIONS, Part.RESOURCES, Part.SETTINGS, Part.ACCESS}
"""What is then to be seen, besides the objects that were rendered."""


def rendered(world: World, means: Means) -> tuple[tuple[Manifest, ...], tuple[Manifest, ...]]:
    """Return the objects of the newest commit, and of the one that is deployed."""
    guards.seen(world, ("Git", world.git), ("Argo CD's applications", world.applications))
    git = world.git.known
    assert git is not None
    argo = git_guards.one(world, means.environment.application)
    here = argo.environment or world.target.environment
    head = means.render(here, {}, git.head)
    if argo.deployed == git.head:
        return head, head
    return head, means.render(here, {}, argo.deployed) if argo.deployed in git.commits else ()


def kinds(objects: Iterable[Manifest]) -> ObjectsOf:
    """Return the look at the kinds of these objects."""
    return ObjectsOf(tuple(sorted({(str(each["apiVersion"]), str(each["kind"])) for each in objects})))


def compare(
    world: World, means: Means, head: tuple[Manifest, ...], deployed: tuple[Manifest, ...]
) -> Comparison:
    """Compare Git, the cluster and the brokers."""
    git = world.git.known
    assert git is not None
    argo = git_guards.one(world, means.environment.application)
    sides = Sides(
        head=by_key(head),
        deployed=by_key(deployed),
        live=world.objects.known
        or LiveObjects(unknown={kind: world.objects.because for kind in _kinds(head)}),
        argo=argo,
        context=world.target.context,
        namespace=means.environment.namespace,
        cluster=world.target.cluster,
    )
    return Comparison(
        head=git.head,
        deployed=argo.deployed,
        differences=(*in_cluster(sides), *on_brokers(sides, world)),
        objects=len(sides.head),
        unknown=tuple(_unknown(world, sides)),
    )


def _kinds(objects: Iterable[Manifest]) -> set[str]:
    return {str(each["kind"]) for each in objects}


def _unknown(world: World, sides: Sides) -> Iterator[str]:
    wanted = {kind for kind, _ in sides.head}
    yield from (f"{kind}: {why}" for kind, why in sides.live.unknown.items() if kind in wanted)
    for name, part in (
        ("topics on the brokers", world.topics),
        ("brokers' settings", world.settings),
        ("access rules and quotas", world.access),
        ("what the operators say of topics and users", world.resources),
        ("the nodes", world.nodes),
    ):
        if part.known is None:
            yield f"{name}: {part.because}"
    if not sides.deployed:
        yield f"what is deployed ({sides.argo.deployed[:12] or 'nothing'}) is no commit of the branch"
