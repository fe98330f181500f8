"""The application controller: refreshes, operations and deletions of Application objects.

Everything is done through the Kubernetes API. A refresh is due when somebody asks by annotation, when the
spec changes, when time is up, or (against the commit already known) when a live object changes.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Iterator

from prompt_kafka.clients.kinds import APP_PROJECT, APPLICATION
from prompt_kafka.clients.kubernetes import Conflict, Invalid, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab.argocd import autosync, status
from prompt_kafka.lab.argocd.comparer import Comparer, InvalidSpecError
from prompt_kafka.lab.argocd.deletion import Cascade
from prompt_kafka.lab.argocd.live import LiveState, instance
from prompt_kafka.lab.argocd.merge import merge_patch
from prompt_kafka.lab.argocd.operations import Operations
from prompt_kafka.lab.argocd.rendering import Renderer
from prompt_kafka.lab.argocd.sync import Sync
from prompt_kafka.lab.argocd.targets import identity
from prompt_kafka.lab.cache import ClusterCache
from prompt_kafka.lab.controller import Controller
from prompt_kafka.lab.informer import Key, key_of

log = logging.getLogger(__name__)

REFRESH_PERIOD = 120.0
SETTLE = 0.05
"""Seconds in which several changes of an application's objects count as one."""


class ApplicationController:
    """Argo CD's application controller.

    Parameters
    ----------
    kubernetes, cache
        The API and its local copy.
    renderer
        Git's side.
    factor
        Argo CD's timers are divided by it.
    """

    def __init__(
        self,
        kubernetes: Kubernetes,
        cache: ClusterCache,
        renderer: Renderer,
        *,
        factor: float = 1.0,
        clock: Clock = SYSTEM,
    ) -> None:
        self._kubernetes = kubernetes
        self._cache = cache
        self._renderer = renderer
        self._clock = clock
        self._period = REFRESH_PERIOD / factor
        self._live = live = LiveState(kubernetes, cache)
        self._comparer = Comparer(renderer, live, cache)
        sync = Sync(kubernetes, cache, live, self._comparer, clock=clock, factor=factor)
        self._operations = Operations(
            kubernetes,
            cache,
            self._comparer,
            sync,
            clock=clock,
            factor=factor,
            finished=lambda key: self._ask(key, "latest"),
        )
        self._cascade = Cascade(kubernetes, live)
        self._refresher = Controller("argocd-refresh", self._refresh, workers=2, clock=clock)
        self._operator = Controller("argocd-operation", self._operations.operate, workers=2, clock=clock)
        self._lock = threading.Lock()
        self._asked: dict[Key, str] = {}
        self._seen: dict[Key, str] = {}

    def start(self) -> None:
        """Begin to act."""
        self._refresher.start()
        self._operator.start()
        self._cache.on_change(self._changed)
        self._cache.on_kinds(self._kinds_changed)

    def stop(self) -> None:
        """Stop; an operation under way goes on with the next start."""
        self._refresher.stop()
        self._operator.stop()

    # What makes an application due

    def _changed(self, event: str, obj: Object) -> None:
        group, kind, namespace, name = identity(obj)
        if (group, kind) == (APPLICATION.group, APPLICATION.kind):
            self._application_changed(event, obj, (namespace, name))
            if not self._moved((namespace, name), event, obj):
                return
        elif (group, kind) == (APP_PROJECT.group, APP_PROJECT.kind):
            self._ask_all(obj["metadata"].get("namespace", ""), name)
        if obj["metadata"].get("ownerReferences"):
            return
        for application in self._applications_of(obj):
            self._ask(key_of(application), "live", SETTLE)
            if application.get("operation"):
                self._operator.add(key_of(application), SETTLE)  # a wave may have become healthy

    def _application_changed(self, event: str, obj: Object, key: Key) -> None:
        if event == "DELETED":
            with self._lock:
                self._asked.pop(key, None)
                self._seen.pop(key, None)
            return
        if obj.get("operation"):
            self._operator.add(key)
        if obj["metadata"].get("deletionTimestamp") or self._reason(obj):
            self._refresher.add(key)

    def _moved(self, key: Key, event: str, obj: Object) -> bool:
        """Return whether more than the status changed: only that can matter to the parent."""
        metadata = obj["metadata"]
        kept = [
            obj.get("spec"),
            metadata.get("labels"),
            metadata.get("deletionTimestamp"),
            event == "DELETED",
        ]
        print_ = json.dumps([*kept, sorted(metadata.get("annotations") or {})], sort_keys=True)
        with self._lock:
            before = self._seen.get(key)
            self._seen[key] = print_
        return before != print_

    def _applications_of(self, obj: Object) -> Iterator[Object]:
        """Yield the applications that an object belongs to, by its label or by what they want."""
        which, owner = identity(obj), instance(obj)
        for application in self._applications():
            targets = self._comparer.targets_of(application["metadata"]["name"])
            if application["metadata"]["name"] == owner or (targets and which in targets.objects):
                yield application

    def _applications(self) -> Iterable[Object]:
        return self._cache.items(APPLICATION.group, APPLICATION.kind)

    def _kinds_changed(self) -> None:
        for application in self._applications():
            self._ask(key_of(application), "live", SETTLE)

    def _ask_all(self, namespace: str, project: str) -> None:
        for application in self._applications():
            if key_of(application)[0] == namespace and application["spec"].get("project") == project:
                self._ask(key_of(application), "live", SETTLE)

    def _ask(self, key: Key, level: str, after: float = 0.0) -> None:
        with self._lock:
            self._asked[key] = "latest" if "latest" in (level, self._asked.get(key)) else level
        self._refresher.add(key, after)

    def _reason(self, application: Object) -> str | None:
        if self._frozen(application):
            return None
        return status.refresh_reason(application, self._clock.now(), self._period)

    def _operations_first(self, application: Object) -> bool:
        """Return whether the first look at a new application may wait for other applications' operations."""
        made = status.parse_time(application["metadata"].get("creationTimestamp"))
        if made is None or (self._clock.now() - made).total_seconds() > 5.0 or application.get("operation"):
            return False
        return any(each.get("operation") for each in self._applications())

    @staticmethod
    def _frozen(application: Object) -> bool:
        annotations = application["metadata"].get("annotations") or {}
        return annotations.get(status.SKIP_RECONCILE) == "true"

    # What is then done

    def _refresh(self, key: Key) -> float | None:
        application = self._cache.get(APPLICATION.group, APPLICATION.kind, *key)
        if application is None:
            return None
        if application["metadata"].get("deletionTimestamp"):
            return self._cascade.proceed(application)
        if self._frozen(application):
            return None
        with self._lock:
            asked = self._asked.pop(key, None)
        reason = self._reason(application)
        if reason is None and asked is None:
            return self._left(application)
        if reason == "never compared" and asked is None and self._operations_first(application):
            return 0.2
        latest = reason is not None or asked == "latest"
        try:
            done = self._reconcile(key, application, latest=latest, reason=reason)
        except Exception:
            if asked is not None:
                self._ask(key, asked, self._period)
            raise
        return self._left(done) if done is not None else None

    def _left(self, application: Object) -> float:
        found = application.get("status") or {}
        reconciled = status.parse_time(found.get("reconciledAt"))
        if reconciled is None:
            return self._period
        age = (self._clock.now() - reconciled).total_seconds()
        return max(0.1, (1.0 if status.outdated(found) else self._period) - age)

    def _reconcile(self, key: Key, application: Object, *, latest: bool, reason: str | None) -> Object | None:
        if reason == "hard refresh requested":
            self._renderer.forget()
        now = self._clock.now()
        old = application.get("status") or {}
        automatic = None
        try:
            self._comparer.check(application)
            known = (old.get("sync") or {}).get("revision")
            revision = (
                known if known and not latest else self._renderer.resolve(status.source_of(application))
            )
            compared = self._comparer.compare(application, revision)
        except InvalidSpecError as error:
            new = status.failed(application, [("InvalidSpecError", error.what)], now)
        except PromptKafkaError as error:
            if error.code != "manifests":
                raise
            new = status.failed(application, [("ComparisonError", error.what)], now)
        else:
            automatic = autosync.decide(application, compared.comparison, revision)
            notes = [*compared.notes, *((automatic.condition,) if automatic.condition else ())]
            new = status.compared(
                application,
                compared.comparison,
                revision=revision,
                notes=notes,
                images=self._live.images(key[1], compared.live.values()),
                now=now,
                latest=latest,
            )
        patched = self._persist(key, application, old, new)
        if patched is not None and automatic is not None and automatic.operation:
            self._start(patched, automatic.operation)
        return patched

    def _persist(self, key: Key, application: Object, old: Object, new: Object) -> Object | None:
        annotations = application["metadata"].get("annotations") or {}
        patch = merge_patch(old, new)
        patched: Object | None = application
        try:
            if patch:
                patched = self._kubernetes.patch(APPLICATION, key[1], key[0], {"status": patch})
            if status.REFRESH in annotations:
                patched = self._answered(key, annotations) or patched
        except NotFound:
            return None
        return patched

    def _answered(self, key: Key, annotations: dict[str, str]) -> Object | None:
        """Take the refresh annotation away, unless somebody has asked again meanwhile."""
        body = []
        for name in (status.REFRESH_TIMESTAMP, status.REFRESH):
            if name in annotations:
                path = "/metadata/annotations/" + name.replace("~", "~0").replace("/", "~1")
                body.append({"op": "test", "path": path, "value": annotations[name]})
                body.append({"op": "remove", "path": path})
        try:
            return self._kubernetes.patch(APPLICATION, key[1], key[0], body, how="json")
        except (Invalid, Conflict):
            return None

    def _start(self, application: Object, operation: Object) -> None:
        metadata = application["metadata"]
        body = {
            "metadata": {"resourceVersion": metadata["resourceVersion"]},
            "operation": operation,
            "status": {"operationState": None},
        }
        try:
            self._kubernetes.patch(APPLICATION, metadata["name"], metadata["namespace"], body)
        except (Conflict, NotFound):
            self._ask((metadata["namespace"], metadata["name"]), "live", SETTLE)
