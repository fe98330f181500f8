"""*Create New Kafka Topics*: a topic from Git to the brokers, with its users.

The charts are edited as text, rendered before and after, and what is different must be the topic and its
users and nothing else. Then: commit, have Argo CD compare, a person's key in Vault, users, topics, and last a
full sync, because selective ones write no history. No sync prunes. The proof is the brokers', asked as the
new user, and as one that must not get in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.delivered import ApplicationSynced
from prompt_kafka.core.delivery import Application
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import TopicRequest
from prompt_kafka.core.rights import TOPIC_OPERATIONS, allowed, rules_of, words
from prompt_kafka.core.world import LoginAs, Look, World
from prompt_kafka.procedures import chart_change, git_guards, topic_guards
from prompt_kafka.procedures.authoring import topic as authoring
from prompt_kafka.procedures.authoring.show import dump
from prompt_kafka.procedures.proof import finished
from prompt_kafka.procedures.proof import notes as proof_notes
from prompt_kafka.procedures.rendered import Difference, difference, of_kind
from prompt_kafka.procedures.table import Means
from prompt_kafka.procedures.topic_steps import Change, bystander, commit, proofs, steps


def needs_to_see(request: TopicRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    logins = {LoginAs(grant.user, (request.name,), grant.groups) for grant in request.grants}
    return chart_change.LOOKS | logins


def plan(request: TopicRequest, world: World, means: Means) -> Plan:
    """Plan a topic.

    Parameters
    ----------
    request
        What was asked for.
    world
        What was seen; `needs_to_see` says what must be in it.
    means
        What else there is to plan with: the charts' renderer among it.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.topic_rules` and
        :mod:`~prompt_kafka.procedures.topic_guards`, and ``cannot-edit``.
    """
    ground = chart_change.ground(world, means)
    git, argo, here, render = ground.git, ground.argo, ground.here, means.render
    wanted = topic_guards.wanted(request, world, git, here)
    edits = authoring.author(git.files, wanted)
    before = render(here, {})
    after = render(here, edits)
    topic_guards.no_clash(wanted, world, before, after)
    brought = difference(before, after)
    topic_guards.only_this(wanted, brought, after)
    elsewhere = {each: difference(render(each, {}), render(each, edits)) for each in ground.others if edits}
    for name, there in elsewhere.items():
        topic_guards.nothing_lost(wanted, name, there)
    deployed = argo.deployed in git.commits and argo.deployed != git.head
    change = Change(
        request=request,
        world=world,
        git=git,
        wanted=wanted,
        files=tuple(FileChange(path, git.files.get(path), text) for path, text in sorted(edits.items())),
        after=after,
        brought=brought,
        pending=difference(render(here, {}, argo.deployed), after) if deployed else brought,
    )
    comes_here = wanted.topic.resource in of_kind(after, "KafkaTopic")
    summary = f"create topic {request.name} in subchart {request.subchart}"
    if not comes_here:
        return _committed_only(change, argo, here, summary)
    if not request.with_undeployed:
        git_guards.nothing_else_comes(git, argo, here, render, topic_guards.ours(wanted), "topic")
    proof = proofs(change)
    if not edits and all(each.judge(world).holds for each in (ApplicationSynced(argo.name), *proof)):
        said = "; ".join(each.judge(world).because for each in proof)
        return Plan("topic create", world.target, summary, nothing_because=f"it is there already: {said}")
    return Plan(
        procedure="topic create",
        target=world.target,
        summary=summary,
        steps=tuple(steps(change, argo, proof, means.canary)),
        notes=tuple(_notes(change, argo, elsewhere, means.canary)),
        words=tuple(_words(change)),
        resources=_shown(change),
    )


def _committed_only(change: Change, argo: Application, here: str, summary: str) -> Plan:
    target = change.world.target
    note = f"it comes to {here} only when {change.request.subchart} is enabled there"
    if not change.files:
        return Plan("topic create", target, summary, nothing_because=f"Git has it already; {note}")
    return Plan("topic create", target, summary, steps=(commit(change),), notes=(note,))


# What the reader should know


def _words(change: Change) -> Iterator[str]:
    users, topic = of_kind(change.after, "KafkaUser"), change.request.name
    for grant in change.request.grants:
        yield words(grant.user, rules_of(users[grant.user]))
    granted = {grant.user for grant in change.request.grants}
    for name, user in sorted(users.items()):
        if name not in granted and (may := allowed(rules_of(user), "topic", topic)):
            said = "do anything to" if set(may) == TOPIC_OPERATIONS else ", ".join(may)
            yield f"{name} may {said} topic {topic} too, by an ACL that it has already"


def _shown(change: Change) -> tuple[str, ...]:
    came = {**change.brought.added, **change.brought.changed}
    return tuple(dump(came[key]) for key in sorted(came))


def _notes(
    change: Change, argo: Application, elsewhere: Mapping[str, Difference], canary: bool
) -> Iterator[str]:
    resource = change.wanted.topic.resource
    if resource != change.request.name:
        yield f"its KafkaTopic is called {resource}: Kubernetes does not allow {change.request.name}"
    for name, there in elsewhere.items():
        if there.all:
            yield f"{name} gets it too, with its next sync: {', '.join(f'{k} {n}' for k, n in there.all)}"
    if argo.automated:
        yield f"{argo.name} syncs by itself: Argo CD may be quicker, and then does all at once"
    if not change.request.grants:
        yield "no user gets a right to it"
    if change.request.grants and not bystander(change):
        yield "not proved: that another user cannot (every other user may)"
    yield from proof_notes(finished(change.world, canary=canary, stable_s=change.request.stable_s))
