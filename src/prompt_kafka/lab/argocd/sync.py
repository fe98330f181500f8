"""One pass of a sync: what is due now is applied and pruned, the rest is waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from prompt_kafka.clients.kinds import NAMESPACE
from prompt_kafka.clients.kubernetes import AlreadyExists, Kubernetes, Object, Propagation
from prompt_kafka.core.clock import Clock
from prompt_kafka.lab.argocd import hooks, order, status, tasks
from prompt_kafka.lab.argocd.apply import Applier, Refused
from prompt_kafka.lab.argocd.comparer import Compared, Comparer
from prompt_kafka.lab.argocd.comparison import SYNC_OPTIONS
from prompt_kafka.lab.argocd.live import LiveState
from prompt_kafka.lab.argocd.targets import Identity, Targets, defined, describe, left_out
from prompt_kafka.lab.argocd.tasks import Result, Task
from prompt_kafka.lab.cache import ClusterCache

WAVE_PAUSE = 2.0
DELETION_APPROVED = "argocd.argoproj.io/deletion-approved"
State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an operation stands: phase, message, and seconds until a running one is looked at again."""

    phase: str
    message: str
    again: float | None = None


class Sync:
    """Writes what an operation asks for.

    Parameters
    ----------
    kubernetes, cache, live, comparer
        The cluster and how it is compared with Git.
    clock, factor
        The pause between waves is divided by the lab's factor.
    """

    def __init__(
        self,
        kubernetes: Kubernetes,
        cache: ClusterCache,
        live: LiveState,
        comparer: Comparer,
        *,
        clock: Clock,
        factor: float,
    ) -> None:
        self._kubernetes = kubernetes
        self._cache = cache
        self._live = live
        self._comparer = comparer
        self._applier = Applier(kubernetes, live)
        self._clock = clock
        self._pause = WAVE_PAUSE / factor

    def step(self, application: Object, state: State) -> Verdict:
        """Do what is due; update ``state["syncResult"]``."""
        sync = state["operation"].get("sync")
        if sync is None:
            return Verdict("Error", "Invalid operation request: no operation specified")
        compared = self._compare(application, state, sync)
        options = set(sync.get("syncOptions") or ())
        if "FailOnSharedResource=true" in options:
            shared = [text for kind, text in compared.notes if kind == "SharedResourceWarning"]
            if shared:
                return Verdict("Failed", f"Shared resource found: {', '.join(shared)}")
        results: list[Result] = state["syncResult"].get("resources") or []
        todo = self._tasks(compared, sync, options, results)
        if not results:
            if any(task.wanted is not None and self._live.kind(task.wanted) is None for task in todo):
                self._cache.refresh_kinds()  # another application may have defined them a moment ago
            refused = set(self._comparer.refused(application, compared.targets))
            todo = [self._checked(task, compared.targets, refused) for task in todo]
            if bad := [task for task in todo if task.failed]:
                self._record(state, bad)
                reasons = ",".join(str((task.result or {})["message"]) for task in bad)
                return Verdict("Failed", f"one or more objects failed to apply (dry run), reason: {reasons}")
        verdict, todo = self._advance(application, state, sync, options, todo)
        self._record(state, todo)
        if verdict.phase == "Succeeded":
            verdict = replace(verdict, message=verdict.message + left_out(compared.targets))
        return verdict

    def terminate(self, application: Object, state: State) -> None:
        """Delete the running hooks of an operation that is being terminated; what is applied stays."""
        if not state.get("syncResult"):
            return
        sync = state["operation"].get("sync") or {}
        compared = self._compare(application, state, sync)
        todo = self._tasks(compared, sync, set(), state["syncResult"].get("resources") or [])
        for task in hooks.running(todo):
            if task.live is not None:
                self._applier.delete(task.live, propagation="Background")

    def _compare(self, application: Object, state: State, sync: Mapping[str, Any]) -> Compared:
        result = state.get("syncResult") or {}
        sources = sync.get("sources") or [sync.get("source")]
        source = result.get("source") or sources[0] or status.source_of(application)
        asked = (sync.get("revisions") or [sync.get("revision")])[0]
        revision = result.get("revision") or self._comparer.renderer.resolve(source, asked)
        state["syncResult"] = {**result, "revision": revision, "source": source}
        compared = self._comparer.compare(
            application, revision, source=source, manifests=sync.get("manifests")
        )
        made = tuple(hooks.named(each, revision, state["startedAt"]) for each in compared.targets.hooks)
        targets = replace(compared.targets, hooks=made)
        return replace(
            compared, targets=targets, live={**compared.live, **self._live.of(Targets(hooks=made))}
        )

    def _tasks(
        self, compared: Compared, sync: Mapping[str, Any], options: set[str], results: Sequence[Result]
    ) -> list[Task]:
        todo = tasks.plan(
            compared.targets,
            compared.live,
            compared.comparison,
            resources=sync.get("resources") or (),
            hooks="apply" not in (sync.get("syncStrategy") or {}),
            only_out_of_sync="ApplyOutOfSyncOnly=true" in options,
            prune_last="PruneLast=true" in options,
            results=results,
        )
        return [tasks.progressed(task) for task in todo]

    def _checked(self, task: Task, targets: Targets, refused: set[Identity]) -> Task:
        if task.wanted is None:
            return task
        try:
            if task.which in refused:
                raise Refused(f"resource {':'.join(task.which[:2])} is not permitted in project")
            self._applier.check(task.wanted, defined(targets.objects.values()))
        except Refused as error:
            return replace(task, result=tasks.result(task, "SyncFailed", str(error), "Failed"))
        return task

    def _advance(
        self, application: Object, state: State, sync: Mapping[str, Any], options: set[str], todo: list[Task]
    ) -> tuple[Verdict, list[Task]]:
        dry = bool(sync.get("dryRun"))
        confirmed = _approved(application, state)
        due = tasks.decide(todo)
        if due.do == "wait":
            return Verdict("Running", due.message, 0.5), todo
        if due.do == "failed":
            self._tidy_hooks(todo, failed=True)
            return Verdict("Failed", due.message), todo
        if due.do == "succeeded":
            self._tidy_hooks(todo, failed=False)
            return Verdict("Succeeded", due.message), todo
        if not dry and "CreateNamespace=true" in options:
            self._create_namespace(application)
        if waiting := self._unconfirmed(due.tasks, sync, confirmed):
            return Verdict("Running", f"waiting for deletion confirmation of {waiting}", 0.5), todo
        done = self._run(due.tasks, sync, options, confirmed, dry=dry)
        todo = [done.get(id(task), task) for task in todo]
        ok = not any(task.failed for task in done.values())
        if ok and (dry or (due.last and not any(task.hook for task in due.tasks))):
            if dry and not due.last:
                return self._advance(application, state, sync, options, _settled(todo))
            self._tidy_hooks(todo, failed=False)
            return Verdict("Succeeded", "successfully synced (all tasks run)"), todo
        if not ok:
            return self._advance(application, state, sync, options, todo)
        return Verdict("Running", tasks.waiting_for(due.tasks), self._pause), todo

    def _run(
        self, due: Sequence[Task], sync: Mapping[str, Any], options: set[str], confirmed: bool, *, dry: bool
    ) -> dict[int, Task]:
        done: dict[int, Task] = {}
        written: list[Object] = []
        for task in sorted(due, key=lambda each: each.wanted is not None):
            if task.wanted is None:
                done[id(task)] = self._prune(task, sync, options, confirmed, dry=dry)
                continue
            kinds_may_have_come = (
                task.which[1] != "CustomResourceDefinition" and self._live.kind(task.wanted) is None
            )
            if kinds_may_have_come and not dry:
                self._clock.wait_until(lambda task=task: self._kind_there(task), 10.0)  # type: ignore[misc]
            done[id(task)], obj = self._apply(task, options, dry=dry)
            if obj is not None:
                written.append(obj)
            if done[id(task)].failed:
                break
        # What follows compares with the cache: let it catch up with what was just written.
        for obj in written:
            self._cache.wait_seen(obj)
        return done

    def _kind_there(self, task: Task) -> bool:
        assert task.wanted is not None
        if self._live.kind(task.wanted) is None:
            self._cache.refresh_kinds()
        return self._live.kind(task.wanted) is not None

    def _apply(self, task: Task, options: set[str], *, dry: bool) -> tuple[Task, Object | None]:
        assert task.wanted is not None
        own = {each.strip() for each in order.annotations_of(task.wanted).get(SYNC_OPTIONS, "").split(",")}
        try:
            if task.hook and task.live is not None and not dry:
                self._before_hook(task)
            message, obj = self._applier.apply(
                task.wanted, replace="Replace=true" in options | own, dry_run=dry
            )
        except Refused as error:
            return replace(task, result=tasks.result(task, "SyncFailed", str(error), "Failed")), None
        if "ServerSideApply=true" in options | own:
            message += " (applied from the client's side: the lab has no server-side apply)"
        return replace(task, result=tasks.result(task, "Synced", message, "Running")), obj

    def _before_hook(self, task: Task) -> None:
        assert task.wanted is not None and task.live is not None
        if "BeforeHookCreation" in order.delete_policies(task.wanted):
            self._applier.delete(task.live, propagation="Background")
            self._clock.wait_until(lambda: self._live.get(task.wanted or {}) is None, 5.0, interval=0.02)

    def _prune(
        self, task: Task, sync: Mapping[str, Any], options: set[str], confirmed: bool, *, dry: bool
    ) -> Task:
        assert task.live is not None
        kept = tasks.prune_verdict(task.live, prune=bool(sync.get("prune")), confirmed=confirmed)
        if kept is not None:
            return replace(task, result=tasks.result(task, "PruneSkipped", kept, "Succeeded"))
        try:
            message = self._applier.delete(task.live, propagation=_propagation(options), dry_run=dry)
        except Refused as error:
            return replace(task, result=tasks.result(task, "SyncFailed", str(error), "Failed"))
        return replace(task, result=tasks.result(task, "Pruned", message, "Succeeded" if dry else "Running"))

    @staticmethod
    def _unconfirmed(due: Sequence[Task], sync: Mapping[str, Any], confirmed: bool) -> str:
        waiting = [
            describe(task.which)
            for task in due
            if task.wanted is None
            and task.live is not None
            and tasks.prune_verdict(task.live, prune=bool(sync.get("prune")), confirmed=confirmed)
            == "confirm"
        ]
        return ", ".join(waiting)

    def _tidy_hooks(self, todo: Sequence[Task], *, failed: bool) -> None:
        for task in hooks.finished(todo, failed=failed):
            if task.live is not None:
                self._applier.delete(task.live, propagation="Background")

    def _create_namespace(self, application: Object) -> None:
        name = application["spec"]["destination"].get("namespace")
        if name and self._kubernetes.find(NAMESPACE, name) is None:
            try:
                self._kubernetes.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            except AlreadyExists:
                pass

    @staticmethod
    def _record(state: State, todo: Sequence[Task]) -> None:
        state["syncResult"]["resources"] = [task.result for task in todo if task.result is not None]


def _propagation(options: set[str]) -> Propagation:
    if "PrunePropagationPolicy=background" in options:
        return "Background"
    return "Orphan" if "PrunePropagationPolicy=orphan" in options else "Foreground"


def _settled(todo: Sequence[Task]) -> list[Task]:
    """Return the tasks with everything that ran taken as finished: a dry run waits for nothing."""
    return [
        replace(task, result={**task.result, "hookPhase": "Succeeded"})
        if task.result is not None and task.running
        else task
        for task in todo
    ]


def _approved(application: Object, state: State) -> bool:
    """Return whether a person has agreed to deletions after this operation began."""
    text = order.annotations_of(application).get(DELETION_APPROVED)
    try:
        approved, begun = status.parse_time(text), status.parse_time(state["startedAt"])
    except ValueError:
        return False
    return approved is not None and begun is not None and approved > begun
