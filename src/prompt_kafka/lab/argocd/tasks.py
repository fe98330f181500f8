"""What a sync has to do, and what comes next: decided from values.

A sync is a list of tasks in phases and waves. Results are kept in the Application itself
(``operationState.syncResult.resources``), so a restarted controller goes on where the old one was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from prompt_kafka.lab.argocd import health, order
from prompt_kafka.lab.argocd.comparison import KEEP, SYNC_OPTIONS, Comparison, has_option
from prompt_kafka.lab.argocd.targets import Identity, Manifest, Targets, identity

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One object to apply or to prune.

    Attributes
    ----------
    phase, wave
        When.
    which
        The object.
    wanted
        What to apply; None for a prune.
    live
        The object as it is; None when it is not there.
    hook
        Whether it is a hook.
    result
        Its entry in the operation's results; None before it was run.
    """

    phase: str
    wave: int
    which: Identity
    wanted: Manifest | None
    live: Manifest | None
    hook: bool = False
    result: Result | None = field(default=None, compare=False)

    @property
    def pending(self) -> bool:
        """Whether it has not been run."""
        return self.result is None

    @property
    def running(self) -> bool:
        """Whether it was run and is not known to be finished."""
        return self.result is not None and self.result.get("hookPhase") == "Running"

    @property
    def failed(self) -> bool:
        """Whether it was refused, or ended badly."""
        return self.result is not None and (
            self.result.get("hookPhase") in ("Failed", "Error") or self.result.get("status") == "SyncFailed"
        )


@dataclass(frozen=True, slots=True)
class Next:
    """What a sync does next.

    Attributes
    ----------
    do
        ``run`` these tasks, ``wait`` for these, or end as ``succeeded`` or ``failed``.
    tasks
        The tasks.
    message
        For the operation's state.
    last
        Whether nothing comes after these tasks.
    """

    do: Literal["run", "wait", "succeeded", "failed"]
    tasks: tuple[Task, ...] = ()
    message: str = ""
    last: bool = False


