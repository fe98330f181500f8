"""OpenAPI v3, as much as kubectl needs to leave validation to the server.

Each document lists the paths of its kinds with their group, version and kind and says that writes know the
``fieldValidation`` parameter. Field-by-field schemas are not published: ``kubectl explain`` has nothing to
show here.
"""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.apiserver.errors import no_such_resource
from prompt_kafka.lab.apiserver.registry import Registry
from prompt_kafka.lab.apiserver.resources import Resource

Object = dict[str, Any]


def index(registry: Registry) -> Object:
    """Answer ``/openapi/v3``."""
    paths = {"api/v1": {"serverRelativeURL": f"/openapi/v3/api/v1?hash={registry.revision}"}}
    for group, versions in registry.groups().items():
        for version in versions:
            path = f"apis/{group}/{version}"
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={registry.revision}"}
    return {"paths": paths}


def document(registry: Registry, group: str, version: str) -> Object:
    """Answer ``/openapi/v3/apis/<group>/<version>``."""
    found = registry.of(group, version)
    if not found:
        raise no_such_resource()
    paths: Object = {}
    schemas: Object = {}
    for resource in found:
        schemas[_name(resource)] = {"type": "object", "x-kubernetes-group-version-kind": [_gvk(resource)]}
        paths.update(_paths(resource))
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.34.4"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _gvk(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _name(resource: Resource) -> str:
    group = ".".join(reversed(resource.group.split("."))) if resource.group else "io.k8s.api.core"
    return f"{group}.{resource.version}.{resource.kind}"


_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation")
]


def _paths(resource: Resource) -> Object:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else "/api/v1"
    base = (
        f"{root}/namespaces/{{namespace}}/{resource.plural}"
        if resource.namespaced
        else f"{root}/{resource.plural}"
    )
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{_name(resource)}"}}}
    response = {"responses": {"200": {"description": "OK", "content": content}}}

    def operation(action: str, **more: Any) -> Object:
        return {
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": _gvk(resource),
            **response,
            **more,
        }

    body = {"requestBody": {"content": content}, "parameters": _PARAMETERS}
    if resource.not_stored:
        return {base: {"post": operation("post", **body)}}
    patch = {
        "requestBody": {"content": {"application/merge-patch+json": {"schema": {"type": "object"}}}},
        "parameters": _PARAMETERS,
    }
    return {
        base: {"get": operation("list"), "post": operation("post", **body)},
        f"{base}/{{name}}": {
            "get": operation("get"),
            "put": operation("put", **body),
            "patch": operation("patch", **patch),
            "delete": operation("delete"),
        },
    }
