"""Operations: a sync from the moment somebody patches ``operation`` to the phase it ends in.

Everything about a running operation is in the Application: a controller that is killed and started again goes
on from there. An operation is cleared in the same patch that writes its end.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from prompt_kafka.clients.kinds import APPLICATION
from prompt_kafka.clients.kubernetes import Kubernetes, Object
from prompt_kafka.core.clock import Clock
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab.argocd import status
from prompt_kafka.lab.argocd.comparer import Comparer
from prompt_kafka.lab.argocd.durations import duration
from prompt_kafka.lab.argocd.merge import merge_patch
from prompt_kafka.lab.argocd.sync import Sync, Verdict
from prompt_kafka.lab.argocd.windows import blocked
from prompt_kafka.lab.cache import ClusterCache
from prompt_kafka.lab.informer import Key

log = logging.getLogger(__name__)
State = dict[str, Any]


class Operations:
    """Carries operations out.

    Parameters
    ----------
    kubernetes, cache
        The API and its local copy.
    comparer, sync
        How an application is compared, and how its objects are written.
    clock, factor
        Retry delays are divided by the lab's factor.
    finished
        Called with the application's key when an operation that wrote something has ended.
    """

    def __init__(
        self,
        kubernetes: Kubernetes,
        cache: ClusterCache,
        comparer: Comparer,
        sync: Sync,
        *,
        clock: Clock,
        factor: float,
        finished: Callable[[Key], None],
    ) -> None:
        self._kubernetes = kubernetes
        self._cache = cache
        self._comparer = comparer
        self._sync = sync
        self._clock = clock
        self._factor = factor
        self._finished = finished

    def operate(self, key: Key) -> float | None:
        """Take an application's operation as far as it goes now.

        Returns
        -------
        float or None
            Seconds after which to look again.
        """
        # The informer may still show an operation that has just ended: ask the server.
        application = self._kubernetes.find(APPLICATION, key[1], key[0])
        if application is None or not application.get("operation"):
            return None
        state = self._begin(application)
        # As in Argo CD, a closed window also holds up a termination.
        if why := self._blocked(application, state):
            self._write(application, {**state, "message": why})
            return 1.0
        if state.get("phase") == "Terminating":
            self._sync.terminate(application, state)
            return self._end(application, state, Verdict("Failed", "Operation terminated"))
        if state.get("finishedAt"):
            left = self._until_retry(state)
            if left > 0:
                return left
            state.pop("finishedAt")
            (state.get("syncResult") or {}).pop("resources", None)
            if (state["operation"].get("retry") or {}).get("refresh"):
                state.pop("syncResult", None)
            state["message"] = f"Retrying operation. Attempt #{state.get('retryCount', 0)}"
        return self._end(application, state, self._pass(application, state))

    def _begin(self, application: Object) -> State:
        if status.in_progress(application):
            return copy.deepcopy(application["status"]["operationState"])
        state: State = {
            "operation": copy.deepcopy(application["operation"]),
            "phase": "Running",
            "message": "waiting to start",
            "startedAt": status.stamp(self._clock.now()),
            "retryCount": 0,
        }
        self._write(application, state)
        application.setdefault("status", {})["operationState"] = copy.deepcopy(state)
        log.info("%s: operation begun: %s", application["metadata"]["name"], _summary(state["operation"]))
        return state

    def _blocked(self, application: Object, state: State) -> str | None:
        automated = bool((state["operation"].get("initiatedBy") or {}).get("automated"))
        begun = bool((state.get("syncResult") or {}).get("resources"))
        project = self._cache.get(
            "argoproj.io",
            "AppProject",
            application["metadata"]["namespace"],
            application["spec"].get("project") or "default",
        )
        windows = ((project or {}).get("spec") or {}).get("syncWindows") or []
        return blocked(windows, application, self._clock.now(), manual=not automated, running=begun)

    def _pass(self, application: Object, state: State) -> Verdict:
        try:
            self._comparer.check(application)
            return self._sync.step(application, state)
        except PromptKafkaError as error:
            return Verdict(
                "Error", f"ComparisonError: {error.what}" if error.code == "manifests" else error.what
            )

    def _end(self, application: Object, state: State, verdict: Verdict) -> float | None:
        now = self._clock.now()
        state["message"] = verdict.message
        terminated = state.get("phase") == "Terminating"
        state["phase"] = verdict.phase
        if verdict.phase == "Running":
            self._write(application, state)
            return verdict.again
        retry = state["operation"].get("retry") or {}
        limit, count = int(retry.get("limit", 0) or 0), int(state.get("retryCount", 0) or 0)
        state["finishedAt"] = status.stamp(now)
        if verdict.phase != "Succeeded" and not terminated and (limit < 0 or count < limit):
            state["phase"] = "Running"
            state["retryCount"] = count + 1
            at = now + timedelta(seconds=self._back_off(retry, count))
            state["message"] += f". Retrying attempt #{count + 1} at {at:%-I:%M%p}."
            self._write(application, state)
            return self._until_retry(state)
        if count and verdict.phase != "Succeeded":
            state["message"] += f" (retried {count} times)."
        sync = state["operation"].get("sync") or {}
        entry = None
        if verdict.phase == "Succeeded" and not sync.get("dryRun") and not sync.get("resources"):
            entry = self._history(application, state)
        self._write(application, state, ended=True, history=entry)
        log.info(
            "%s: operation ended: %s: %s", application["metadata"]["name"], state["phase"], state["message"]
        )
        if not sync.get("dryRun"):
            self._finished((application["metadata"]["namespace"], application["metadata"]["name"]))
        return None

    def _history(self, application: Object, state: State) -> list[State]:
        result = state.get("syncResult") or {}
        return status.history(
            (application.get("status") or {}).get("history") or [],
            revision=result.get("revision", ""),
            source=result.get("source") or {},
            started=state["startedAt"],
            finished=state["finishedAt"],
            initiated_by=state["operation"].get("initiatedBy") or {},
            limit=application["spec"].get("revisionHistoryLimit"),
        )

    def _write(
        self, application: Object, state: State, *, ended: bool = False, history: list[State] | None = None
    ) -> None:
        old = (application.get("status") or {}).get("operationState")
        patch = merge_patch(old, state) if old else state
        body: dict[str, Any] = {"status": {"operationState": patch}}
        if history is not None:
            body["status"]["history"] = history
        if ended:
            body["operation"] = None
        elif not patch:
            return
        metadata = application["metadata"]
        self._kubernetes.patch(APPLICATION, metadata["name"], metadata["namespace"], body)

    def _until_retry(self, state: State) -> float:
        finished = status.parse_time(state["finishedAt"])
        assert finished is not None
        back_off = self._back_off(state["operation"].get("retry") or {}, int(state.get("retryCount", 1)) - 1)
        return back_off - (self._clock.now() - finished).total_seconds()

    def _back_off(self, retry: dict[str, Any], count: int) -> float:
        given = retry.get("backoff") or {}
        first = duration(str(given.get("duration") or "")) or 5.0
        most = duration(str(given.get("maxDuration") or "")) or 180.0
        return min(first * float(given.get("factor") or 2) ** count, most) / self._factor


def _summary(operation: dict[str, Any]) -> str:
    sync = operation.get("sync") or {}
    by = (operation.get("initiatedBy") or {}).get("username") or "unknown"
    what = f"sync {str(sync.get('revision') or '')[:12] or 'to the latest revision'} by {by}"
    flags = [name for name in ("prune", "dryRun") if sync.get(name)]
    some = f", {len(sync['resources'])} resources" if sync.get("resources") else ""
    return what + some + "".join(f", {flag}" for flag in flags)
