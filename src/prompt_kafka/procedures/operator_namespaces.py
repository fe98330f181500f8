"""Which namespaces the operator watches: ``watchNamespaces`` of its application, in Git and as it runs.

The operator's pod is replaced for it and Kafka is not touched: pods roll for another version, not for this. A
namespace in which a Kafka cluster lives is not let go: nobody would look after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.installation import Installation
from prompt_kafka.core.listeners import Watches
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_tree import WatchRequest
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import OPERATOR_FILES, Look, ObjectsOf, Part, World
from prompt_kafka.procedures import delivery, git_guards, guards
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.items import without_item
from prompt_kafka.procedures.authoring.tree import scalar
from prompt_kafka.procedures.operator_charts import dependency
from prompt_kafka.procedures.table import Means

KEY = "watchNamespaces"
LOOKS: frozenset[Look] = frozenset({Part.GIT, Part.APPLICATIONS, Part.INSTALLATION, OPERATOR_FILES})


def needs_to_see(request: WatchRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return LOOKS | {ObjectsOf((("v1", "Namespace"),)), Part.NODES}


@dataclass(frozen=True, slots=True)
class Watched:
    """What Git says of the namespaces.

    Attributes
    ----------
    file
        The environment's values of the operator's application.
    chart
        The key of the operator's chart in them.
    names
        In their order; None for all.
    own_list
        The environment has a list of its own.
    """

    file: str
    chart: str
    names: tuple[str, ...] | None
    own_list: bool


def in_git(git: GitState, folder: str, here: str) -> Watched:
    """Return which namespaces the charts name for an environment.

    Raises
    ------
    RefusedError
        ``not-in-git``: the application does not depend on the operator's chart.
    """
    chart = dependency(git, folder)
    file = f"{folder}/values-{here}.yaml"
    found: dict[str, Any] = {}
    for path in (f"{folder}/values.yaml", file):
        if path in git.files:
            found |= Yaml(git.files[path], path).value((chart,)) or {}
    own = file in git.files and Yaml(git.files[file], file).has((chart, KEY))
    names = None if found.get("watchAnyNamespace") else tuple(str(n) for n in found.get(KEY) or ())
    return Watched(file, chart, names, own)


def plan(request: WatchRequest, world: World, means: Means) -> Plan:
    """Plan to have the operator watch a namespace, or no longer.

    Raises
    ------
    RefusedError
        ``cluster-lives-there``, ``watches-all``, ``operators-own``, ``no-namespace``, ``not-seen`` and the
        rules of every change through Git.
    """
    name = request.namespace
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
        raise UsageError(
            f"{name!r} is no name of a namespace", next="use lower-case letters, digits, hyphens"
        )
    environment = means.environment
    git, argo = git_guards.ground(
        world,
        environment.operator_application,
        ("the operator's clusters", world.installation),
        folder=environment.operator_folder,
    )
    seen = world.installation.known
    assert seen is not None
    watched = in_git(git, environment.operator_folder, argo.environment or world.target.environment)
    if watched.names is None:
        raise RefusedError(
            "watches-all",
            "the operator watches every namespace (watchAnyNamespace)",
            where=watched.file,
            next="set watchAnyNamespace: false and name them first",
        )
    if request.remove:
        _may_go(name, seen, environment)
    verb = "no longer watch" if request.remove else "watch"
    summary = f"have the operator {verb} namespace {name}"
    command = f"operator namespaces {'remove' if request.remove else 'add'}"
    proof = Watches(name, wanted=not request.remove)
    edits = _edits(request, git, watched, environment)
    verdict = proof.judge(world)
    if not edits and verdict.holds:
        return Plan(command, world.target, summary, nothing_because=f"{verdict.because}, and Git says so")
    if not request.remove:
        _is_there(name, world)
    steps = []
    if edits:
        steps.append(delivery.commit(git, f"{summary[0].upper()}{summary[1:]}", edits))
    steps.append(delivery.compare(argo))
    last = delivery.sync_everything(argo, git)
    steps.append(replace(last, proof=(*last.proof, proof), why="the operator's pod is replaced, Kafka stays"))
    notes = tuple(_notes(request, argo, watched, seen, world))
    return Plan(command, world.target, summary, steps=tuple(steps), notes=notes)


def _may_go(name: str, seen: Installation, environment: Environment) -> None:
    if name == environment.operator_namespace:
        raise RefusedError(
            "operators-own",
            f"{name} is the operator's own namespace, which it always watches",
            next="leave it",
        )
    lives = [each.name for each in seen.clusters if each.kafka.namespace == name]
    if lives or name == environment.namespace:
        raise RefusedError(
            "cluster-lives-there",
            f"Kafka {', '.join(lives) or name} lives in {name}: no operator would look after it",
            where=f"namespace {name}",
            next="take the cluster away first, or move it to another operator",
        )
    for space, because in seen.unseen:
        if space in (name, "all namespaces"):
            raise RefusedError(
                "not-seen",
                f"cannot tell whether a Kafka cluster lives in {name}, because {because}",
                where=f"namespace {name}",
                next="have somebody who may look there run this",
            )


def _is_there(name: str, world: World) -> None:
    seen = world.objects.known
    if seen is None or "Namespace" in seen.unknown or ("Namespace", name) in seen.found:
        return
    raise RefusedError(
        "no-namespace",
        f"there is no namespace {name}: the operator's chart puts its roles there, and the sync would fail",
        where=f"context {world.target.context}",
        next=f"create it first: its application does, or kubectl create namespace {name}",
    )


def _edits(
    request: WatchRequest, git: GitState, watched: Watched, environment: Environment
) -> tuple[FileChange, ...]:
    name, names = request.namespace, watched.names or ()
    text = git.files.get(watched.file, "")
    if request.remove is (name not in names) or name == environment.operator_namespace:
        return ()
    path = (watched.chart, KEY)
    yaml = Yaml(text, watched.file)
    if watched.own_list and request.remove:
        new = without_item(text, watched.file, path, name)
    elif watched.own_list:
        new = yaml.add_item(path, [_like(text, names, name)], _like(text, names, name))
    else:
        kept = [
            each
            for each in (*names, *(() if request.remove else (name,)))
            if not request.remove or each != name
        ]
        body = [f"{KEY}:", *(f"  - {scalar(each)}" for each in kept)] if kept else [f"{KEY}: []"]
        if yaml.has((watched.chart,)):
            new = yaml.add_entry((watched.chart,), body)
        else:
            new = yaml.add_entry((), [f"{watched.chart}:", *(f"  {line}" for line in body)], blank=True)
    return (FileChange(watched.file, git.files.get(watched.file), new),)


def _like(text: str, names: tuple[str, ...], name: str) -> str:
    """Return a name in the quotes that its neighbours have."""
    quoted = any(f'"{each}"' in text for each in names)
    return f'"{name}"' if quoted else scalar(name)


def _notes(
    request: WatchRequest, argo: Application, watched: Watched, seen: Installation, world: World
) -> Iterator[str]:
    objects = world.objects.known
    if not request.remove and (objects is None or "Namespace" in objects.unknown):
        yield f"whether there is a namespace {request.namespace} could not be seen"
    if argo.deployed and world.git.known and argo.deployed != world.git.known.head:
        yield f"{argo.name} was last synced at {argo.deployed[:12]}: what came to it since comes along"
    if argo.different:
        yield f"the sync also brings {', '.join(argo.different[:5])}"
    if argo.automated:
        yield f"{argo.name} syncs by itself: the operator restarts with the commit"
    now = ", ".join(seen.watched) or "every namespace"
    yield f"it watches {now} now; {len(seen.clusters)} Kafka clusters there"


@dataclass(frozen=True, slots=True)
class Row:
    """A namespace in the list of those that are watched.

    Attributes
    ----------
    git, live
        Whether Git names it, and whether the operator as it runs watches it.
    clusters
        Kafka clusters in it, or why they are unknown.
    """

    namespace: str
    git: bool
    live: bool
    clusters: tuple[str, ...]


def rows(world: World, environment: Environment) -> tuple[Row, ...]:
    """Return every namespace that Git or the operator names.

    Raises
    ------
    RefusedError
        ``not-seen``.
    """
    guards.seen(world, ("Git", world.git), ("the operator's clusters", world.installation))
    git, seen = world.git.known, world.installation.known
    assert git is not None and seen is not None
    argo = git_guards.one(world, environment.operator_application)
    watched = in_git(git, environment.operator_folder, argo.environment or environment.name)
    named = {*(watched.names or ()), environment.operator_namespace}
    clusters = {each.kafka.namespace for each in seen.clusters}
    unseen = dict(seen.unseen)
    return tuple(
        Row(
            namespace=name,
            git=watched.names is None or name in named,
            live=not seen.watched or name in seen.watched,
            clusters=(f"unknown, because {unseen[name]}",)
            if name in unseen
            else tuple(each.kafka.name for each in seen.clusters if each.kafka.namespace == name),
        )
        for name in sorted({*named, *seen.watched, *clusters})
    )
