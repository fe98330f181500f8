"""Messages of a topic: a page or a search, every state of it in its address, and one record whole.

A page joins no group, commits nothing, and is noted in the journal of readings. Its end says which offsets it
read and which it did not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from prompt_kafka.console.desk import desk
from prompt_kafka.console.limits import Places
from prompt_kafka.console.pages import failure, shown
from prompt_kafka.console.reads import ToRead
from prompt_kafka.console.rendering import query
from prompt_kafka.console.tree import tree
from prompt_kafka.core.errors import PromptKafkaError, UsageError
from prompt_kafka.factory import Session
from prompt_kafka.messages import Found, noted, permalink, search, views, whole
from prompt_kafka.messages.decode import Decoded
from prompt_kafka.messages.render import found_json
from prompt_kafka.messages.summary import found_summary
from prompt_kafka.messages.token import token_of
from prompt_kafka.messages.view import Viewed

LINE = 300
"""Characters of a value in the list."""

FIRST = ("grep", "value", "key", "header", "where", "lower", "upper", "partitions", "count")
"""Fields that are there at once; the others are below *More*."""

PLACES = Places(each=4, together=16)
"""Readings at once: of one session, and in all."""


def index(request: Request) -> Response:
    """Show a topic's messages, the newest first, or what a search finds."""
    topic, here = request.path_params["topic"], desk(request)
    values = _values(request)
    fields = {each.name: each for each in here.reads.fields()}
    more = [name for name in fields if name not in FIRST and name != "token"]
    shape: dict[str, Any] = {
        "title": f"Messages of {topic}",
        "topic": topic,
        "values": values,
        "first": [fields[name] for name in FIRST if name in fields],
        "more": [fields[name] for name in more],
        "opened": any(values.get(name) for name in more),
    }
    try:
        asked, view, found = _read(request)
    except PromptKafkaError as error:
        status = 400 if isinstance(error, UsageError) else 503
        return shown(request, "messages.html", status, error=error, found=None, **shape)
    token = token_of(asked.asking, found)
    records = [(record, view(record)) for record in found.page.records]
    return shown(
        request,
        "messages.html",
        error=None,
        found=found,
        asked=asked,
        records=records,
        keys=any(record.key is not None for record, _ in records),
        summary=[line for line in found_summary(found, searched=bool(asked.asking.filter)) if line],
        on=query(token=token, count=values.get("count", "")) if token else "",
        line=line,
        **shape,
    )


def listed(request: Request) -> Response:
    """Return the same as JSON: what ``messages -o json`` prints."""
    try:
        asked, view, found = _read(request)
    except PromptKafkaError as error:
        return failure(request, error)
    return JSONResponse(found_json(found, view, token_of(asked.asking, found)))


def record(request: Request) -> Response:
    """Show one record whole, with its decoders and its permanent link; or say what became of it."""
    here = desk(request)
    parts = request.path_params
    try:
        if "link" in parts:
            place = permalink.parse(f"{permalink.SCHEME}:{parts['link']}")
        else:
            place = permalink.Permalink(parts["topic"], parts["partition"], parts["offset"])
        with PLACES.held(request.state.signed_in.key), here.pool.session() as session:
            view = views.view_of(session.environment.messages, place.topic)
            looked = _look(session, place, _who(request))
        if str(request.state.path).startswith("/api/"):
            return JSONResponse(whole.looked_json(looked, view), 200 if looked.record else 404)
        seen = view(looked.record) if looked.record is not None else None
    except PromptKafkaError as error:
        return failure(request, error)
    return shown(
        request,
        "record.html",
        200 if seen else 404,
        title=f"{place.topic} {place.partition}:{place.offset}",
        place=place,
        looked=looked,
        seen=seen,
        path="/record/" + str(looked.link).removeprefix(f"{permalink.SCHEME}:")
        if looked.link.cluster_id
        else "",
        parts=list(_parts(seen)) if seen else [],
        how=whole.how,
        tree=tree,
        pretty=_pretty,
        dump=lambda data: "\n".join(whole.hex_lines(data[:65536])),
    )


def kafdrop(request: Request) -> Response:
    """Lead an address of Kafdrop's to the page that answers it."""
    root, parts, given = desk(request).settings.path, request.path_params, request.query_params
    if "broker" in parts:
        return RedirectResponse(f"{root}/#nodes", 301)
    if "topic" not in parts:
        return RedirectResponse(f"{root}/topics", 301)
    path = f"{root}/topics/{parts['topic']}"
    if not request.state.path.rstrip("/").endswith(("/messages", "/allmessages")):
        return RedirectResponse(path, 301)
    more = {
        "partitions": given.get("partition", ""),
        "lower": given.get("offset", ""),
        "count": given.get("count", ""),
    }
    return RedirectResponse(path + "/messages" + query(**more), 301)


def line(decoded: Decoded) -> str:
    """Return a value in one line, cut."""
    text = " ".join(decoded.text.split())
    return text if len(text) <= LINE else f"{text[:LINE]}…"


def _values(request: Request) -> dict[str, str]:
    given = request.query_params
    return {name: "\n".join(given.getlist(name)) for name in given}


def _who(request: Request) -> str:
    return str(request.state.signed_in.person.name)


def _read(request: Request) -> tuple[ToRead, views.TopicView, Found]:
    """Return what a page asks for, how its topic is shown, and what was found."""
    topic, here, who = request.path_params["topic"], desk(request), _who(request)
    asked = here.reads.asked(topic, _values(request))
    asking = asked.asking
    with PLACES.held(request.state.signed_in.key), here.pool.session() as session:
        view = views.view_of(session.environment.messages, topic)
        with noted.until_ended(session.note_reading(noted.search(asking), who)) as ended:
            found = search(session.kafka(), asking, view=view, budget=asked.budget, throttle=asked.throttle)
            if asked.topic_id and found.page.topic_id != asked.topic_id:
                raise UsageError(
                    f"topic {asking.topic} was created anew since that search",
                    next="search it from its beginning",
                )
            ended(noted.searched(found))
    return asked, view, found


def _look(session: Session, place: permalink.Permalink, who: str) -> permalink.Looked:
    with noted.until_ended(session.note_reading(noted.record(place), who)) as ended:
        looked = permalink.look(session.kafka(), place)
        ended(noted.looked(place, looked))
    return looked


def _parts(seen: Viewed) -> Iterator[tuple[str, Decoded]]:
    yield "value", seen.value
    yield "key", seen.key
    for name, value in seen.headers:
        yield f"header {name}", value


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
