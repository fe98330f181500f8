"""*Create New Kafka Topics*, the other way: a topic goes from Git, from the cluster and from the brokers.

No sync prunes, so the ``KafkaTopic`` stays after the commit and is deleted by a step of its own, by name and
UID: the point of no return, for which the topic's name is typed.
"""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.agreed import TopicGone
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.objects import ResourceState
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_rights import DeleteTopicRequest
from prompt_kafka.core.world import Look, Part, World
from prompt_kafka.procedures import chart_change, chart_ends, topic_deletes
from prompt_kafka.procedures.authoring import there
from prompt_kafka.procedures.chart_change import Change, Ground, NoReturn
from prompt_kafka.procedures.guards import near
from prompt_kafka.procedures.rendered import Manifest, key, of_kind, topic_name
from prompt_kafka.procedures.table import Means
from prompt_kafka.procedures.topics_there import in_git, managed, on_brokers, unmanaged


def needs_to_see(request: DeleteTopicRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return chart_change.LOOKS | {Part.WRITES, Part.SETTINGS}


def plan(request: DeleteTopicRequest, world: World, means: Means) -> Plan:
    """Plan the end of a topic.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.topic_deletes` and of every change of the charts.
    """
    ground = chart_change.ground(world, means)
    name = request.name
    summary = f"delete topic {name} and all its messages"
    manifest, live = in_git(ground, name), _live(world, name)
    if manifest is None and live is None:
        if on_brokers(world, name) is not None:
            raise unmanaged(name, ground)
        return Plan("topic delete", world.target, summary, nothing_because=_no_such(ground, name))
    resource = key(manifest)[1] if manifest is not None else live.name if live is not None else name
    if manifest is not None:
        managed(manifest)
    topic_deletes.refuse(name, ground)
    users = topic_deletes.in_use(name, ground)
    change = chart_change.change(
        ground,
        _edits(ground, name, resource) if manifest is not None else {},
        {("KafkaTopic", resource)},
        with_undeployed=request.with_undeployed,
        what="topic",
    )
    topic_deletes.gone_from_git(change, resource)
    prunes = ground.argo.automated and ground.argo.prunes
    message = (
        f"Delete Kafka topic {name}\n\nIts KafkaTopic {resource} is deleted after the sync: no sync prunes."
    )
    steps = list(chart_change.steps(change, message, no_return=NoReturn(typed=name, commits=prunes)))
    if live is not None:
        deletion = chart_ends.deletion(
            change,
            live,
            TopicGone(name, live.name),
            title=f"delete KafkaTopic {live.name}: topic {name} and all its messages",
            why="no sync prunes, so it stays until it is deleted by name",
            typed=name,
            disruptive=bool(users),
        )
        steps.append(deletion)
    gone = TopicGone(name, resource)
    proof = chart_change.prove(
        change,
        f"prove that {name} is gone",
        (gone,),
        request.stable_s,
        "a KafkaTopic may go and leave its topic",
    )
    return Plan(
        procedure="topic delete",
        target=world.target,
        summary=summary,
        steps=(*steps, proof),
        notes=tuple(_notes(change, name, users, request.stable_s)),
        resources=change.shown(removed=True),
    )


def _live(world: World, topic: str) -> ResourceState | None:
    found = (each for each in world.resources.known or () if each.kind == "KafkaTopic")
    return next((each for each in found if (each.topic or each.name) == topic), None)


def _no_such(ground: Ground, name: str) -> str:
    topics = [
        topic_name(each) for each in of_kind(ground.means.render(ground.here, {}), "KafkaTopic").values()
    ]
    question = near(name, topics)
    said = f"there is no topic {name}, neither in Git nor in the cluster nor on the brokers"
    return f"{said}; {question}" if question else said


def _edits(ground: Ground, topic: str, resource: str) -> dict[str, str | None]:
    """Return the files without the topic, in the values of every environment."""
    git = ground.git
    found = there.places(git.files, git.folder, topic, resource, (ground.here, *ground.others))
    if not found:
        raise RefusedError(
            "cannot-edit",
            f"a template makes KafkaTopic {resource}, and its name stands nowhere",
            where=git.folder,
            next="take it out by hand, commit that, and run the command again",
        )
    return there.without(git.files, found)


def _notes(change: Change, name: str, users: tuple[str, ...], stable_s: float) -> Iterator[str]:
    yield from (f"accepted: {each}" for each in users)
    yield from chart_ends.notes_of_removal(change, f"topic delete {name}")
    yield from _wide(change.before, name)
    yield from chart_ends.notes_at_end(change, stable_s)


def _wide(manifests: tuple[Manifest, ...], name: str) -> Iterator[str]:
    for user in topic_deletes.allowed_users(manifests, name):
        yield f"{user} keeps its rights: a new topic {name} would be open to it at once"
