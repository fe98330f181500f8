"""A service before a deployment, as a value: commits are sets of files, one of them is deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prompt_kafka.core.actions import Action, Annotate
from prompt_kafka.core.changes import CommitFiles, Manual, Refresh, Sync
from prompt_kafka.core.configured import BrokerSettings, Setting
from prompt_kafka.core.delivery import Commit, Folder
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import Seen, World
from prompt_kafka.procedures.table import Means
from tests import worlds
from tests.topics import FOLDER, HEAD, OLDER, Charts, change, service, shipped_files, with_objects
from tests.worlds import BROKERS, NOW

SETTINGS = {
    "log.retention.hours": Setting("336"),
    "log.cleaner.threads": Setting("1"),
    "num.partitions": Setting("1", read_only=True),
    "auto.create.topics.enable": Setting("false", read_only=True),
}


def edited(edits: Mapping[str, list[list[str]] | None]) -> dict[str, str | None]:
    """Return files of the chart in which text was replaced; None takes a file away."""
    files: dict[str, str | None] = {}
    for path, pairs in edits.items():
        text = shipped_files().get(f"{FOLDER}/{path}", "")
        for old, new in pairs or ():
            assert old in text, f"{path} has no {old!r}"
            text = text.replace(old, new, 1) if old else new
        files[f"{FOLDER}/{path}"] = None if pairs is None else text
    return files


def before(
    head: Mapping[str, str | None],
    older: Mapping[str, str | None],
    differences: Mapping[str, Any],
    of_world: Mapping[str, Any],
) -> tuple[World, Means]:
    """Return a healthy service with a commit to deploy, and what there is to plan with.

    Parameters
    ----------
    head, older
        Files of the newest commit and of the one before, in place of the shipped ones.
    differences
        As in :func:`tests.topics.change`; the older commit is deployed unless it says otherwise.
    of_world
        As in :func:`tests.worlds.change`.
    """
    charts = Charts(head, older=older)
    deployed = differences.get("application", {}).get("deployed", OLDER)
    world = with_objects(service(files=_texts(head)), charts("lab", {}, deployed))
    settings = BrokerSettings({id: SETTINGS for id in BROKERS}, 27)
    world = replace(world, settings=Seen(settings, NOW))
    git = world.git.known
    assert git is not None
    log = (Commit(HEAD, "Keep logs shorter", "Ada", NOW), Commit(OLDER, "As before", "Ada", NOW))
    world = replace(world, git=Seen(replace(git, log=log), NOW))
    usual = {"deployed": OLDER, "history": [OLDER], "sync": "OutOfSync"}
    fields = {**usual, **differences.get("application", {})}
    world = change(world, {**differences, "application": fields})
    folders = {HEAD: _folder(head), OLDER: _folder(older)}
    means = Means(Environment("lab"), canary=True, render=charts, tree=folders.__getitem__)
    return worlds.change(world, of_world), means


def with_settings(world: World, changed: Mapping[str, Mapping[str, Any]]) -> World:
    """Return a world in which every broker has these settings, too."""
    settings = {**SETTINGS, **{name: Setting(**each) for name, each in changed.items()}}
    return replace(world, settings=Seen(BrokerSettings({id: settings for id in BROKERS}, 27), NOW))


def _texts(files: Mapping[str, str | None]) -> dict[str, str]:
    return {path: text for path, text in files.items() if text is not None}


def _folder(files: Mapping[str, str | None]) -> Folder:
    texts: dict[str, str | None] = {**shipped_files(), **files}
    return Folder({path: text for path, text in texts.items() if text is not None})


def does(plan: Plan) -> list[str]:
    """Return what each step of a plan does, in words."""
    return [_does(step.action) + (" (disruptive)" if step.disruptive else "") for step in plan.steps]


def _does(action: Action) -> str:
    match action:
        case CommitFiles():
            return f"commit to {action.branch}"
        case Refresh():
            return f"refresh {'hard' if action.hard else 'normal'}"
        case Sync():
            what = " ".join([action.step, *(each.name for each in action.resources)])
            return f"sync {what} at {action.revision[:4] or 'its commit'}"
        case Manual():
            return f"by hand: {action.line}"
        case Annotate():
            return f"roll {action.name}"
        case _:
            return "observe"
