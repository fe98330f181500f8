"""Topics, groups and users: what there is, who reads it how far behind, and who may what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from prompt_kafka.console.desk import Desk, desk
from prompt_kafka.console.observatory import Opens
from prompt_kafka.console.pages import failure, lost, shown
from prompt_kafka.console.shared import Kept
from prompt_kafka.core import who
from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.core.kafka import Group, TopicState
from prompt_kafka.core.objects import ResourceState
from prompt_kafka.core.world import Part, Seen, World
from prompt_kafka.messages.render import retention_text, topic_problems

FRESH_S = 5.0


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


def index(request: Request) -> Response:
    """Show the topics whose names contain what is asked for."""
    kept, words = _kept(request), request.query_params.get("name", "")
    internal = bool(request.query_params.get("internal"))
    seen = kept.value
    topics = [
        each
        for each in (seen.world.topics.known or () if seen else ())
        if words.lower() in each.name.lower() and (internal or not each.internal)
    ]
    return shown(
        request,
        "topics.html",
        title="Topics",
        **_around(kept),
        topics=topics,
        words=words,
        internal=internal,
        resources=seen.resources if seen else {},
        readers={each.name: seen.readers(each.name) for each in topics} if seen else {},
        retention=retention_text,
        problems=topic_problems,
    )


def topic(request: Request) -> Response:
    """Show a topic: on the brokers, its resource, its readers, and who may what."""
    kept, name = _kept(request), request.path_params["topic"]
    seen = kept.value
    state = _topic(seen, name)
    resource = seen.resources.get(name) if seen else None
    if seen is not None and state is None and resource is None and seen.world.topics.known is not None:
        return lost(request, f"there is no topic {name}")
    return shown(
        request,
        "topic.html",
        title=name,
        **_around(kept),
        name=name,
        state=state,
        resource=resource,
        readers=seen.readers(name) if seen else [],
        may=[(user.name, user.on(name)) for user in seen.users if user.on(name)] if seen else [],
        retention=retention_text,
        problems=topic_problems,
    )


def groups(request: Request) -> Response:
    """Show the consumer groups and their lag."""
    kept = _kept(request)
    found = kept.value.world.groups.known or () if kept.value else ()
    return shown(
        request, "groups.html", title="Groups", **_around(kept), groups=found, objectives=_objectives(request)
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
    """Return all topics as JSON."""
    return _listed(request, lambda seen: seen.world.topics)


def groups_listed(request: Request) -> Response:
    """Return all groups as JSON."""
    return _listed(request, lambda seen: seen.world.groups)


def users_listed(request: Request) -> Response:
    """Return all users as JSON: what ``user list -o json`` prints."""
    kept = _kept(request)
    if kept.value is None:
        return failure(request, kept.error or UnreachableError("nothing has been seen yet"))
    return JSONResponse([user.to_json() for user in kept.value.users])


def _listed(request: Request, part: Callable[[Survey], Seen[Any]]) -> Response:
    kept = _kept(request)
    if kept.value is None:
        return failure(request, kept.error or UnreachableError("nothing has been seen yet"))
    seen = part(kept.value)
    if seen.known is None:
        return failure(request, UnreachableError(seen.because))
    return JSONResponse(encode(seen.known))


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
