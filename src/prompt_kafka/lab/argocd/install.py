"""Setting an environment up as an administrator does: the app of apps, then the applications one by one.

Nothing of Phalanx syncs by itself, so somebody has to press the button; here that is the lab. Only
applications that were never synced are synced: whatever is pending on a lab that was set up before is left
to the person whose lab it is.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from prompt_kafka.clients import documents, helm
from prompt_kafka.clients.gitops import UnknownEnvironmentError
from prompt_kafka.clients.kinds import APP_PROJECT, APPLICATION, NAMESPACE
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab import git
from prompt_kafka.lab.argocd import status
from prompt_kafka.lab.argocd.comparer import IN_CLUSTER
from prompt_kafka.lab.informer import Informer
from prompt_kafka.lab.settings import LabSettings

log = logging.getLogger(__name__)

ARGOCD = "argocd"
RUN = ("strimzi", "prompt-kafka")
"""The applications that the lab runs, in the order in which they are synced."""

REASON = f"the lab runs {' and '.join(RUN)} only; the Application is there and stays OutOfSync"
_WHO = "lab"


class InstallError(PromptKafkaError):
    """An application could not be synced."""

    code = "install"


@dataclass(frozen=True, slots=True)
class Installed:
    """What was set up.

    Attributes
    ----------
    root
        Name of the app of apps.
    synced
        Applications that were synced now.
    not_run
        Applications of the environment that the lab does not run, and why.
    """

    root: str
    synced: tuple[str, ...]
    not_run: tuple[tuple[str, str], ...]


def install(
    kubernetes: Kubernetes,
    settings: LabSettings,
    repo_url: str,
    *,
    say: Callable[[str], None] = log.info,
    timeout: float = 60.0,
    clock: Clock = SYSTEM,
) -> Installed:
    """Set an environment up; the controllers must be running.

    Parameters
    ----------
    kubernetes
        The lab's API.
    settings
        Of the lab: which environment, which versions are forced.
    repo_url
        Of the lab's Git.
    say
        Told what is being done.
    timeout
        Seconds for each sync.

    Raises
    ------
    UnknownEnvironmentError
        The repository has no such environment.
    InstallError
        A sync failed, or did not end in time.
    """
    root = app_of_apps(repo_url, settings.environment)
    _create(kubernetes, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ARGOCD}})
    _create(kubernetes, _project())
    _create(kubernetes, application(root, settings.environment, repo_url))
    synced = []
    with _following(kubernetes, clock) as follow:
        if _sync(kubernetes, follow, root, say, timeout, clock):
            synced.append(root)
        for name in RUN:
            if kubernetes.find(APPLICATION, name, ARGOCD) is None:
                say(f"the environment has no application {name}")
            elif _sync(kubernetes, follow, name, say, timeout, clock):
                synced.append(name)
    names = sorted(each["metadata"]["name"] for each in kubernetes.list(APPLICATION, ARGOCD))
    return Installed(root, tuple(synced), tuple((each, REASON) for each in names if each not in (root, *RUN)))


def app_of_apps(repo_url: str, environment: str) -> str:
    """Return the name of an environment's app of apps, read from the head of the lab's Git.

    Raises
    ------
    UnknownEnvironmentError
        There is no such environment; names those there are.
    """
    directory = git.local(repo_url)
    if directory is None:
        raise InstallError("the lab deploys from a repository on this machine", where=repo_url)
    head = git.resolve(directory, "main")
    names = git.git("ls-tree", "--name-only", head, "environments/", directory=directory).splitlines()
    found = sorted(
        each.removeprefix("environments/values-").removesuffix(".yaml")
        for each in names
        if each.startswith("environments/values-")
    )
    if environment not in found:
        raise UnknownEnvironmentError(
            f"there is no environment {environment}",
            where=repo_url,
            next=f"known environments: {', '.join(found)}",
        )
    values: Mapping[str, Any] = {}
    for file in ("values.yaml", f"values-{environment}.yaml"):
        text = git.git("show", f"{head}:environments/{file}", directory=directory)
        values = helm.merge(values, documents.parse(text, where=f"environments/{file}"))
    return str(values.get("appOfAppsName") or environment)


def application(name: str, environment: str, repo_url: str, revision: str = "main") -> Object:
    """Return the app of apps of an environment, as Phalanx's installer makes it."""
    parameters = [{"name": "repoUrl", "value": repo_url}, {"name": "targetRevision", "value": revision}]
    return {
        "apiVersion": APPLICATION.api_version,
        "kind": APPLICATION.kind,
        "metadata": {"name": name, "namespace": ARGOCD},
        "spec": {
            "project": "default",
            "destination": {"namespace": ARGOCD, "server": IN_CLUSTER},
            "source": {
                "repoURL": repo_url,
                "targetRevision": revision,
                "path": "environments",
                "helm": {
                    "valueFiles": ["values.yaml", f"values-{environment}.yaml"],
                    "parameters": parameters,
                },
            },
        },
    }


