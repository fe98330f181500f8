"""Topics altered and deleted, users created, altered and deleted: world in, plan out, one case a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from prompt_kafka.core.actions import Delete
from prompt_kafka.core.changes import CommitFiles, Manual, Sync
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.configured import BrokerSettings, Setting
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.kafka import Group, GroupLag, Member
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import Request, Terms
from prompt_kafka.core.request_rights import (
    AlterTopicRequest,
    AlterUserRequest,
    CreateUserRequest,
    DeleteTopicRequest,
    DeleteUserRequest,
    UserRight,
)
from prompt_kafka.core.world import Login, Seen, Unknown, World
from prompt_kafka.procedures.table import procedure
from tests.topics import FOLDER, HEAD, Charts, change, means, service, shipped_files
from tests.worlds import NOW

FOLDERS = Path(__file__).parent / "cases"
CASES = sorted(FOLDERS.glob("*/*.yaml"))
REQUESTS: Mapping[str, Any] = {
    "alter_topic": AlterTopicRequest,
    "delete_topic": DeleteTopicRequest,
    "create_user": CreateUserRequest,
    "alter_user": AlterUserRequest,
    "delete_user": DeleteUserRequest,
}
TOPIC_SETTINGS = {"cleanup.policy": "delete", "compression.type": "producer", "retention.bytes": "-1"}


def _right(text: str) -> UserRight:
    may, _, rest = text.partition(":")
    topic, _, group = rest.partition("@")
    return UserRight(tuple(may.split("+")), topic, group)


def _request(kind: str, fields: Mapping[str, Any]) -> Request:
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    for name in ("rights", "grant", "revoke"):
        if name in given:
            given[name] = tuple(_right(each) for each in given[name])
    if "settings" in given:
        given["settings"] = tuple(given["settings"].items())
    found = REQUESTS[kind](**given)
    assert isinstance(found, Request)
    return found


def _edited(edits: Mapping[str, list[list[str]]]) -> dict[str, str]:
    files = {}
    for path, pairs in edits.items():
        text = shipped_files().get(f"{FOLDER}/{path}", "")
        for old, new in pairs:
            assert old in text, (path, old)
            text = text.replace(old, new, 1) if old else new
        files[f"{FOLDER}/{path}"] = text
    return files


def _world(files: Mapping[str, str], differences: dict[str, Any]) -> World:
    """Return a service in which nobody reads the writer's topic, with what a case says is different."""
    groups = differences.pop("groups", {})
    live = differences.pop("live", {})
    settings = differences.pop("settings", {})
    login = differences.pop("login", None)
    unknown = differences.pop("unknown", ())
    written = differences.pop("writes", ())
    in_sync = differences.pop("in_sync", None)
    world = change(service("lab", files), differences)
    topics = tuple(
        replace(
            each,
            settings={**TOPIC_SETTINGS, **each.settings, **settings},
            partitions=tuple(
                replace(p, in_sync=p.in_sync if in_sync is None else tuple(in_sync)) for p in each.partitions
            ),
        )
        for each in world.topics.known or ()
        if live.get(each.name, True)
    )
    resources = tuple(
        replace(each, uid=f"uid-{each.name}")
        for each in world.resources.known or ()
        if live.get(each.name, True)
    )
    found = tuple(
        Group(
            name,
            "Stable" if members else "Empty",
            members=tuple(Member(str(n), "c", "h", (f"{topic}-0",)) for n in range(members)),
            lags=(GroupLag(topic, 0, 1, 0, 1),),
        )
        for name, (topic, members) in groups.items()
    )
    world = replace(
        world,
        topics=Seen(topics, NOW),
        resources=Seen(resources, NOW),
        groups=Seen(found, NOW),
        writes=Seen(tuple(written), NOW),
        settings=Seen(BrokerSettings({3: {"delete.topic.enable": Setting("true")}}, 27), NOW),
        lag_objectives={"butler-writer": 60.0},
    )
    if login is not None:
        world = replace(world, logins={_look(login): Seen(_login(login), NOW)})
    for name in unknown:
        world = replace(world, **{name: Seen(Unknown("nobody answered"))})
    return world


