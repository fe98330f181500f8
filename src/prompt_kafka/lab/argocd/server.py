"""What Argo CD's API server does with an Application: look, refuse, set what the controller acts on."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from prompt_kafka.clients.kinds import APP_PROJECT, APPLICATION
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.argocd import status
from prompt_kafka.lab.argocd.windows import blocked

INVALID, NOT_FOUND, DENIED, PRECONDITION, INTERNAL = 3, 5, 7, 9, 13
"""Codes of gRPC, from which the HTTP status follows."""
REFRESH_S = 60.0


class ApiRefusal(Exception):
    """A request that is refused, with the HTTP status and gRPC's code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": message, "code": code, "message": message}


class Applications:
    """Applications, as the API server handles them.

    Parameters
    ----------
    kubernetes
        Where the objects are.
    """

    def __init__(self, kubernetes: Kubernetes, *, clock: Clock = SYSTEM) -> None:
        self._kubernetes, self._clock = kubernetes, clock
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End the refreshes that somebody waits for."""
        self._stopping.set()

    def items(self, namespace: str) -> Object:
        """Return all Applications of a namespace."""
        items, version = self._kubernetes.list_at(APPLICATION, namespace)
        return {"metadata": {"resourceVersion": version}, "items": items}

    def get(self, name: str, namespace: str, refresh: str | None) -> Object:
        """Return one, after its comparison when `refresh` is given; ``hard`` drops what was rendered."""
        found = self._find(name, namespace)
        if refresh is None:
            return found
        now = self._clock.now().astimezone(UTC).isoformat(timespec="microseconds")
        annotations = {
            status.REFRESH: "hard" if refresh == "hard" else "normal",
            status.REFRESH_TIMESTAMP: now.replace("+00:00", "Z"),
        }
        self._kubernetes.patch(APPLICATION, name, namespace, {"metadata": {"annotations": annotations}})
        end = self._clock.monotonic() + REFRESH_S
        while status.REFRESH in ((found := self._find(name, namespace))["metadata"].get("annotations") or {}):
            if self._clock.monotonic() > end or self._stopping.is_set():
                raise ApiRefusal(504, 4, "application refresh deadline exceeded")
            self._clock.sleep(0.05)
        return found

    def sync(self, name: str, namespace: str, request: Mapping[str, Any], account: str) -> Object:
        """Set the operation of a sync."""
        found = self._find(name, namespace)
        if blocked(self._windows(found), found, self._clock.now(), manual=True, running=False):
            raise ApiRefusal(403, DENIED, "cannot sync: blocked by sync window")
        self._not_deleting(found)
        policy = found["spec"].get("syncPolicy") or {}
        target = (found["spec"].get("source") or {}).get("targetRevision") or "HEAD"
        revision = str(request.get("revision") or "")
        if revision and revision != target and _automated(found) and not request.get("dryRun"):
            raise ApiRefusal(
                400, PRECONDITION, f"Cannot sync to {revision}: auto-sync currently set to {target}"
            )
        sync: Object = {"revision": revision, "prune": bool(request.get("prune"))}
        given = request.get("syncOptions")
        options = (given or {}).get("items") if given is not None else policy.get("syncOptions")
        for key, value in (
            ("dryRun", bool(request.get("dryRun"))),
            ("resources", request.get("resources")),
            ("syncStrategy", request.get("strategy")),
            ("syncOptions", options),
        ):
            if value:
                sync[key] = copy.deepcopy(value)
        return self._set(found, sync, account, request.get("infos"), request.get("retryStrategy"))

    def rollback(self, name: str, namespace: str, request: Mapping[str, Any], account: str) -> Object:
        """Set the operation that brings back what an entry of the history deployed."""
        found = self._find(name, namespace)
        self._not_deleting(found)
        if _automated(found):
            raise ApiRefusal(400, PRECONDITION, "rollback cannot be initiated when auto-sync is enabled")
        number = int(request.get("id") or 0)
        history = (found.get("status") or {}).get("history") or ()
        entry = next((each for each in history if each.get("id") == number), None)
        if entry is None:
            raise ApiRefusal(400, INVALID, f"application {name} does not have deployment with id {number}")
        options = (found["spec"].get("syncPolicy") or {}).get("syncOptions")
        sync: Object = {
            "revision": entry.get("revision", ""),
            "source": entry.get("source"),
            "prune": bool(request.get("prune")),
            "syncStrategy": {"apply": {}},
        }
        sync |= {"syncOptions": options} if options else {}
        sync |= {"dryRun": True} if request.get("dryRun") else {}
        return self._set(found, sync, account, None, None)

    def terminate(self, name: str, namespace: str) -> Object:
        """Have the controller end the operation under way."""
        for _ in range(10):
            found = self._find(name, namespace)
            state = (found.get("status") or {}).get("operationState")
            if not found.get("operation") or not state:
                raise ApiRefusal(400, INVALID, "Unable to terminate operation. No operation is in progress")
            body = {
                "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
                "status": {"operationState": {"phase": "Terminating"}},
            }
            try:
                self._kubernetes.patch(APPLICATION, name, namespace, body)
                return {}
            except Conflict:
                self._clock.sleep(0.02)
        raise ApiRefusal(500, INTERNAL, "Failed to terminate app. Too many conflicts")

    def _set(self, found: Object, sync: Object, account: str, infos: Any, retry: Any) -> Object:
        name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
        operation: Object = {"initiatedBy": {"username": account}, "sync": sync}
        operation |= {"info": list(infos)} if infos else {}
        retry = retry or (found["spec"].get("syncPolicy") or {}).get("retry")
        operation |= {"retry": retry} if retry else {}
        while True:
            if found.get("operation"):
                raise ApiRefusal(400, PRECONDITION, "another operation is already in progress")
            body = {
                "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
                "operation": operation,
                "status": {"operationState": None},
            }
            try:
                return self._kubernetes.patch(APPLICATION, name, namespace, body)
            except Conflict:
                found = self._find(name, namespace)

    def _find(self, name: str, namespace: str) -> Object:
        try:
            return self._kubernetes.get(APPLICATION, name, namespace)
        except NotFound:
            message = f'applications.argoproj.io "{name}" not found'
            raise ApiRefusal(404, NOT_FOUND, message) from None

    def _windows(self, application: Object) -> list[Any]:
        project = self._kubernetes.find(
            APP_PROJECT,
            application["spec"].get("project") or "default",
            application["metadata"]["namespace"],
        )
        return list(((project or {}).get("spec") or {}).get("syncWindows") or ())

    @staticmethod
    def _not_deleting(application: Object) -> None:
        if application["metadata"].get("deletionTimestamp"):
            raise ApiRefusal(400, PRECONDITION, "application is deleting")


def _automated(application: Object) -> bool:
    automated = (application["spec"].get("syncPolicy") or {}).get("automated")
    return automated is not None and automated.get("enabled") is not False
