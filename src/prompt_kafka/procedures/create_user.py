"""A user from Git to the brokers: ``KafkaUser``, password in Vault, and the proof that it may just that."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.agreed import ResourceReady
from prompt_kafka.core.conditions import Condition
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_rights import CreateUserRequest
from prompt_kafka.core.rights import Rule, rules_of, words
from prompt_kafka.core.world import Look, World
from prompt_kafka.procedures import chart_change, chart_ends, topic_rules, user_guards
from prompt_kafka.procedures.authoring import user as authoring
from prompt_kafka.procedures.chart_change import Change, Ground
from prompt_kafka.procedures.rendered import of_kind
from prompt_kafka.procedures.table import Means
from prompt_kafka.procedures.user_proofs import another_cannot, authorized, login, unproved


def needs_to_see(request: CreateUserRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return chart_change.LOOKS | {login(request.name, authoring.rules(request.name, request.rights))}


def plan(request: CreateUserRequest, world: World, means: Means) -> Plan:
    """Plan a user.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.user_guards`,
        :mod:`~prompt_kafka.procedures.topic_rules` and of every change of the charts.
    """
    ground = chart_change.ground(world, means)
    name = request.name
    topic_rules.legal_user(name)
    if not request.rights:
        raise UsageError("nothing is said that it may do", next="--may read:TOPIC, --may write:TOPIC")
    user_guards.rights(request.rights)
    user_guards.known_topics(ground, request.rights)
    wanted = authoring.rules(name, request.rights)
    change = chart_change.change(
        ground,
        _edits(request, ground, wanted),
        {("KafkaUser", name)},
        with_undeployed=request.with_undeployed,
        what="user",
    )
    summary = f"create user {name} in subchart {request.subchart}"
    user = user_guards.made_as_asked(change, name, wanted)
    if user is None:
        return _committed_only(request, change, summary)
    rules = rules_of(user)
    proof = (ResourceReady("KafkaUser", name), authorized(name, rules, wanted, world))
    if change.synced and all(each.judge(world).holds for each in proof):
        said = "; ".join(each.judge(world).because for each in proof)
        return Plan("user create", world.target, summary, nothing_because=f"it is there already: {said}")
    others = _others(change, name, wanted)
    message = f"Create Kafka user {name} in subchart {request.subchart}\n\n{words(name, rules)}."
    steps = [
        *chart_change.steps(change, message, users=(name,)),
        chart_change.prove(
            change, f"log in as {name}, and ask what it may do", (*proof, *others), request.stable_s
        ),
    ]
    return Plan(
        procedure="user create",
        target=world.target,
        summary=summary,
        steps=tuple(steps),
        notes=tuple(_notes(change, wanted, others, request.stable_s)),
        words=(words(name, rules),),
        resources=change.shown(),
    )


def _edits(request: CreateUserRequest, ground: Ground, wanted: tuple[Rule, ...]) -> dict[str, str]:
    git, name = ground.git, request.name
    existing = of_kind(ground.means.render(ground.here, {}), "KafkaUser").get(name)
    if existing is not None:
        if set(rules_of(existing)) == set(wanted):
            return {}
        raise RefusedError(
            "name-clash",
            f"there is a user {name} already, with other rights: {words(name, rules_of(existing))}",
            where=f"{git.folder} at {git.head[:12]}, {ground.here}",
            next=f"prompt-kafka user alter {name} --grant … --revoke …; or choose another name",
        )
    prefix = f"{git.folder}/charts/"
    subcharts = {path.removeprefix(prefix).partition("/")[0] for path in git.files if path.startswith(prefix)}
    topic_rules.known_subchart(request.subchart, subcharts, new=request.new_subchart)
    environments = request.enable or (ground.here,)
    for each in environments:
        if each not in git.environments:
            raise RefusedError(
                "unknown-environment",
                f"there is no environment {each}",
                where=git.repository,
                next=f"environments there: {', '.join(git.environments)}",
            )
    new = authoring.NewUser(
        folder=git.folder,
        subchart=request.subchart,
        about=f"Users of {request.subchart}",
        cluster=ground.cluster,
        environments=environments,
        name=name,
        rights=request.rights,
        purpose=request.about,
    )
    if not authoring.there(git.files, new):
        user_guards.free(ground, name)
        return authoring.create(git.files, new)
    return authoring.switched_on(git.files, new)


def _committed_only(request: CreateUserRequest, change: Change, summary: str) -> Plan:
    target = change.ground.world.target
    note = f"it comes to {change.ground.here} only when {request.subchart} is enabled there"
    if not change.files:
        return Plan("user create", target, summary, nothing_because=f"Git has it already; {note}")
    first = next(chart_change.steps(change, f"Create Kafka user {request.name}"))
    return Plan("user create", target, summary, steps=(first,), notes=(note,))


def _others(change: Change, name: str, wanted: tuple[Rule, ...]) -> tuple[Condition, ...]:
    topics = [
        rule.name for rule in wanted if rule.resource == "topic" and not rule.prefix and rule.name != "*"
    ]
    return next((found for each in topics if (found := another_cannot(change.after, {name}, each))), ())


def _notes(
    change: Change, wanted: tuple[Rule, ...], others: tuple[Condition, ...], stable_s: float
) -> Iterator[str]:
    yield from unproved(wanted, change.ground.world)
    if not others:
        yield "not proved: that another user cannot (every other user may)"
    yield from chart_ends.notes_at_end(change, stable_s)
