"""More rights and fewer for a user that is there; what is taken away is proved to be gone."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.agreed import ResourceReady
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_rights import AlterUserRequest, UserRight
from prompt_kafka.core.rights import Rule, allowed, rules_of, words
from prompt_kafka.core.world import Look, World
from prompt_kafka.procedures import chart_change, chart_ends, user_guards
from prompt_kafka.procedures.authoring import user as authoring
from prompt_kafka.procedures.authoring import users
from prompt_kafka.procedures.authoring.tree import cannot
from prompt_kafka.procedures.chart_change import Change, Ground
from prompt_kafka.procedures.rendered import of_kind
from prompt_kafka.procedures.table import Means
from prompt_kafka.procedures.user_proofs import another_cannot, authorized, login, unproved


def needs_to_see(request: AlterUserRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return chart_change.LOOKS | {login(request.name, _asked(request))}


def plan(request: AlterUserRequest, world: World, means: Means) -> Plan:
    """Plan other rights of a user.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.user_guards` and of every change of the charts.
    """
    ground = chart_change.ground(world, means)
    name = request.name
    if not request.grant and not request.revoke:
        raise UsageError("nothing is asked for", next="--grant read:TOPIC, --revoke write:TOPIC")
    user_guards.rights((*request.grant, *request.revoke))
    _no_contradiction(request)
    manifest = user_guards.known_user(ground, name)
    user_guards.by_acls(manifest)
    user_guards.known_topics(ground, request.grant)
    grant, revoke = _rules(request, rules_of(manifest))
    change = chart_change.change(
        ground,
        _edits(ground, name, grant, revoke),
        {("KafkaUser", name)},
        with_undeployed=request.with_undeployed,
        what="user",
    )
    user = of_kind(change.after, "KafkaUser")[name]
    user_guards.made_as_asked(change, name, ())
    user_guards.really_less(user, revoke)
    rules = rules_of(user)
    summary = f"alter user {name}: {', '.join(_said(request))}"
    proof = (ResourceReady("KafkaUser", name), authorized(name, rules, _asked(request), world))
    if change.synced and all(each.judge(world).holds for each in proof):
        said = "; ".join(each.judge(world).because for each in proof)
        return Plan("user alter", world.target, summary, nothing_because=f"it is so already: {said}")
    topics = [right.topic for right in request.grant if not right.topic.endswith("*")]
    others = another_cannot(change.after, {name}, topics[0]) if topics else ()
    message = f"Alter Kafka user {name}: {', '.join(_said(request))}\n\n{words(name, rules)}."
    steps = [
        *chart_change.steps(change, message, disruptive="users" if revoke else ""),
        chart_change.prove(
            change, f"log in as {name}, and ask what it may do", (*proof, *others), request.stable_s
        ),
    ]
    return Plan(
        procedure="user alter",
        target=world.target,
        summary=summary,
        steps=tuple(steps),
        notes=tuple(_notes(change, request, grant, revoke)),
        words=(words(name, rules),),
        resources=change.shown(),
    )


def _said(request: AlterUserRequest) -> Iterator[str]:
    yield from (f"grant {right}" for right in request.grant)
    yield from (f"revoke {right}" for right in request.revoke)


def _asked(request: AlterUserRequest) -> tuple[Rule, ...]:
    """Return all that is asked about, as ACLs; of what is revoked only groups that are named."""
    revoke = tuple(rule for right in request.revoke for rule in _revoked(right))
    return (*authoring.rules(request.name, request.grant), *revoke)


def _revoked(right: UserRight) -> Iterator[Rule]:
    name, prefix = authoring.pattern(right.topic)
    yield Rule("topic", name, tuple(each for each in ("read", "write") if each in right.may), prefix)
    if right.group:
        group, prefix = authoring.pattern(right.group)
        yield Rule("group", group, ("read",), prefix)


def _no_contradiction(request: AlterUserRequest) -> None:
    for one in request.grant:
        for other in request.revoke:
            if one.topic == other.topic and set(one.may) & set(other.may):
                raise UsageError(f"{one} is granted and revoked", next="give one of the two")


def _rules(request: AlterUserRequest, has: tuple[Rule, ...]) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return the ACLs that are lacking, and those that are to go.

    Who may read no topic any more needs no group: those ACLs go as well.
    """
    grant = tuple(rule for rule in authoring.rules(request.name, request.grant) if not _covered(rule, has))
    revoke = [rule for right in request.revoke for rule in _revoked(right)]
    taken = [rule for rule in revoke if rule.resource == "topic" and "read" in rule.operations]
    exact = {(rule.name, rule.prefix) for rule in taken}
    reads = [rule for rule in has if rule.resource == "topic" and {"read", "all"} & set(rule.operations)]
    left = [rule for rule in reads if (rule.name, rule.prefix) not in exact]
    gets = any(rule.resource == "topic" and "read" in rule.operations for rule in grant)
    if taken and reads and not left and not gets:
        groups = (rule for rule in has if rule.resource == "group" and "read" in rule.operations)
        revoke += [rule for rule in groups if rule not in revoke and not rule.deny]
    return grant, tuple(revoke)


def _covered(rule: Rule, has: tuple[Rule, ...]) -> bool:
    if not rule.prefix and rule.name != "*":
        return set(rule.operations) <= set(allowed(has, rule.resource, rule.name))
    return any(
        (each.resource, each.name, each.prefix) == (rule.resource, rule.name, rule.prefix)
        and set(rule.operations) <= set(each.operations)
        for each in has
    )


def _edits(ground: Ground, name: str, grant: tuple[Rule, ...], revoke: tuple[Rule, ...]) -> dict[str, str]:
    files, folder = ground.git.files, ground.git.folder
    found = users.where(files, folder, name)
    if found is None:
        raise cannot(folder, f"a template makes the user {name}, and its name stands nowhere")
    path, number = found
    return {path: authoring.alter(files[path], path, number, grant, revoke)}


def _notes(
    change: Change,
    request: AlterUserRequest,
    grant: tuple[Rule, ...],
    revoke: tuple[Rule, ...],
) -> Iterator[str]:
    named = {rule for right in request.revoke for rule in _revoked(right)}
    for rule in revoke:
        if rule not in named:
            yield f"it may read no topic any more, so its right to group {rule.name} goes too"
    if revoke and not change.brought.all and not grant:
        yield "Git does not give it that right"
    yield from unproved(grant, change.ground.world)
    yield from chart_ends.notes_at_end(change, request.stable_s)
