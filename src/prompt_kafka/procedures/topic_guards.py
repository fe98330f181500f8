"""Refusals of *Create New Kafka Topics* that read the World: Git, Argo CD, and what the charts make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.objects import ResourceState
from prompt_kafka.core.request import TopicRequest
from prompt_kafka.core.rights import allowed, rules_of
from prompt_kafka.core.world import World
from prompt_kafka.procedures import topic_rules
from prompt_kafka.procedures.authoring.subchart import Topic
from prompt_kafka.procedures.authoring.topic import Wanted
from prompt_kafka.procedures.rendered import (
    Difference,
    Key,
    Manifest,
    by_key,
    key,
    topic_name,
)

USUAL_REPLICAS = 3


def wanted(request: TopicRequest, world: World, git: GitState, here: str) -> Wanted:
    """Return what is to be in the charts, with what was left open filled in; refuse what cannot be."""
    topic_rules.legal_topic(request.name)
    for grant in request.grants:
        topic_rules.legal_user(grant.user)
    prefix = f"{git.folder}/charts/"
    subcharts = {path.removeprefix(prefix).partition("/")[0] for path in git.files if path.startswith(prefix)}
    topic_rules.known_subchart(request.subchart, subcharts, new=request.new_subchart)
    environments = request.enable or (here,)
    for name in environments:
        if name not in git.environments:
            raise RefusedError(
                "unknown-environment",
                f"there is no environment {name}",
                where=git.repository,
                next=f"environments there: {', '.join(git.environments)}",
            )
    brokers = len([b for b in world.cluster.known.nodes if not b.fenced]) if world.cluster.known else 0
    replicas = min(USUAL_REPLICAS, brokers) if request.replicas is None else request.replicas
    partitions = brokers if request.partitions is None else request.partitions
    least = max(1, replicas - 1) if request.min_in_sync is None else request.min_in_sync
    topic_rules.layout(partitions, replicas, least, brokers)
    return Wanted(
        folder=git.folder,
        subchart=request.subchart,
        about=request.about or f"Topics and users of {request.subchart}",
        topic=Topic(
            name=request.name,
            resource=topic_rules.resource_name(request.name),
            partitions=partitions,
            replicas=replicas,
            min_in_sync=least,
            retention_ms=request.retention_ms,
            retention=request.retention,
            min_asked=request.min_in_sync is not None,
        ),
        cluster=world.target.cluster,
        grants=request.grants,
        environments=tuple(environments),
    )


def no_clash(wanted: Wanted, world: World, before: Iterable[Manifest], after: Iterable[Manifest]) -> None:
    """Refuse a name that is taken: in Git, as a resource, or on the brokers (``name-clash``)."""
    topic, resource = wanted.topic.name, wanted.topic.resource
    topics = [(key(each)[1], topic_name(each)) for each in after if key(each)[0] == "KafkaTopic"]
    resources = world.resources.known or ()
    live = {each.name: each.topic or each.name for each in resources if each.kind == "KafkaTopic"}
    brokers = {each.name for each in world.topics.known or ()}
    topic_rules.no_collision(topic, {*(name for _, name in topics), *live.values(), *brokers})
    if sum(resource == its_resource or topic == name for its_resource, name in topics) > 1:
        raise _taken(f"topic {topic}", "another part of the charts has it")
    is_new = ("KafkaTopic", resource) not in by_key(before)
    if is_new and (resource in live or topic in live.values()):
        raise _taken(f"topic {topic}", "there is a KafkaTopic in the cluster that Git does not have")
    if is_new and topic in brokers:
        raise _taken(f"topic {topic}", "the brokers have it without a KafkaTopic, with data and settings")
    _no_clash_of_users(wanted, resources, by_key(before), [key(each) for each in after])


def _no_clash_of_users(
    wanted: Wanted, resources: Iterable[ResourceState], before: Mapping[Key, Manifest], after: list[Key]
) -> None:
    live = {each.name for each in resources if each.kind == "KafkaUser"}
    for grant in wanted.grants:
        user = ("KafkaUser", grant.user)
        if after.count(user) > 1:
            raise _taken(f"user {grant.user}", "a template makes it in which its name does not stand")
        if user in after and user not in before and grant.user in live:
            raise _taken(f"user {grant.user}", "there is a KafkaUser in the cluster that Git does not have")


def _taken(what: str, why: str) -> RefusedError:
    return RefusedError(
        "name-clash", f"there is a {what} already: {why}", next="choose another name, or mend that by hand"
    )


def only_this(wanted: Wanted, brought: Difference, after: Iterable[Manifest]) -> None:
    """Refuse when the charts would make something else of the edit (``unexpected-objects``)."""
    strangers = [f"{kind} {name}" for kind, name in brought.all if (kind, name) not in ours(wanted)]
    gone = [f"{kind} {name}" for kind, name in sorted(brought.removed)]
    changed = [name for kind, name in brought.changed if kind == "KafkaTopic"]
    made = by_key(after)
    wrong = [f"it would also change {each}" for each in strangers] + [f"{each} would go" for each in gone]
    wrong += [f"it would change the topic {name}" for name in changed]
    if topic := made.get(("KafkaTopic", wanted.topic.resource)):
        wrong += _wrong_topic(wanted.topic, topic)
        wrong += _wrong_cluster(wanted.cluster, topic)
        for grant in wanted.grants:
            wrong += _wrong_user(grant.user, grant.may, wanted, made.get(("KafkaUser", grant.user)))
    elif brought.all:
        wrong += ["the users would come without the topic"]
    if wrong:
        raise RefusedError(
            "unexpected-objects",
            f"the edited charts do not make what was asked for: {'; '.join(wrong[:3])}",
            where=f"{wanted.folder}/charts/{wanted.subchart}",
            next="edit that subchart by hand, or put the topic into another one",
        )


def nothing_lost(wanted: Wanted, environment: str, there: Difference) -> None:
    """Refuse when another environment would lose or get something else by it (``unexpected-objects``)."""
    mine = ours(wanted)
    strangers = [f"{kind} {name}" for kind, name in there.all if (kind, name) not in mine]
    strangers += [f"{kind} {name}" for kind, name in there.removed if (kind, name) in mine]
    if strangers:
        raise RefusedError(
            "unexpected-objects",
            f"the edited charts would also change {', '.join(strangers[:3])} in {environment}",
            where=f"{wanted.folder}/values-{environment}.yaml",
            next="edit that subchart by hand, or put the topic into another one",
        )


def _wrong_topic(topic: Topic, manifest: Manifest) -> list[str]:
    spec = manifest.get("spec") or {}
    config = {str(name): str(value) for name, value in (spec.get("config") or {}).items()}
    wrong = [] if topic_name(manifest) == topic.name else [f"the topic is called {topic_name(manifest)}"]
    for name, value in (("partitions", topic.partitions), ("replicas", topic.replicas)):
        wrong += [] if spec.get(name) == value else [f"the topic has {spec.get(name)} {name}"]
    settings = [("retention.ms", topic.retention_ms), ("min.insync.replicas", topic.min_in_sync)]
    for name, number in settings[: 1 + (topic.min_asked or "min.insync.replicas" in config)]:
        wrong += [] if config.get(name) == str(number) else [f"the topic's {name} is {config.get(name)}"]
    return wrong


def _wrong_cluster(cluster: str, manifest: Manifest) -> list[str]:
    labels = (manifest.get("metadata") or {}).get("labels") or {}
    label = labels.get("strimzi.io/cluster")
    return [] if label == cluster else [f"the topic belongs to the cluster {label}, not {cluster}"]


def _wrong_user(user: str, may: tuple[str, ...], wanted: Wanted, manifest: Manifest | None) -> list[str]:
    if manifest is None:
        return [f"there would be no user {user}: its template is not enabled there"]
    has = allowed(rules_of(manifest), "topic", wanted.topic.name)
    return [f"{user} could not {each}" for each in may if each not in has]


def ours(wanted: Wanted) -> frozenset[Key]:
    """Return the objects that the change is about."""
    users = (("KafkaUser", each.user) for each in wanted.grants)
    return frozenset({("KafkaTopic", wanted.topic.resource), *users})
