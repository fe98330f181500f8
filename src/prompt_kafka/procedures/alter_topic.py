"""*Create New Kafka Topics*, later: the settings of a topic that is there, from Git to the brokers."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prompt_kafka.core.agreed import ResourceAgrees
from prompt_kafka.core.configured import said
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request_rights import AlterTopicRequest
from prompt_kafka.core.world import Look, World
from prompt_kafka.procedures import chart_change, chart_ends, topic_alters
from prompt_kafka.procedures.authoring import there
from prompt_kafka.procedures.authoring.there import PARTITIONS, Edits, Setting
from prompt_kafka.procedures.chart_change import Change, Ground, NoReturn
from prompt_kafka.procedures.rendered import Key, Manifest, by_key, difference, key
from prompt_kafka.procedures.table import Means
from prompt_kafka.procedures.topics_there import known_topic, managed


def needs_to_see(request: AlterTopicRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return chart_change.LOOKS


def plan(request: AlterTopicRequest, world: World, means: Means) -> Plan:
    """Plan other settings of a topic.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.topic_alters` and of every change of the charts.
    """
    ground = chart_change.ground(world, means)
    manifest, state = known_topic(ground, request.name)
    managed(manifest)
    settings = topic_alters.wanted(request, manifest, state)
    topic_alters.refuse(request, settings, manifest, state)
    ours = key(manifest)
    change = chart_change.change(
        ground,
        _edits(ground, request.name, manifest, settings),
        {ours},
        with_undeployed=request.with_undeployed,
        what="topic",
    )
    summary = f"alter topic {request.name}: {', '.join(f'{s.name} {s.new}' for s in settings)}"
    agrees = agreement(by_key(change.after)[ours])
    if change.synced and agrees.judge(world).holds:
        because = f"it is so already: {agrees.judge(world).because}"
        return Plan("topic alter", world.target, summary, nothing_because=because)
    lasting = topic_alters.lasting(settings, state)
    point = NoReturn("topics", request.name, bool(ground.argo.automated)) if lasting else None
    steps = [
        *chart_change.steps(
            change,
            _message(request.name, settings, manifest),
            agrees=lambda each: agrees if each == ours else None,
            no_return=point,
        ),
        chart_change.prove(
            change, f"prove the settings of {request.name} on the brokers", (agrees,), request.stable_s
        ),
    ]
    return Plan(
        procedure="topic alter",
        target=world.target,
        summary=summary,
        steps=tuple(steps),
        notes=(*lasting, *_notes(change, settings, state, request.stable_s)),
        resources=change.shown(),
    )


def agreement(manifest: Manifest) -> ResourceAgrees:
    """Return that the brokers have a topic as its ``KafkaTopic`` says."""
    spec = manifest.get("spec") or {}
    config = tuple(sorted((str(name), said(value)) for name, value in (spec.get("config") or {}).items()))
    name = str(spec.get("topicName") or key(manifest)[1])
    return ResourceAgrees(name, key(manifest)[1], int(spec[PARTITIONS]), int(spec["replicas"]), config)


def _edits(ground: Ground, topic: str, manifest: Manifest, settings: tuple[Setting, ...]) -> dict[str, str]:
    """Return the files in which the settings are changed, each where it lives."""
    ours, render = key(manifest), ground.means.render
    edits: dict[str, str] = {}
    for setting in settings:
        if there.has(by_key(render(ground.here, edits))[ours], setting.name) == setting.new:
            continue
        files = {**ground.git.files, **edits}
        found = there.places(files, ground.git.folder, topic, ours[1], (ground.here,))
        makes = _makes(ground, edits, ours, setting)
        edits |= there.change(files, ground.git.folder, ground.here, found, setting, makes)
    return edits


def _makes(ground: Ground, edits: dict[str, str], ours: Key, setting: Setting) -> Callable[[Edits], bool]:
    """Return the question whether more files edited make the wanted topic, and change nothing else."""
    draft = dict(edits)
    before = ground.means.render(ground.here, draft)
    wanted = _with(by_key(before)[ours], setting)

    def makes(more: Edits) -> bool:
        after = ground.means.render(ground.here, {**draft, **more})
        made = by_key(after).get(ours)
        return difference(before, after).all == (ours,) and made is not None and _same(made, wanted)

    return makes


def _with(manifest: Manifest, setting: Setting) -> Manifest:
    made: Any = copy.deepcopy(dict(manifest))
    spec = made["spec"] = dict(made.get("spec") or {})
    if setting.name == PARTITIONS:
        spec[PARTITIONS] = setting.new
    else:
        spec["config"] = {**(spec.get("config") or {}), setting.name: setting.new}
    return dict(made)


def _same(one: Manifest, other: Manifest) -> bool:
    return bool(_texts(one) == _texts(other))


def _texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _texts(each) for name, each in value.items()}
    return [_texts(each) for each in value] if isinstance(value, list) else said(value)


def _message(topic: str, settings: tuple[Setting, ...], manifest: Manifest) -> str:
    lines = [f"{s.name}: {there.has(manifest, s.name) or 'not set'} -> {s.new}" for s in settings]
    return "\n".join([f"Alter Kafka topic {topic}", "", *lines])


def _notes(
    change: Change, settings: tuple[Setting, ...], state: TopicState | None, stable_s: float
) -> Iterator[str]:
    yield from _comments(change)
    if any(setting.name == PARTITIONS for setting in settings) and state is not None:
        yield "a key may go to another partition than before: its order holds from then on only"
    yield from chart_ends.notes_at_end(change, stable_s)


def _comments(change: Change) -> Iterator[str]:
    """Yield the comments behind values that change: what they say may be true no longer."""
    for each in change.files:
        old, new = ((text or "").splitlines() for text in (each.before, each.after))
        lines = [line for line in difflib.unified_diff(old, new, n=0, lineterm="") if "#" in line]
        said_before = {line.partition("#")[2].strip() for line in lines if line.startswith("-")}
        for line in lines:
            comment = line.partition("#")[2].strip()
            if line.startswith("+") and comment in said_before:
                yield f"the comment beside it stays: see that it is still true: {comment}"