def selected(which: Identity, resources: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a selective sync includes an object; all are included when nothing is selected."""
    group, kind, namespace, name = which
    return not resources or any(
        each.get("group", "") == group
        and each.get("kind") == kind
        and each.get("name") == name
        and each.get("namespace") in (None, "", namespace)
        for each in resources
    )


def plan(
    targets: Targets,
    live: Mapping[Identity, Manifest],
    comparison: Comparison,
    *,
    resources: Sequence[Mapping[str, Any]] = (),
    hooks: bool = True,
    only_out_of_sync: bool = False,
    prune_last: bool = False,
    results: Iterable[Result] = (),
) -> list[Task]:
    """Return the tasks of a sync in order, with the results that are known already.

    Parameters
    ----------
    targets, live, comparison
        What is wanted, what is there, how they differ. `live` includes hooks that exist.
    resources
        The selection of a selective sync: no hooks run then.
    hooks
        False for the apply strategy.
    only_out_of_sync, prune_last
        The sync options of that name.
    results
        Of the operation so far.
    """
    done = {_result_key(each): each for each in results}
    tasks = [
        Task("Sync", order.wave(obj), which, obj, live.get(which))
        for which, obj in targets.objects.items()
        if selected(which, resources) and (which in comparison.different or not only_out_of_sync)
    ]
    if hooks and not resources:
        for obj in targets.hooks:
            which = identity(obj)
            tasks += [
                Task(phase, order.wave(obj), which, obj, live.get(which), hook=True)
                for phase in order.hooks(obj)
                if phase in order.PHASES
            ]
    tasks += _prunes(comparison.extra, resources, tasks, prune_last)
    known = [replace(task, result=done.get(_task_key(task))) for task in tasks]
    return sorted(known, key=lambda task: order.sort_key(task.phase, task.wave, task.which[1], task.which[3]))


def _prunes(
    extra: Mapping[Identity, Manifest],
    resources: Sequence[Mapping[str, Any]],
    tasks: Sequence[Task],
    last: bool,
) -> list[Task]:
    chosen = {which: obj for which, obj in extra.items() if selected(which, resources)}
    waves = order.reversed_waves(order.wave(obj) for obj in chosen.values())
    end = max((task.wave for task in tasks if task.phase == "Sync"), default=0) + 1
    prunes = []
    for which, obj in chosen.items():
        late = last or has_option(obj, SYNC_OPTIONS, "PruneLast=true")
        prunes.append(Task("Sync", end if late else waves[order.wave(obj)], which, None, obj))
    return prunes


def _result_key(result: Mapping[str, Any]) -> tuple[str, ...]:
    names = (str(result.get(key) or "") for key in ("group", "kind", "namespace", "name"))
    return (str(result.get("syncPhase") or "Sync"), *names)


def _task_key(task: Task) -> tuple[str, ...]:
    return (task.phase, *task.which)


def result(task: Task, status: str, message: str, phase: str) -> Result:
    """Return the entry for a task in ``syncResult.resources``."""
    obj = task.wanted or task.live or {"apiVersion": "", "metadata": {}}
    group, kind, namespace, name = task.which
    entry = {
        "group": group,
        "version": obj["apiVersion"].rpartition("/")[2],
        "kind": kind,
        "namespace": namespace,
        "name": name,
        "status": status,
        "message": message,
        "hookPhase": phase,
        "syncPhase": task.phase,
    }
    if task.hook:
        entry["hookType"] = task.phase
    if images := _images(obj):
        entry["images"] = images
    return entry


def _images(obj: Mapping[str, Any]) -> list[str]:
    spec = obj.get("spec") or {}
    pod = (spec.get("template") or {}).get("spec") or spec
    containers = pod.get("containers") if isinstance(pod, Mapping) else None
    return [str(each["image"]) for each in containers or () if isinstance(each, Mapping) and "image" in each]


def progressed(task: Task) -> Task:
    """Return a running task with its result brought up to date from the live object's health."""
    if not task.running:
        return task
    before = task.result or {}
    if task.live is None:
        if task.wanted is None or task.hook:  # a prune is over when the object is gone; so is a deleted hook
            return replace(task, result={**before, "hookPhase": "Succeeded"})
        return task
    if task.wanted is None:
        return task
    felt = health.of(task.live)
    if felt is None or felt.status == "Healthy":
        return replace(task, result={**before, "hookPhase": "Succeeded"})
    if felt.status == "Degraded" or (task.hook and felt.status == "Unknown"):
        message = felt.message or str(before.get("message", ""))
        return replace(task, result={**before, "hookPhase": "Failed", "message": message})
    return task


def decide(tasks: Sequence[Task]) -> Next:
    """Return what to do next.

    The next wave starts when the one before is applied and healthy; the very last wave is only applied. So
    a sync without hooks and with one wave succeeds as soon as its manifests were accepted.
    """
    regular = [task for task in tasks if task.phase != "SyncFail"]
    places = {(task.phase, task.wave) for task in regular}
    many = len(places) > 1
    waiting = tuple(task for task in regular if (many or task.hook) and task.running)
    if waiting:
        return Next("wait", waiting, waiting_for(waiting))
    if failed := [task for task in regular if task.failed]:
        reasons = ",".join(str((task.result or {}).get("message", "")) for task in failed)
        refused = any((task.result or {}).get("status") == "SyncFailed" for task in failed)
        what = (
            "one or more objects failed to apply"
            if refused
            else "one or more synchronization tasks completed unsuccessfully"
        )
        return _failed(tasks, f"{what}, reason: {reasons}")
    pending = [task for task in regular if task.pending]
    if not pending:
        return Next("succeeded", message="successfully synced (no more tasks)")
    first = pending[0]
    now = tuple(task for task in pending if (task.phase, task.wave) == (first.phase, first.wave))
    return Next("run", now, "one or more tasks are running", last=len(now) == len(pending))


def _failed(tasks: Sequence[Task], message: str) -> Next:
    rescue = [task for task in tasks if task.phase == "SyncFail"]
    if running := tuple(task for task in rescue if task.running):
        return Next("wait", running, waiting_for(running))
    if pending := tuple(task for task in rescue if task.pending):
        return Next("run", pending, message)
    return Next("failed", message=message)


def waiting_for(tasks: Sequence[Task]) -> str:
    """Return the message of an operation that waits for tasks."""
    group, kind, _, name = tasks[0].which
    what = "completion of hook" if tasks[0].hook else "healthy state of"
    if tasks[0].wanted is None:
        what = "deletion of"
    more = f" and {len(tasks) - 1} more resources" if len(tasks) > 1 else ""
    if tasks[0].hook:
        more = more.replace("resources", "hooks")
    return f"waiting for {what} {group}/{kind}/{name}".replace(" /", " ") + more


def prune_verdict(live: Mapping[str, Any], *, prune: bool, confirmed: bool) -> str | None:
    """Return why a live object is not pruned, None when it is, ``confirm`` when a person must agree first.

    Protection is read from the live object, never from Git.
    """
    if not prune:
        return "ignored (requires pruning)"
    if has_option(live, SYNC_OPTIONS, "Prune=false") or has_option(live, KEEP, "keep"):
        return "ignored (no prune)"
    if has_option(live, SYNC_OPTIONS, "Prune=confirm") and not confirmed:
        return "confirm"
    return None