def _project() -> Object:
    everything = [{"group": "*", "kind": "*"}]
    return {
        "apiVersion": APP_PROJECT.api_version,
        "kind": APP_PROJECT.kind,
        "metadata": {"name": "default", "namespace": ARGOCD},
        "spec": {
            "sourceRepos": ["*"],
            "destinations": [{"namespace": "*", "server": "*"}],
            "clusterResourceWhitelist": everything,
        },
    }


def _create(kubernetes: Kubernetes, obj: Object) -> None:
    kind = NAMESPACE if obj["kind"] == "Namespace" else None
    if kind is not None and kubernetes.find(kind, obj["metadata"]["name"]) is not None:
        return
    try:
        kubernetes.create(obj)
    except AlreadyExists:
        pass


@dataclass(frozen=True, slots=True)
class _Follow:
    informer: Informer
    changed: threading.Event


@contextmanager
def _following(kubernetes: Kubernetes, clock: Clock) -> Iterator[_Follow]:
    informer, changed = Informer(kubernetes, APPLICATION, ARGOCD, clock=clock), threading.Event()
    informer.on_change(lambda _event, _obj: changed.set())
    informer.start()
    try:
        yield _Follow(informer, changed)
    finally:
        informer.stop()


def _sync(
    kubernetes: Kubernetes,
    follow: _Follow,
    name: str,
    say: Callable[[str], None],
    timeout: float,
    clock: Clock,
) -> bool:
    """Sync an application that was never synced and wait for the end; return whether it was done."""
    run = uuid.uuid4().hex
    end = clock.monotonic() + timeout
    while not _start(kubernetes, name, run):
        found = kubernetes.get(APPLICATION, name, ARGOCD)
        if (found.get("status") or {}).get("history"):
            return False
        if clock.monotonic() > end:
            raise InstallError(f"another operation on {name} does not end", where=f"Application {name}")
        clock.sleep(0.1, follow.changed)
        follow.changed.clear()
    say(f"syncing {name}")

    def state() -> Mapping[str, Any]:
        seen = follow.informer.get(ARGOCD, name) or {}
        found: Mapping[str, Any] = (seen.get("status") or {}).get("operationState") or {}
        info = (found.get("operation") or {}).get("info") or ()
        return found if any(each.get("value") == run for each in info) else {}

    left = end - clock.monotonic()
    if not clock.wait_until(
        lambda: state().get("phase") in status.TERMINAL, left, interval=1.0, wake=follow.changed
    ):
        said = state().get("message") or "the Argo CD controller has not begun"
        raise InstallError(
            f"the sync of {name} did not end within {timeout:g} s: {said}", where=f"Application {name}"
        )
    if state()["phase"] != "Succeeded":
        raise InstallError(
            f"the sync of {name} ended {state()['phase']}: {state().get('message', '')}",
            where=f"Application {name} in namespace {ARGOCD}",
            next="mend the chart, commit it, and start the lab again",
        )
    return True


def _start(kubernetes: Kubernetes, name: str, run: str) -> bool:
    """Patch the operation in, unless one is there or the application has been synced before."""
    found = kubernetes.get(APPLICATION, name, ARGOCD)
    if found.get("operation") or status.in_progress(found) or (found.get("status") or {}).get("history"):
        return False
    body = {
        "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
        "operation": {
            "initiatedBy": {"username": _WHO},
            "info": [{"name": "run", "value": run}, {"name": "Reason", "value": "lab up"}],
            # A real server takes a moment to serve kinds that the sync before has defined.
            "retry": {"limit": 3, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"}},
            "sync": {"syncStrategy": {"hook": {}}},
        },
        "status": {"operationState": None},
    }
    try:
        kubernetes.patch(APPLICATION, name, ARGOCD, body)
    except (Conflict, NotFound):
        return False
    return True
