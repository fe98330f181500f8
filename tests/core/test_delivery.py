"""Conditions from Git to the brokers: what holds, and above all what must not be taken for done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from prompt_kafka.core.agreed import ResourceAgrees, ResourceReady, SecretPresent, UserAuthorized
from prompt_kafka.core.delivered import (
    ApplicationSynced,
    Committed,
    Compared,
    FilesAre,
    SyncBegun,
    SyncFailed,
    SyncSucceeded,
)
from prompt_kafka.core.delivery import Application, GitState, Operation, blob
from prompt_kafka.core.objects import ResourceState
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import Login, LoginAs, Seen, Unknown, World
from tests.worlds import NOW, healthy, topic

OLD, MINE, NEW = "a" * 40, "b" * 40, "c" * 40
APP = "prompt-kafka"


def _git(**fields: Any) -> GitState:
    state = GitState(
        repository="r",
        branch="main",
        head=NEW,
        folder="f",
        files={"f/v": "2\n"},
        commits=(NEW, MINE, OLD),
        marks={"run": MINE},
    )
    return replace(state, **fields)


def _application(**fields: Any) -> Application:
    done = Operation("Succeeded", "ok", MINE, "run", "everything", "me", NOW)
    state = Application(
        name=APP,
        namespace="argocd",
        sync="Synced",
        health="Healthy",
        revision=MINE,
        deployed=MINE,
        compared=NOW + timedelta(seconds=1),
        operation=done,
    )
    return replace(state, **fields)


def _world(git: GitState | None = None, **application: Any) -> World:
    world = replace(healthy(), git=Seen(git or _git(), NOW))
    return replace(world, applications=Seen((_application(**application),), NOW))


@pytest.mark.parametrize("revision", [MINE, NEW])
def test_synced_at_the_runs_commit_or_a_newer_one(revision: str) -> None:
    assert ApplicationSynced(APP, "run").judge(_world(revision=revision, deployed=revision)).holds


RUNNING = Operation("Running", "one task left", MINE, "run", "everything", "me")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"deployed": OLD}, "the last full sync brought aaaaaaaaaaaa"),
        ({"deployed": ""}, "the last full sync brought nothing"),
        ({"deployed": "f" * 40}, "the last full sync brought ffffffffffff"),
        ({"revision": OLD}, "compared with aaaaaaaaaaaa"),
        ({"sync": "OutOfSync", "different": ("KafkaUser u",)}, "KafkaUser u"),
        ({"sync": "Unknown"}, "Unknown"),
        ({"problems": ("no such chart",)}, "no such chart"),
        ({"operation": RUNNING}, "a sync is under way: Running one task left"),
        ({"operation": replace(RUNNING, finished=NOW)}, "under way"),
        ({"asked": Operation(run="run", step="everything")}, "asked for"),
        ({"compared": NOW - timedelta(seconds=1)}, "not been compared since"),
        ({"name": "other"}, "no application prompt-kafka"),
    ],
)
def test_looks_synced_and_is_not(wrong: dict[str, Any], said: str) -> None:
    verdict = ApplicationSynced(APP, "run").judge(_world(**wrong))
    assert verdict.answer is Answer.NO
    assert said in verdict.because


def test_without_a_commit_of_its_own_the_head_is_meant() -> None:
    world = _world(revision=MINE, deployed=MINE)
    assert not ApplicationSynced(APP, "another").judge(world).holds
    assert ApplicationSynced(APP, "another").judge(_world(revision=NEW, deployed=NEW)).holds


def test_extra_objects_that_only_a_prune_would_touch_do_not_count() -> None:
    assert ApplicationSynced(APP, "run").judge(_world(sync="OutOfSync", different=())).holds


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"refreshing": True}, "not answered"),
        ({"revision": OLD}, "compared with aaaaaaaaaaaa"),
        ({"problems": ("broken",)}, "broken"),
        ({"revision": ""}, "compared with nothing"),
    ],
)
def test_looks_compared_and_is_not(wrong: dict[str, Any], said: str) -> None:
    verdict = Compared(APP, "run").judge(_world(**wrong))
    assert verdict.answer is Answer.NO
    assert said in verdict.because
    assert Compared(APP, "run").judge(_world()).holds


@pytest.mark.parametrize(
    ("operation", "begun", "succeeded"),
    [
        (Operation("Succeeded", "", MINE, "run", "users"), True, True),
        (Operation("Running", "", MINE, "run", "users"), True, False),
        (Operation("Terminating", "", MINE, "run", "users"), True, False),
        (Operation("Failed", "denied", MINE, "run", "users"), False, False),
        (Operation("Error", "no chart", MINE, "run", "users"), False, False),
        (Operation("Succeeded", "", MINE, "run", "topics"), False, False),
        (Operation("Succeeded", "", MINE, "another", "users"), False, False),
        (Operation("Succeeded", "", MINE), False, False),
        (None, False, False),
    ],
)
def test_a_sync_is_the_runs_own(operation: Operation | None, begun: bool, succeeded: bool) -> None:
    world = _world(operation=operation)
    assert SyncBegun(APP, "users", "run").judge(world).holds is begun
    assert SyncSucceeded(APP, "users", "run").judge(world).holds is succeeded


def test_an_old_success_does_not_count_while_a_new_one_is_asked_for() -> None:
    old = Operation("Succeeded", "", MINE, "run", "users")
    world = _world(operation=old, asked=Operation(run="run", step="users"))
    assert not SyncSucceeded(APP, "users", "run").judge(world).holds
    assert SyncBegun(APP, "users", "run").judge(world).holds


def test_committed_by_mark_or_by_the_files() -> None:
    after = (("f/v", blob("2\n")), ("f/w", blob("3\n")))
    assert Committed("main", after, "run").judge(_world()).holds
    verdict = Committed("main", after, "another").judge(_world())
    assert verdict.answer is Answer.NO and "f/w" in verdict.because
    by_hand = _git(files={"f/v": "2\n", "f/w": "3\n"}, marks={})
    assert Committed("main", after, "another").judge(_world(by_hand)).holds


def test_files_that_moved_are_named() -> None:
    before = (("f/v", blob("2\n")), ("f/new", ""))
    assert FilesAre("main", before).judge(_world()).holds
    verdict = FilesAre("main", before).judge(_world(_git(files={"f/v": "2\n", "f/new": "x"})))
    assert verdict.because == "f/new has changed on main"


@pytest.mark.parametrize(
    "condition",
    [
        Committed("main", (), "run"),
        FilesAre("main", ()),
        Compared(APP),
        SyncSucceeded(APP, "users"),
        ApplicationSynced(APP),
        SecretPresent("s", "k"),
        ResourceReady("KafkaTopic", "t"),
        ResourceAgrees("t", "t", 1, 1),
        UserAuthorized("u", (("t", ()),)),
    ],
)
def test_what_was_not_seen_is_unknown(condition: Any) -> None:
    dark: Any = Seen(Unknown("the API is silent"), NOW)
    world = replace(healthy(), git=dark, applications=dark, resources=dark, topics=dark)
    assert condition.judge(world).answer is Answer.UNKNOWN
    assert condition.needs_to_see


AGREES = ResourceAgrees("t", "t", 2, 3, (("min.insync.replicas", "2"),))


def _with_topic(resource: dict[str, Any] | None = None, **state: Any) -> World:
    fields = {"generation": 2, "observed_generation": 2, "ready": True, **(resource or {})}
    found = replace(topic("t", partitions=2), **state)
    return replace(
        healthy(),
        resources=Seen((ResourceState("KafkaTopic", "t", **fields, topic="t"),), NOW),
        topics=Seen((found,), NOW),
    )


def test_resource_and_brokers_agree() -> None:
    assert AGREES.judge(_with_topic()).holds


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (_with_topic({"observed_generation": 1}), "not Ready yet"),
        (_with_topic({"ready": False, "message": "KafkaError: no brokers"}), "KafkaError: no brokers"),
        (_with_topic(partitions=topic("t").partitions), "1 partitions, not 2"),
        (_with_topic(partitions=topic("t", partitions=2, replicas=(3, 4)).partitions), "not 3 replicas"),
        (_with_topic(settings={"min.insync.replicas": "1"}), "min.insync.replicas is 1, not 2"),
        (_with_topic(settings={}), "min.insync.replicas is not set, not 2"),
        (_with_topic(name="other"), "no topic t yet"),
        (
            _with_topic(
                partitions=tuple(replace(each, leader=None) for each in topic("t", partitions=2).partitions)
            ),
            "no leader",
        ),
        (replace(_with_topic(), resources=Seen((), NOW)), "KafkaTopic t is not there yet"),
    ],
)
def test_looks_created_and_is_not(world: World, said: str) -> None:
    verdict = AGREES.judge(world)
    assert verdict.answer is Answer.NO
    assert said in verdict.because


MAY = UserAuthorized("u", (("t", ("describe", "read")),), (("g", ("describe", "read")),))


@pytest.mark.parametrize(
    ("topics", "groups", "holds"),
    [
        ({"describe", "read"}, {"describe", "read"}, True),
        ({"describe", "read", "write"}, {"describe", "read"}, False),
        ({"describe"}, {"describe", "read"}, False),
        ({"describe", "read"}, set(), False),
        (set(), set(), False),
    ],
)
def test_a_user_may_exactly_what_its_acls_say(topics: set[str], groups: set[str], holds: bool) -> None:
    login = Login({"t": frozenset(topics)}, {"g": frozenset(groups)})
    world = replace(healthy(), logins={LoginAs("u", ("t",), ("g",)): Seen(login, NOW)})
    assert MAY.judge(world).holds is holds


def test_who_may_nothing_is_proved_by_nothing() -> None:
    stranger = UserAuthorized("u", (("t", ()),))
    look = LoginAs("u", ("t",))
    assert stranger.judge(replace(healthy(), logins={look: Seen(Login({"t": frozenset()}), NOW)})).holds
    seen = Seen(Login({"t": frozenset({"describe"})}), NOW)
    assert not stranger.judge(replace(healthy(), logins={look: seen})).holds
    dark: Any = Seen(Unknown("Kafka refused the login"), NOW)
    assert stranger.judge(replace(healthy(), logins={look: dark})).answer is Answer.UNKNOWN


def test_a_key_is_present_or_is_not() -> None:
    world = replace(healthy(), secrets={"s": Seen(frozenset({"k"}), NOW)})
    assert SecretPresent("s", "k").judge(world).holds
    assert SecretPresent("s", "other").judge(world).answer is Answer.NO


@pytest.mark.parametrize(
    ("message", "passes"),
    [
        ('failed calling webhook "x": no endpoints available', True),
        ('no matches for kind "KafkaTopic" in version "kafka.strimzi.io/v1"', True),
        ("Operation cannot be fulfilled: the object has been modified; please apply your changes", True),
        ("dial tcp 10.0.0.1:443: connection refused", True),
        ("KafkaTopic is invalid: spec.partitions: Invalid value", False),
        ("kafkatopics is forbidden", False),
    ],
)
def test_only_a_failure_that_passes_is_worth_another_try(message: str, passes: bool) -> None:
    failed = Operation("Failed", message, MINE, "run", "topics", "me", NOW)
    assert SyncFailed(APP, "topics", "run").judge(_world(operation=failed)).holds is passes
    assert not SyncFailed(APP, "users", "run").judge(_world(operation=failed)).holds
    running = replace(failed, phase="Running")
    assert not SyncFailed(APP, "topics", "run").judge(_world(operation=running)).holds


def test_a_commit_is_found_by_its_beginning() -> None:
    git = _git(commits=("abcd1" + "0" * 35, "abcd2" + "0" * 35, OLD))
    assert git.resolve("abcd1") == "abcd1" + "0" * 35
    assert git.resolve("abcd") == "", "two begin like that"
    assert git.resolve("aaa") == "", "too short"
    assert git.resolve("main") == git.head
    assert git.resolve("0badc0de") == ""
