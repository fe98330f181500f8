"""Reads what changed from every place that keeps a record. Each place fails for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from prompt_kafka.adapters.access import reason
from prompt_kafka.adapters.runs import RunStore
from prompt_kafka.clients.kinds import APPLICATION, EVENT, KAFKA, NODE_POOL, POD, TOPIC, USER
from prompt_kafka.clients.kubernetes import Kubernetes, Object
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.history import Happening, History
from prompt_kafka.core.service import Environment

OPERATORS = ("strimzi", "lab-", "kube", "prompt-kafka")
"""Managers whose own writes are no edits of a person."""


def read(
    kubernetes: Kubernetes,
    environment: Environment,
    since: datetime,
    *,
    commits: Callable[[datetime], Iterable[tuple[datetime, str, str]]] | None = None,
) -> History:
    """Read what changed since a time.

    Parameters
    ----------
    commits
        Gives time, subject and author of the commits since a time; None where no repository is known.
    """
    namespace = environment.namespace
    sources: dict[str, Callable[[], Iterable[Happening]]] = {
        "argo cd": lambda: _syncs(kubernetes.list(APPLICATION, environment.argocd_namespace)),
        "operator": lambda: _restarts(kubernetes.list(EVENT, namespace)),
        "pod": lambda: _exits(kubernetes.list(POD, namespace)),
        "edit": lambda: (
            happening
            for kind in (KAFKA, NODE_POOL, TOPIC, USER)
            for happening in _edits(kubernetes.list(kind, namespace))
        ),
        "run": lambda: _runs(RunStore(kubernetes, namespace)),
    }
    if commits is not None:
        sources["git"] = lambda: (Happening(at, "git", what, who) for at, what, who in commits(since))
    found: list[Happening] = []
    unknown = [] if commits is not None else [("git", "no repository is configured")]
    for source, look in sources.items():
        try:
            found += look()
        except PromptKafkaError as error:
            unknown.append((source, reason(error)))
    return History.of(since, found, unknown)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _syncs(applications: Iterable[Object]) -> Iterator[Happening]:
    for application in applications:
        name = application["metadata"]["name"]
        for entry in (application.get("status") or {}).get("history") or ():
            who = (entry.get("initiatedBy") or {}).get("username", "")
            what = f"{name} synced to {entry.get('revision', '')[:10]}"
            yield Happening(_time(entry["deployedAt"]), "argo cd", what, who)


def _restarts(events: Iterable[Object]) -> Iterator[Happening]:
    for event in events:
        if event.get("reportingController") == "strimzi.io/cluster-operator" and event.get("eventTime"):
            yield Happening(
                _time(event["eventTime"]), "operator", f"{event['reason']}: {event.get('note', '')}"
            )


def _exits(pods: Iterable[Object]) -> Iterator[Happening]:
    for pod in pods:
        for status in (pod.get("status") or {}).get("containerStatuses") or ():
            ended = (status.get("lastState") or {}).get("terminated")
            if ended and ended.get("finishedAt"):
                how = f"{ended.get('exitCode')} ({ended.get('reason', '')})"
                what = f"{pod['metadata']['name']} ended with {how}"
                yield Happening(_time(ended["finishedAt"]), "pod", what)


def _edits(objects: Iterable[Object]) -> Iterator[Happening]:
    for obj in objects:
        for field in obj["metadata"].get("managedFields") or ():
            manager = field.get("manager", "")
            if field.get("subresource") or not field.get("time") or manager.startswith(OPERATORS):
                continue
            what = f"{obj['kind']} {obj['metadata']['name']} changed"
            yield Happening(_time(field["time"]), "edit", what, manager)


def _runs(store: RunStore) -> Iterator[Happening]:
    for record in store.list():
        yield Happening(record.started, "run", f"began: {record.plan.summary} ({record.id})", record.owner)
        if not record.open:
            yield Happening(record.updated, "run", f"{record.state}: {record.plan.summary}", record.owner)
        elif record.because:
            yield Happening(record.updated, "run", f"stopped: {record.because} ({record.id})", record.owner)