def _look(login: Mapping[str, Any]) -> Any:
    from prompt_kafka.core.world import LoginAs

    return LoginAs(login["user"], tuple(login.get("topics") or {}), tuple(login.get("groups") or {}))


def _login(login: Mapping[str, Any]) -> Login:
    return Login(
        {name: frozenset(may) for name, may in (login.get("topics") or {}).items()},
        {name: frozenset(may) for name, may in (login.get("groups") or {}).items()},
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_case(path: Path) -> None:
    case = YAML(typ="safe").load(path.read_text())
    files = _edited(case.get("files") or {})
    world = _world(files, dict(case.get("world") or {}))
    asked = _request(path.parent.name, case["request"])
    charts = Charts(files)
    chosen = procedure(asked)
    means_ = replace(means(charts), terms=Terms(accepted=tuple(case.get("accepted") or ())))

    def planned() -> Plan:
        return chosen.plan(asked, world, means_)

    if "refuses" in case:
        with pytest.raises((RefusedError, UsageError)) as refused:
            planned()
        assert getattr(refused.value, "rule", "usage") == case["refuses"]["rule"], refused.value
        for words in case["refuses"]["names"]:
            assert words in str(refused.value)
        return
    plan = planned()
    assert [_said(step) for step in plan.steps] == case["steps"], [_said(step) for step in plan.steps]
    assert _lines(plan) == {k: v for k, v in (case.get("commits") or {}).items()}
    for words in case.get("notes") or ():
        assert any(words in note for note in plan.notes), (words, plan.notes)
    for sentence in case.get("words") or ():
        assert sentence in plan.words, plan.words
    if "nothing" in case:
        assert case["nothing"] in plan.nothing_because
    typed = case.get("typed", "")
    assert [step.title for step in plan.points_of_no_return] == (case.get("no_return") or [])
    assert not plan.points_of_no_return or plan.to_be_typed == typed
    assert [step.title for step in plan.steps if step.disruptive] == (case.get("disruptive") or [])
    assert decode(encode(plan), Plan) == plan
    assert decode(encode(asked), Request) == asked
    assert not any(isinstance(s.action, Sync) and s.action.operation(HEAD, who="a", spec={})["sync"]["prune"]
                   for s in plan.steps)  # fmt: skip


def _said(step: Step) -> str:
    action = step.action
    does = type(action).__name__
    if isinstance(action, Sync):
        does = " ".join(["Sync", action.step, *(each.name for each in action.resources)])
    elif isinstance(action, Delete):
        does = f"Delete {action.resource} {action.name} {action.uid} in {action.namespace}"
    elif isinstance(action, Manual):
        does = f"Manual {action.line}"
    proof = [each for each in map(_proof, step.proof) if each]
    return does + (f" -> {'; '.join(proof)}" if proof else "")


def _proof(condition: Any) -> str:
    fields, kind = encode(condition), type(condition).__name__
    if kind == "ResourceAgrees":
        settings = " ".join("=".join(each) for each in fields["settings"])
        return f"{fields['topic']} {fields['partitions']}×{fields['replicas']} {settings}"
    if kind == "UserAuthorized":
        both = [*fields["topics"], *fields["groups"]]
        return f"{fields['user']} {', '.join(f'{n}: {chr(32).join(may) or chr(45)}' for n, may in both)}"
    return f"{kind} {fields.get('topic') or fields.get('user')}" if kind in ("TopicGone", "UserGone") else ""


def _lines(plan: Plan) -> dict[str, list[str]]:
    """Return the lines that go and come, file by file."""
    found = {}
    for step in plan.steps:
        if isinstance(step.action, CommitFiles):
            for each in step.action.files:
                path = each.path.removeprefix(f"{FOLDER}/")
                if each.before is None or each.after is None:
                    found[path] = ["new" if each.before is None else "gone"]
                    continue
                found[path] = [
                    line.rstrip("\n") for line in each.diff.splitlines()[3:] if line.startswith(("+", "-"))
                ]
    return found
