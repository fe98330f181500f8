"""A service whose charts are the shipped ones, as a value: for the tests of *Create New Kafka Topics*."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prompt_kafka.clients.gitops import Repository, shipped
from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.delivery import Application, GitState, Operation
from prompt_kafka.core.kafka import Partition, TopicState
from prompt_kafka.core.objects import ResourceState
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import Grant, TopicRequest
from prompt_kafka.core.rights import allowed, rules_of
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import Login, LoginAs, Seen, World
from prompt_kafka.procedures.table import Means
from tests.worlds import BROKERS, NOW, healthy

FOLDER = "applications/prompt-kafka"
HEAD, OLDER = "a" * 40, "b" * 40
URL = "https://git.example.org/phalanx.git"


@cache
def shipped_files() -> dict[str, str]:
    """Return the text of every file of the application's chart."""
    root = shipped()
    found = sorted(path for path in (root / FOLDER).rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_text() for path in found}


class Charts:
    """Renders the shipped tree with files in place of its own; a commit is a set of such files."""

    def __init__(self, files: Mapping[str, str] | None = None, **commits: Mapping[str, str]) -> None:
        self._files = dict(files or {})
        self._commits = {OLDER: commits.get("older", self._files)}

    def __call__(
        self, environment: str, edits: Mapping[str, str | None], commit: str = ""
    ) -> tuple[dict[str, Any], ...]:
        files = {**self._commits.get(commit, self._files), **edits}
        return _rendered(environment, tuple(sorted(files.items())))


@cache
def _rendered(environment: str, files: tuple[tuple[str, str | None], ...]) -> tuple[dict[str, Any], ...]:
    with TemporaryDirectory() as scratch:
        tree = Path(shutil.copytree(shipped(), Path(scratch) / "deploy"))
        for path, text in files:
            if text is None:
                (tree / path).unlink(missing_ok=True)
                continue
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(text.encode())
        repository = Repository(tree)
        parent = repository.app_of_apps(environment, URL, "main")
        manifest = parent.one("Application", "prompt-kafka").manifest
        return tuple(each.manifest for each in repository.render_application(manifest).resources)


def service(environment: str = "lab", files: Mapping[str, str] | None = None) -> World:
    """Return a healthy service, all of whose charts are deployed."""
    git = GitState(
        repository=URL,
        branch="main",
        head=HEAD,
        folder=FOLDER,
        files={**shipped_files(), **(files or {})},
        environments=("lab", "usdfdev-prompt-processing", "usdfprod-prompt-processing"),
        commits=(HEAD, OLDER),
    )
    application = Application(
        name="prompt-kafka",
        namespace="argocd",
        repository=URL,
        target="main",
        folder=FOLDER,
        value_files=("values.yaml", f"values-{environment}.yaml"),
        sync="Synced",
        health="Healthy",
        revision=HEAD,
        deployed=HEAD,
        compared=NOW,
    )
    world = replace(healthy(), git=Seen(git, NOW), applications=Seen((application,), NOW))
    return with_objects(world, Charts(files)(environment, {}))


def with_objects(world: World, manifests: tuple[Mapping[str, Any], ...]) -> World:
    """Return the World in which these topics and users are there and Ready, and the brokers agree."""
    kinds = ("KafkaTopic", "KafkaUser")
    objects = [each for each in manifests if each["kind"] in kinds]
    resources = tuple(
        ResourceState(
            each["kind"],
            each["metadata"]["name"],
            1,
            1,
            True,
            topic=each["spec"].get("topicName") or each["metadata"]["name"],
        )
        for each in objects
    )
    topics = tuple(_topic(each) for each in objects if each["kind"] == "KafkaTopic")
    return replace(world, resources=Seen(resources, NOW), topics=Seen(topics, NOW))


def _topic(manifest: Mapping[str, Any]) -> TopicState:
    spec, name = manifest["spec"], manifest["metadata"]["name"]
    name = spec.get("topicName") or name
    held = BROKERS[: spec["replicas"]]
    partitions = tuple(Partition(name, i, held[0], held, held) for i in range(spec["partitions"]))
    settings = {key: str(value) for key, value in spec["config"].items()}
    return TopicState(name, f"id-{name}", partitions, settings=settings)


def with_logins(world: World, request: TopicRequest, manifests: tuple[Mapping[str, Any], ...]) -> World:
    """Return the World in which the request's users log in and may do what their ACLs say."""
    users = {each["metadata"]["name"]: each for each in manifests if each["kind"] == "KafkaUser"}
    logins = {}
    for grant in request.grants:
        rules = rules_of(users[grant.user])
        look = LoginAs(grant.user, (request.name,), grant.groups)
        topics = {request.name: frozenset(allowed(rules, "topic", request.name))}
        groups = {group: frozenset(allowed(rules, "group", group)) for group in grant.groups}
        logins[look] = Seen(Login(topics, groups), NOW)
    return replace(world, logins=logins)


def change(world: World, differences: Mapping[str, Any]) -> World:
    """Return `world` with the differences that a case file names.

    Parameters
    ----------
    differences
        Keys: ``git`` and ``application`` (fields), ``operation`` (fields of one under way), ``topics`` and
        ``resources`` (names of more topics, of more KafkaTopics), ``users`` (names of more KafkaUsers).
    """
    git, applications = world.git.known, world.applications.known
    assert git is not None and applications is not None
    application = applications[0]
    for name, value in differences.items():
        fields = (
            {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
            if name
            in (
                "git",
                "application",
                "operation",
            )
            else {}
        )
        if name == "git":
            git = replace(git, **fields)
        elif name == "application":
            application = replace(application, **fields)
        elif name == "operation":
            application = replace(application, operation=Operation(**fields))
        elif name == "topics":
            more = tuple(TopicState(each, "id", ()) for each in value)
            world = replace(world, topics=Seen((*(world.topics.known or ()), *more), NOW))
        elif name in ("resources", "users"):
            kind = "KafkaTopic" if name == "resources" else "KafkaUser"
            states = tuple(ResourceState(kind, each, 1, 1, True, topic=each) for each in value)
            world = replace(world, resources=Seen((*(world.resources.known or ()), *states), NOW))
        else:
            raise KeyError(name)
    return replace(world, git=Seen(git, NOW), applications=Seen((application,), NOW))


def request(fields: Mapping[str, Any]) -> TopicRequest:
    """Return the request that a case file describes: ``users`` maps a user to what it may."""
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items() if k != "users"}
    grants = tuple(
        Grant(user, tuple(sorted(may.partition("@")[0].split("+"))), may.partition("@")[2])
        for user, may in (fields.get("users") or {}).items()
    )
    return TopicRequest(**{"name": "alerts", "subchart": "alerts", "grants": grants, **given})


def committed(plan: Plan) -> dict[str, str]:
    """Return the files that a plan commits."""
    actions = (step.action for step in plan.steps)
    commits = [each for each in actions if isinstance(each, CommitFiles)]
    return {each.path: each.after or "" for each in commits[0].files} if commits else {}


def means(charts: Charts) -> Means:
    """Return what a planner has besides the World."""
    return Means(Environment("lab"), canary=True, render=charts)
