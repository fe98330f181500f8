"""Hook objects: their names, and when they are deleted again."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_kafka.lab.argocd import order, status
from prompt_kafka.lab.argocd.targets import Manifest
from prompt_kafka.lab.argocd.tasks import Task


def named(hook: Manifest, revision: str, started: str) -> Manifest:
    """Return a hook with the name that ``generateName`` stands for in this operation."""
    metadata = hook["metadata"]
    if metadata.get("name") or not metadata.get("generateName"):
        return hook
    begun = status.parse_time(started)
    phase = (order.hooks(hook) or ("Sync",))[0].lower()
    name = f"{metadata['generateName']}{revision[:7]}-{phase}-{int(begun.timestamp()) if begun else 0}"
    rest = {key: each for key, each in metadata.items() if key != "generateName"}
    return {**hook, "metadata": {**rest, "name": name}}


def running(tasks: Iterable[Task]) -> list[Task]:
    """Return the hooks that an ended operation leaves behind."""
    return [task for task in tasks if task.hook and task.running and task.live is not None]


def finished(tasks: Iterable[Task], *, failed: bool) -> list[Task]:
    """Return the hooks to delete because they have finished, by their delete policy."""
    policy = "HookFailed" if failed else "HookSucceeded"
    return [
        task
        for task in tasks
        if task.hook
        and task.wanted is not None
        and task.live is not None
        and task.failed == failed
        and not task.running
        and not task.pending
        and policy in order.delete_policies(task.wanted)
    ]
