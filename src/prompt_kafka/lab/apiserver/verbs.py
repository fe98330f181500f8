"""The verbs of the API: one method per kind of request about objects."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from prompt_kafka.lab.apiserver import patches, reviews, subresources
from prompt_kafka.lab.apiserver.answers import answer, many, one
from prompt_kafka.lab.apiserver.deletion import DeleteOptions, Deletion, read_options
from prompt_kafka.lab.apiserver.errors import (
    bad_request,
    method_not_allowed,
    no_such_resource,
    not_found,
    success,
    unsupported_media_type,
)
from prompt_kafka.lab.apiserver.forms import present
from prompt_kafka.lab.apiserver.lists import Lists
from prompt_kafka.lab.apiserver.objects import Call, Objects
from prompt_kafka.lab.apiserver.requests import Form, body_of, dry_run, flag, negotiate, number, object_of
from prompt_kafka.lab.apiserver.selectors import parse
from prompt_kafka.lab.apiserver.store import Entry, Object
from prompt_kafka.lab.apiserver.strategic import strategic_merge
from prompt_kafka.lab.apiserver.watches import Watch

MERGE, JSON, STRATEGIC, APPLY = (
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)


class Verbs:
    """Carries out requests about objects.

    Parameters
    ----------
    objects, deletion
        The rules.
    stopping
        Set when the server stops; ends the watches.
    """

    def __init__(self, objects: Objects, deletion: Deletion, stopping: asyncio.Event) -> None:
        self._objects = objects
        self._deletion = deletion
        self._lists = Lists(objects.store)
        self._stopping = stopping

    async def collection(self, request: Request, call: Call) -> Response:
        """Answer a request about all objects of a kind."""
        query = request.query_params
        form = negotiate(request.headers.get("accept", ""))
        if call.resource.not_stored:
            if request.method != "POST":
                raise method_not_allowed()
            return answer(reviews.review(call.resource, await object_of(request)), 201)
        if request.method == "GET":
            return self.list_or_watch(request, call, form)
        if call.resource.namespaced and not call.namespace:
            raise method_not_allowed()
        if request.method == "POST":
            call.dry_run = dry_run(query)
            entry = self._objects.create(call, await object_of(request))
            return one(call.resource, entry, form, code=201, warnings=call.warnings)
        if request.method == "DELETE" and call.resource.plural != "namespaces":
            options = await self._delete_options(request, call)
            selector = parse(call.resource, query.get("labelSelector"), query.get("fieldSelector"))
            gone = self._deletion.delete_collection(call, selector, options)
            body = {
                "kind": call.resource.list_of,
                "apiVersion": call.resource.api_version,
                "metadata": {"resourceVersion": str(self._objects.store.version)},
                "items": [present(call.resource, entry.object) for entry in gone],
            }
            return answer(body)
        raise method_not_allowed()

    def list_or_watch(self, request: Request, call: Call, form: Form) -> Response:
        """Answer a GET of a collection."""
        query = request.query_params
        selector = parse(call.resource, query.get("labelSelector"), query.get("fieldSelector"))
        if flag(query, "watch"):
            watch = Watch.of(self._objects.store, call, selector, form, query)
            return StreamingResponse(watch.stream(self._stopping), media_type="application/json")
        page = self._lists.page(call, selector, query)
        return many(call.resource, page, form, query.get("includeObject", "Metadata"))

    async def item(self, request: Request, call: Call) -> Response:
        """Answer a request about one object or its status."""
        query = request.query_params
        form = negotiate(request.headers.get("accept", ""))
        include = query.get("includeObject", "Metadata")
        if request.method == "GET":
            if flag(query, "watch"):
                return self.list_or_watch(request, call, form)
            return one(call.resource, self._objects.get(call), form, include=include)
        if request.method == "DELETE" and not call.subresource:
            return await self._delete(request, call)
        call.dry_run = dry_run(query)
        if request.method == "PUT":
            return await self._put(request, call, form)
        if request.method == "PATCH":
            patch = await self._patch_of(request, call)
            entry = self._objects.update(call, patch)
            return one(call.resource, entry, form, include=include, warnings=call.warnings)
        raise method_not_allowed()

    async def _put(self, request: Request, call: Call, form: Form) -> Response:
        body = await object_of(request)
        resource = call.resource
        there = self._objects.store.find(resource.storage, call.namespace, call.name)
        if there is None and resource.create_on_update and not call.subresource:
            create = Call(
                resource,
                call.namespace,
                call.name,
                dry_run=call.dry_run,
                manager=call.manager,
                validation=call.validation,
                warnings=call.warnings,
            )
            return one(resource, self._objects.create(create, body), form, code=201, warnings=call.warnings)
        if there is None:
            raise not_found(resource.group, resource.plural, call.name)
        meta = body.get("metadata")
        if not isinstance(meta, dict) or not meta.get("name"):
            raise bad_request(
                "the name of the object () does not match the name on the URL (" + call.name + ")"
            )
        entry = self._objects.update(call, lambda old: body)
        return one(resource, entry, form, warnings=call.warnings)

    async def _patch_of(self, request: Request, call: Call) -> Any:
        """Return the function that applies the patch of a request."""
        media = request.headers.get("content-type", "").partition(";")[0].strip()
        accepted = [JSON, MERGE] if call.resource.custom else [JSON, MERGE, STRATEGIC]
        if media == APPLY:
            raise unsupported_media_type(
                accepted, " (the lab has no server-side apply: use merge or JSON patches)"
            )
        if media not in accepted:
            raise unsupported_media_type(accepted)
        content = await body_of(request)
        try:
            patch = msgspec.json.decode(content)
        except msgspec.DecodeError as error:
            raise bad_request(f"error decoding patch: {error}") from None
        if media == JSON:
            return lambda old: patches.json_patch(old, patch)
        if not isinstance(patch, dict):
            raise bad_request(
                "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}"
            )
        if media == MERGE:
            return lambda old: patches.merge(old, patch)
        return lambda old: strategic_merge(old, patch)

    async def _delete_options(self, request: Request, call: Call) -> DeleteOptions:
        query = request.query_params
        content = await body_of(request)
        body: Object = await object_of(request) if content else {}
        options = read_options(body)
        call.dry_run = dry_run(query) or options.dry_run
        if not options.propagation:
            options = replace(options, propagation=query.get("propagationPolicy", ""))
        if options.grace is None:
            options = replace(options, grace=number(query, "gracePeriodSeconds"))
        return options

    async def _delete(self, request: Request, call: Call) -> Response:
        options = await self._delete_options(request, call)
        deleted = self._deletion.delete(call, options)
        resource, entry = call.resource, deleted.entry
        if deleted.gone and not resource.returned:
            return answer(
                success(resource.group, resource.plural, entry.name, entry.object["metadata"]["uid"])
            )
        return one(resource, entry, Form())

    # Subresources that are not the object itself

    async def scale(self, request: Request, call: Call) -> Response:
        """Answer a request about an object's scale."""
        resource = call.resource
        if resource.scale is None:
            raise no_such_resource()
        entry: Entry = self._objects.get(call)
        if request.method == "PUT":
            scale = await object_of(request)
        elif request.method == "PATCH":
            patch = await self._patch_of(request, call)
            scale = patch(subresources.scale_of(resource, entry.object))
        elif request.method == "GET":
            return answer(subresources.scale_of(resource, entry.object))
        else:
            raise method_not_allowed()
        call.dry_run = dry_run(request.query_params)
        call.subresource = "scale"
        entry = self._objects.update(call, lambda old: subresources.scaled(resource, old, scale))
        return answer(subresources.scale_of(resource, entry.object))

    async def post_to_pod(self, request: Request, call: Call, name: str) -> Response:
        """Answer the creation of a binding or an eviction."""
        if request.method != "POST":
            raise method_not_allowed()
        body = await object_of(request)
        call.dry_run = dry_run(request.query_params)
        if name == "binding":
            subresources.bind(self._objects, call, body)
        else:
            subresources.evict(self._objects, self._deletion, call, body)
        return answer(
            {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201
        )
