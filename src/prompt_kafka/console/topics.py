"""Topics, groups and users: what there is, who reads it how far behind, and who may what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from prompt_kafka.clients.kafka import topic_looks
from prompt_kafka.console.desk import Desk, desk
from prompt_kafka.console.observatory import Opens
from prompt_kafka.console.pages import failure, lost, shown
from prompt_kafka.console.shared import Kept
from prompt_kafka.core import who
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.group_told import group_json, is_late, records, time
from prompt_kafka.core.kafka import Group, TopicState
from prompt_kafka.core.objects import ResourceState
from prompt_kafka.core.topic_look import TopicsLook
from prompt_kafka.core.topic_told import COLUMNS, SORTS, in_order, look_json, row, state, volume_line
from prompt_kafka.core.topic_told import kept as kept_for
from prompt_kafka.core.world import Part, World

FRESH_S = 5.0
READERS_S = 30.0
"""So old may be what a list of topics says of their readers."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A look at all topics, groups and users."""

    world: World
    users: tuple[who.UserView, ...]

    @property
    def resources(self) -> dict[str, ResourceState]:
        """The ``KafkaTopic`` of each topic, by the topic's name."""
        topics = (each for each in self.world.resources.known or () if each.kind == "KafkaTopic")
        return {each.topic or each.name: each for each in topics}

    def readers(self, topic: str) -> list[tuple[Group, float | None, int]]:
        """Return the groups that read a topic, each with its lag in seconds and in records."""
        found = []
        for group in self.world.groups.known or ():
            lags = [lag for lag in group.lags if lag.topic == topic]
            if lags:
                ages = [lag.age_s for lag in lags]
                known = [age for age in ages if age is not None]
                seconds = max(known, default=0.0) if len(known) == len(ages) else None
                found.append((group, seconds, sum(lag.records for lag in lags)))
        return found


def look(opens: Opens) -> Survey:
    """Look at all topics, groups and users."""
    with opens() as session:
        world = session.observe(who.LOOKS | {Part.TOPICS})
    return Survey(world, who.users(world))


def listing(opens: Opens) -> TopicsLook:
    """Look at all topics as ``topic list`` does: sizes, rates, last writes."""
    with opens() as session:
        return topic_looks.look(session.kafka(), internal=True)


def index(request: Request) -> Response:
    """Show the topics whose names contain what is asked for: what ``topic list`` shows."""
    here, given = desk(request), request.query_params
    kept, words, by = here.listing.get(FRESH_S), given.get("name", ""), given.get("sort", "name")
    by = by if by in SORTS else "name"
    internal = bool(given.get("internal"))
    survey = here.survey.get(READERS_S).value
    seen = kept.value
    topics = [
        each
        for each in (in_order(seen, by) if seen else ())
        if words.lower() in each.name.lower() and (internal or not each.state.internal)
    ]
    now = SYSTEM.now()
    return shown(
        request,
        "topics.html",
        title="Topics",
        seen=seen,
        error=kept.error,
        seen_at=kept.at,
        columns=COLUMNS,
        rows=[(each, row(each, seen, now), *state(each)) for each in topics] if seen else [],
        words=words,
        internal=internal,
        sort=by,
        sorts=tuple(SORTS),
        readers={each.name: survey.readers(each.name) for each in topics} if survey else {},
        volumes=[volume_line(each) for each in seen.volumes] if seen else [],
    )


def topic(request: Request) -> Response:
    """Show a topic: on the brokers, its resource, its readers, and who may what."""
    kept, name = _kept(request), request.path_params["topic"]
    seen = kept.value
    found = _topic(seen, name)
    resource = seen.resources.get(name) if seen else None
    if seen is not None and found is None and resource is None and seen.world.topics.known is not None:
        return lost(request, f"there is no topic {name}")
    return shown(
        request,
        "topic.html",
        title=name,
        **_around(kept),
        name=name,
        state=found,
        resource=resource,
        readers=seen.readers(name) if seen else [],
        may=[(user.name, user.on(name)) for user in seen.users if user.on(name)] if seen else [],
        retention=kept_for(found.settings) if found else "",
        problems=_problems(found) if found else [],
    )


def groups(request: Request) -> Response:
    """Show the consumer groups and their lag."""
    kept = _kept(request)
    found = kept.value.world.groups.known or () if kept.value else ()
    return shown(
        request,
        "groups.html",
        title="Groups",
        **_around(kept),
        groups=found,
        objectives=_objectives(request),
        records=records,
        time=time,
        is_late=is_late,
    )


def group(request: Request) -> Response:
    """Show a group: its members, and its lag on every partition."""
    kept, name = _kept(request), request.path_params["group"]
    found = next(
        (g for g in (kept.value.world.groups.known or () if kept.value else ()) if g.id == name), None
    )
    if found is None and kept.value is not None and kept.value.world.groups.known is not None:
        return lost(request, f"there is no group {name}")
    objective = _objectives(request).get(name)
    return shown(
        request, "group.html", title=name, **_around(kept), name=name, group=found, objective=objective
    )


def users(request: Request) -> Response:
    """Show every user with what it may do, in words."""
    kept = _kept(request)
    return shown(
        request, "users.html", title="Users", **_around(kept), users=kept.value.users if kept.value else ()
    )


def topics_listed(request: Request) -> Response:
    """Return all topics as JSON: what ``topic list --internal -o json`` prints."""
    kept = desk(request).listing.get(FRESH_S)
    if kept.value is None:
        return failure(request, kept.error or UnreachableError("nothing has been seen yet"))
    return JSONResponse(look_json(kept.value, kept.value.topics))


def groups_listed(request: Request) -> Response:
    """Return all groups as JSON."""
    kept = _kept(request)
    if kept.value is None:
        return failure(request, kept.error or UnreachableError("nothing has been seen yet"))
    seen, objectives = kept.value.world.groups, _objectives(request)
    if seen.known is None:
        return failure(request, UnreachableError(seen.because))
    return JSONResponse([group_json(each, objectives.get(each.id)) for each in seen.known])


def users_listed(request: Request) -> Response:
    """Return all users as JSON: what ``user list -o json`` prints."""
    kept = _kept(request)
    if kept.value is None:
        return failure(request, kept.error or UnreachableError("nothing has been seen yet"))
    return JSONResponse([user.to_json() for user in kept.value.users])


def _problems(topic: TopicState) -> list[str]:
    found = (
        (topic.without_leader, "without leader"),
        (topic.under_min_in_sync, "refusing writes (under min in sync)"),
        (topic.under_replicated, "under-replicated"),
    )
    return [f"{len(partitions)} {text}" for partitions, text in found if partitions]


def _kept(request: Request) -> Kept[Survey]:
    return desk(request).survey.get(FRESH_S)


def _topic(seen: Survey | None, name: str) -> TopicState | None:
    topics = seen.world.topics.known or () if seen else ()
    return next((each for each in topics if each.name == name), None)


def _objectives(request: Request) -> dict[str, float]:
    here: Desk = desk(request)
    return dict(here.environment.groups)


def _around(kept: Kept[Survey]) -> dict[str, Any]:
    return {"world": kept.value.world if kept.value else None, "error": kept.error, "seen_at": kept.at}
