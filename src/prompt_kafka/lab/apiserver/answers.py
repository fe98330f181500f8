"""Answers: objects, lists and refusals as bytes, in the form that the client accepts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from prompt_kafka.lab.apiserver import tables
from prompt_kafka.lab.apiserver.errors import ApiError
from prompt_kafka.lab.apiserver.forms import raw
from prompt_kafka.lab.apiserver.lists import Page
from prompt_kafka.lab.apiserver.requests import Form
from prompt_kafka.lab.apiserver.resources import Resource
from prompt_kafka.lab.apiserver.store import Entry, encode

Object = dict[str, Any]


def answer(body: Object | bytes, code: int = 200, warnings: Iterable[str] = ()) -> Response:
    """Return a JSON answer."""
    content = body if isinstance(body, bytes) else encode(body)
    response = Response(content, code, media_type="application/json")
    for text in dict.fromkeys(warnings):
        warn(response, text)
    return response


def warn(response: Response, text: str) -> None:
    """Add a warning to an answer."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    response.headers.append("Warning", f'299 - "{escaped}"')


def refusal(error: ApiError) -> Response:
    """Return the answer for an error."""
    response = answer(error.status(), error.code)
    for name, value in error.headers.items():
        response.headers[name] = value
    return response


def one(
    resource: Resource,
    entry: Entry,
    form: Form,
    *,
    code: int = 200,
    include: str = "Metadata",
    warnings: Iterable[str] = (),
) -> Response:
    """Return the answer that is one object."""
    if form.kind == "Table":
        meta = {"resourceVersion": str(entry.version)}
        return answer(tables.table(resource, [tables.row(resource, entry, include)], meta), code, warnings)
    if form.kind:
        return answer(tables.metadata_only(entry.object), code, warnings)
    return answer(raw(resource, entry), code, warnings)


def many(resource: Resource, page: Page, form: Form, include: str = "Metadata") -> Response:
    """Return the answer that is a list."""
    if form.kind == "Table":
        rows = [tables.row(resource, entry, include) for entry in page.entries]
        return answer(tables.table(resource, rows, page.meta))
    if form.kind:
        items = [tables.metadata_only(entry.object) for entry in page.entries]
        return answer(
            {
                "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": page.meta,
                "items": items,
            }
        )
    head = encode({"kind": resource.list_of, "apiVersion": resource.api_version, "metadata": page.meta})
    bodies = b",".join(_item(resource, entry) for entry in page.entries)
    return answer(head[:-1] + b',"items":[' + bodies + b"]}")


def _item(resource: Resource, entry: Entry) -> bytes:
    """Return an object as it stands in a list: built-in kinds leave out what the list says already."""
    body = raw(resource, entry)
    if resource.custom:
        return body
    head = b'{"apiVersion":"%s","kind":"%s",' % (resource.api_version.encode(), resource.kind.encode())
    return b"{" + body[len(head) :] if body.startswith(head) else body
