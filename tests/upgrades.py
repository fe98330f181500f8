"""A service at some version, under some operator, as a value: for the tests of the upgrades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from prompt_kafka.clients.gitops import shipped
from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.delivery import Application
from prompt_kafka.core.installation import Definition, Installation, WatchedCluster, WatchedPod
from prompt_kafka.core.kafka import Features
from prompt_kafka.core.objects import StatusCondition
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.versions import metadata_level, metadata_of, release, supported
from prompt_kafka.core.world import Seen, Unknown, World
from tests import topics, worlds
from tests.worlds import NOW

VALUES = "applications/prompt-kafka/values-lab.yaml"
CHART = "applications/strimzi/Chart.yaml"
OPERATOR_FOLDER = "applications/strimzi"


@cache
def operator_files() -> dict[str, str]:
    """Return the text of every file of the operator's application."""
    found = sorted(path for path in (shipped() / OPERATOR_FOLDER).rglob("*") if path.is_file())
    return {str(path.relative_to(shipped())): path.read_text() for path in found}


def files(
    kafka: str, metadata: str | None, operator: str, edits: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Return the files that a version and a level change: the lab's values, the operator's chart."""
    values = topics.shipped_files()[VALUES].replace('version: "4.1.1"', f'version: "{kafka}"', 1)
    pinned = '    metadataVersion: "4.1-IV1"\n'
    assert pinned in values
    values = values.replace(pinned, f'    metadataVersion: "{metadata}"\n' if metadata else "", 1)
    chart = operator_files()[CHART].replace("0.51.0", operator)
    found = {VALUES: values, CHART: chart}
    for path, pairs in (edits or {}).items():
        text = found.get(path) or topics.shipped_files().get(path) or operator_files().get(path, "")
        for old, new in pairs:
            assert old in text, (path, old)
            text = text.replace(old, new, 1)
        found[path] = text
    return found


def service(
    *,
    operator: str = "0.51.0",
    kafka: str = "4.1.1",
    level: str = "",
    in_git: Mapping[str, Any] | None = None,
    edits: Mapping[str, Any] | None = None,
) -> tuple[World, topics.Charts]:
    """Return a healthy service at these versions, and its charts.

    Parameters
    ----------
    level
        The finalized metadata version; that of `kafka` when empty.
    in_git
        What Git has: ``kafka``, ``metadata`` (None: unset), ``operator``; what the cluster has if not given.
    """
    level = level or metadata_of(kafka)
    git_says = {"kafka": kafka, "metadata": level, "operator": operator, **(in_git or {})}
    texts = files(git_says["kafka"], git_says["metadata"], git_says["operator"], edits)
    ours = {path: text for path, text in texts.items() if path.startswith(topics.FOLDER)}
    world = topics.service("lab", ours)
    nodes, git = world.nodes.known, world.git.known
    applications = world.applications.known
    assert nodes is not None and git is not None and applications is not None
    works = kafka in supported(operator)
    refused = StatusCondition(
        "NotReady",
        "True",
        "UnsupportedKafkaVersionException",
        f"Unsupported Kafka.spec.kafka.version: {kafka}.",
    )
    resource = replace(
        nodes.kafka,
        wanted_version=kafka,
        version=kafka,
        metadata_version=level,
        wanted_metadata=level,
        operator_version=operator if works else "",
        conditions=nodes.kafka.conditions if works else (refused,),
    )
    pods = tuple(replace(pod, kafka_version=kafka) for pod in nodes.pods)
    sets = tuple(replace(s, pods=tuple((n, r, kafka) for n, r, _ in s.pods)) for s in nodes.pod_sets)
    running = replace(nodes.operator or worlds.Operator("", True, 1), version=operator)
    nodes = replace(nodes, kafka=resource, pods=pods, pod_sets=sets, operator=running)
    definitions = tuple(
        Definition(f"{name}.kafka.strimzi.io", release(operator).served, (release(operator).stored,))
        for name in ("kafkas", "kafkanodepools", "kafkatopics", "kafkausers")
    )
    watched = tuple(WatchedPod(p.name, p.uid, p.ready, True, p.kafka_version) for p in pods)
    cluster = WatchedCluster(resource, watched, ("Kafka prompt-kafka kafka.strimzi.io/v1",))
    installation = Installation(running, ("prompt-kafka", "strimzi"), definitions, (cluster,), (), "1.34")
    other = _operator_application(applications[0])
    return (
        replace(
            world,
            nodes=Seen(nodes, NOW),
            git=Seen(replace(git, files={**git.files, **operator_files(), **texts}), NOW),
            applications=Seen((*applications, other), NOW),
            features=Seen(Features(metadata_level(level)), NOW),
            installation=Seen(installation, NOW),
        ),
        topics.Charts(ours),
    )


def _operator_application(like: Application) -> Application:
    return replace(
        like, name="strimzi", folder=OPERATOR_FOLDER, value_files=("values.yaml", "values-lab.yaml")
    )


def change(world: World, differences: Mapping[str, Any]) -> World:
    """Return `world` with the differences that a case file names.

    Parameters
    ----------
    differences
        Those of :func:`tests.worlds.change`, and: ``git``, ``application`` and ``installation`` (fields),
        ``definitions`` (stored versions of all), ``clusters`` (more: namespace/name → Kafka version),
        ``applied`` (API version of the service's resources), ``features`` (a level).
    """
    rest = {}
    for name, value in differences.items():
        installation, git = world.installation.known, world.git.known
        assert installation is not None and git is not None
        if name == "git":
            world = replace(world, git=Seen(replace(git, **_tuples(value)), NOW))
        elif name == "application":
            found = tuple(
                replace(each, **_tuples(value[each.name])) if each.name in value else each
                for each in world.applications.known or ()
            )
            world = replace(world, applications=Seen(found, NOW))
        elif name == "installation":
            changed = replace(installation, **_tuples(value))
            world = replace(world, installation=Seen(changed, NOW))
        elif name == "definitions":
            definitions = tuple(replace(each, stored=tuple(value)) for each in installation.definitions)
            world = replace(world, installation=Seen(replace(installation, definitions=definitions), NOW))
        elif name == "clusters":
            more = tuple(_cluster(installation.clusters[0], *each) for each in value.items())
            changed = replace(
                installation,
                clusters=(*installation.clusters, *more),
                watched=tuple(sorted({*installation.watched, *(c.kafka.namespace for c in more)})),
            )
            world = replace(world, installation=Seen(changed, NOW))
        elif name == "applied":
            mine = replace(installation.clusters[0], applied=(f"Kafka prompt-kafka {value}",))
            changed = replace(installation, clusters=(mine, *installation.clusters[1:]))
            world = replace(world, installation=Seen(changed, NOW))
        elif name == "features":
            world = replace(world, features=Seen(Features(metadata_level(value)), NOW))
        else:
            rest[name] = value
    return worlds.change(world, rest)


def _cluster(like: WatchedCluster, name: str, kafka: str | None) -> WatchedCluster:
    namespace, _, own = name.partition("/")
    resource = replace(
        like.kafka, name=own, namespace=namespace, wanted_version=kafka or "", version=kafka or "4.1.1"
    )
    pods = tuple(WatchedPod(f"{own}-kafka-{i}", f"u{i}", True, True, kafka or "4.1.1") for i in range(3))
    return replace(like, kafka=resource, pods=pods)


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    def deep(value: Any) -> Any:
        return tuple(deep(each) for each in value) if isinstance(value, list) else value

    return {name: deep(value) for name, value in fields.items()}


def committed(plan: Plan) -> dict[str, tuple[str | None, str | None]]:
    """Return the files that a plan commits, before and after."""
    found = [step.action for step in plan.steps if isinstance(step.action, CommitFiles)]
    return {each.path: (each.before, each.after) for each in found[0].files} if found else {}


def unseen(because: str) -> Seen[Any]:
    """Return a part that was not seen."""
    return Seen(Unknown(because), NOW)
