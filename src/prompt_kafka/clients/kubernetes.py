"""A Kubernetes API as plain dictionaries.

lightkube and :mod:`prompt_kafka.clients.auth` bring what is hard (TLS, credentials and their refresh);
objects stay dictionaries as the API returns them, because the runbook and the lab read fields of many kinds
and versions that no generated class knows. A read-only connection cannot send anything but what a plan may
do: the transport refuses it (:mod:`prompt_kafka.clients.transport`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import httpx2

from prompt_kafka.clients.auth import Credentials
from prompt_kafka.clients.calls import PATCH_TYPES, Calls, Object
from prompt_kafka.clients.kinds import KNOWN, POD, Kind, kind_of
from prompt_kafka.clients.kubeconfig import load
from prompt_kafka.clients.streams import Streams
from prompt_kafka.clients.transport import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    KubernetesError,
    NotFound,
    http_client,
)

Propagation = Literal["Background", "Foreground", "Orphan"]


class Kubernetes(Calls):
    """A connection to one Kubernetes API; safe to share between threads.

    Every object is a dictionary as the API returns it, every error one of this module's.

    Attributes
    ----------
    streams
        Opens what is not an answer to a request: commands in pods, and port-forwards
        (:mod:`prompt_kafka.clients.streams`).
    """

    def __init__(
        self,
        http: httpx2.Client,
        streams: Streams,
        *,
        context: str,
        server: str,
        namespace: str,
        manager: str,
    ) -> None:
        super().__init__(http, context=context, server=server)
        self.streams = streams
        self.namespace = namespace
        self._manager = manager

    @classmethod
    def connect(
        cls,
        kubeconfig: Path | None = None,
        context: str | None = None,
        *,
        read_only: bool = False,
        allow_exec: bool = False,
        field_manager: str = "prompt-kafka",
        timeout: float = 10.0,
    ) -> Self:
        """Connect by a kubeconfig file.

        Parameters
        ----------
        kubeconfig
            The file; the ones kubectl would use when not given.
        context
            A context in it; its current one when not given.
        read_only
            Refuse everything that a plan may not send.
        allow_exec
            Let a read-only connection run commands in pods all the same.
        field_manager
            The name under which writes show up in ``managedFields``.
        timeout
            Seconds to wait for an answer; watches wait for ever.

        Raises
        ------
        UsageError
            There is no such file or context, or it cannot be used.
        CredentialsError
            Its user is of a kind that cannot be used.
        """
        login = load(kubeconfig, context)
        credentials = Credentials(login)
        return cls(
            http_client(credentials, read_only=read_only, allow_exec=allow_exec, timeout=timeout),
            Streams(credentials, read_only=read_only, allow_exec=allow_exec, timeout=timeout),
            context=login.context,
            server=login.server,
            namespace=login.namespace,
            manager=field_manager,
        )

    # Reading

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object:
        """Return one object; raise `NotFound` when it is not there."""
        return self._send("GET", kind.path(namespace, name))

    def find(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """Return one object, or None when it is not there."""
        try:
            return self.get(kind, name, namespace)
        except NotFound:
            return None

    def list_at(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        fields: str | None = None,
    ) -> tuple[list[Object], str]:
        """Return the objects of a kind and the resource version at which that was all of them."""
        items: list[Object] = []
        params = {"labelSelector": labels, "fieldSelector": fields, "limit": "500"}
        while True:
            page = self._send("GET", kind.path(namespace), params=params)
            for item in page.get("items") or []:
                items.append({"apiVersion": kind.api_version, "kind": kind.kind, **item})
            token = page["metadata"].get("continue")
            if not token:
                return items, page["metadata"]["resourceVersion"]
            params["continue"] = token

    def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        fields: str | None = None,
    ) -> list[Object]:
        """Return the objects of a kind, of all namespaces when none is given."""
        return self.list_at(kind, namespace, labels=labels, fields=fields)[0]

    def watch(
        self,
        kind: Kind,
        namespace: str | None = None,
        resource_version: str | None = None,
        *,
        labels: str | None = None,
        fields: str | None = None,
        timeout: float | None = None,
    ) -> Iterator[tuple[str, Object]]:
        """Yield ``(type, object)`` for each change, bookmarks included, until the server ends the watch.

        Raises
        ------
        Gone
            The resource version is too old: list again.
        UnreachableError
            The connection broke.
        """
        params = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "labelSelector": labels,
            "fieldSelector": fields,
            "timeoutSeconds": str(int(timeout)) if timeout else None,
        }
        query = {k: v for k, v in params.items() if v is not None}
        yield from self._follow(kind.path(namespace), query, timeout)

    def logs(self, name: str, namespace: str, *, container: str | None = None, **bounds: int) -> str:
        """Return a container's log; `bounds` as the API calls them: ``tailLines``, ``limitBytes``."""
        params = {"container": container, **{bound: str(value) for bound, value in bounds.items()}}
        response = self._request("GET", POD.path(namespace, name) + "/log", params=params)
        return response.text

    def can(self, verb: str, kind: Kind, namespace: str | None = None, *, subresource: str = "") -> bool:
        """Return whether the user has a right (SelfSubjectAccessReview)."""
        attributes = {
            "verb": verb,
            "group": kind.group,
            "resource": kind.plural,
            "subresource": subresource,
            "namespace": namespace or "",
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        answer = self._send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=review)
        return bool(answer.get("status", {}).get("allowed"))

    def serves(self, kind: Kind) -> bool:
        """Return whether the API server serves a kind."""
        try:
            resources = self._send("GET", kind.root).get("resources", [])
        except NotFound:
            return False
        return any(resource["name"] == kind.plural for resource in resources)

    # Writing

    def create(self, obj: Mapping[str, Any], *, dry_run: bool = False) -> Object:
        """Create an object; raise `AlreadyExists` when its name is taken."""
        kind = kind_of(dict(obj))
        namespace = obj["metadata"].get("namespace")
        return self._send("POST", kind.path(namespace), params=self._write(dry_run), body=obj)

    def replace(self, obj: Mapping[str, Any], *, dry_run: bool = False) -> Object:
        """Replace an object; its ``resourceVersion``, when given, must still be the present one."""
        return self._put(obj, "", dry_run)

    def replace_status(self, obj: Mapping[str, Any]) -> Object:
        """Replace an object's status."""
        return self._put(obj, "/status", False)

    def _put(self, obj: Mapping[str, Any], subresource: str, dry_run: bool) -> Object:
        kind = kind_of(dict(obj))
        path = kind.path(obj["metadata"].get("namespace"), obj["metadata"]["name"]) + subresource
        return self._send("PUT", path, params=self._write(dry_run), body=obj)

    def patch(
        self,
        kind: Kind,
        name: str,
        namespace: str | None,
        body: Any,
        *,
        how: Literal["merge", "json", "strategic"] = "merge",
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Change part of an object."""
        path = kind.path(namespace, name) + (f"/{subresource}" if subresource else "")
        return self._send(
            "PATCH", path, params=self._write(dry_run), body=body, content_type=PATCH_TYPES[how]
        )

    def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        propagation: Propagation = "Background",
        grace: int | None = None,
        uid: str | None = None,
        dry_run: bool = False,
    ) -> None:
        """Delete an object, only the one of that `uid` when given; raise `NotFound` when it is not there."""
        body: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        if uid is not None:
            body["preconditions"] = {"uid": uid}
        if dry_run:
            body["dryRun"] = ["All"]
        params = {"dryRun": "All"} if dry_run else {}
        self._send("DELETE", kind.path(namespace, name), params=params, body=body)

    def bind(self, pod: str, namespace: str, node: str, *, uid: str | None = None) -> None:
        """Put a pod on a node, as a scheduler does; raise `Conflict` when it is on one already."""
        metadata = {"name": pod, "namespace": namespace, **({"uid": uid} if uid else {})}
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target}
        self._send("POST", POD.path(namespace, pod) + "/binding", params=self._write(False), body=binding)

    def _write(self, dry_run: bool) -> dict[str, str | None]:
        return {"fieldManager": self._manager, "dryRun": "All" if dry_run else None}


__all__ = [
    "KNOWN",
    "AlreadyExists",
    "Conflict",
    "Forbidden",
    "Gone",
    "Invalid",
    "Kind",
    "Kubernetes",
    "KubernetesError",
    "NotFound",
    "Object",
    "kind_of",
]
