"""Argo CD through its Application resources, against the lab's API server and application controller."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.adapters import argocd as adapter
from prompt_kafka.adapters.git import GitRepository
from prompt_kafka.adapters.perform import perform
from prompt_kafka.adapters.resources import Resources
from prompt_kafka.clients.kinds import APPLICATION, CONFIG_MAP
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.changes import CommitFiles, FileChange, Refresh, Sync, Synced
from prompt_kafka.core.conditions import Condition
from prompt_kafka.core.delivered import ApplicationSynced, Compared, SyncBegun, SyncSucceeded
from prompt_kafka.core.delivery import Application
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.live import manager_of
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import ObjectsOf, Seen, World
from prompt_kafka.lab.argocd.controller import ApplicationController
from prompt_kafka.lab.argocd.rendering import Renderer
from prompt_kafka.lab.cache import ClusterCache
from tests.lab.argocd.conftest import App
from tests.lab.cluster import Cluster, eventually, running
from tests.worlds import healthy

WHO = "ada@example"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running("lab", tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="module")
def controller(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    cache = ClusterCache(cluster.kubernetes)
    cache.start()
    running = ApplicationController(
        cluster.kubernetes, cache, Renderer(tmp_path_factory.mktemp("checkouts")), factor=1.0
    )
    running.start()
    yield
    running.stop()
    cache.stop()


@pytest.fixture(autouse=True)
def who(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")


def _map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  v: '{value}'\n"


class Service:
    """An application of its own, and the runbook's way to it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.kubernetes: Kubernetes = app.cluster.kubernetes
        self.git = GitRepository(app.url, "main", f"applications/{app.name}")

    def state(self) -> Application:
        return adapter.application(self.app.object)

    def holds(self, condition: Condition) -> bool:
        world = World(
            target=healthy().target,
            at=healthy().at,
            git=Seen(self.git.look()),
            applications=Seen((self.state(),)),
        )
        return condition.judge(world).holds

    def perform(self, action: Any) -> None:
        perform(action, self.kubernetes, git=lambda: self.git, who=WHO)

    def commit(self, mark: str, name: str, before: str | None, after: str) -> None:
        path = f"applications/{self.app.name}/templates/{name}.yaml"
        self.perform(CommitFiles("", "main", name, (FileChange(path, before, after),), mark))

    def sync(self, step: str, *names: str, mark: str = "run-1") -> Sync:
        chosen = tuple(Synced("", "ConfigMap", name, self.app.space) for name in names)
        return Sync(self.app.name, "argocd", self.git.shown, "main", step, chosen, mark)

    def maps(self) -> set[str]:
        found = self.kubernetes.list(CONFIG_MAP, self.app.space)
        return {each["metadata"]["name"] for each in found} - {"kube-root-ca.crt"}


@pytest.fixture
def service(cluster: Cluster, controller: None, tmp_path: Path, request: pytest.FixtureRequest) -> Service:
    name = f"app-{abs(hash(request.node.name)) % 10**8}"
    tree = tmp_path / "tree"
    tree.mkdir()
    app = App(cluster, name, cluster.namespace(), tree, tmp_path / "bare.git")
    app.write(a=_map("a"))
    app.create()
    app.operate()
    eventually(lambda: app.sync == "Synced")
    return Service(app)


def test_a_change_goes_from_git_to_the_cluster_step_by_step(service: Service) -> None:
    compared = Compared(service.app.name, "run-1")
    assert service.holds(ApplicationSynced(service.app.name))
    service.commit("run-1", "b", None, _map("b"))
    service.commit("later", "c", None, _map("c"))
    service.perform(Refresh(service.app.name, "argocd", hard=True))
    eventually(lambda: service.holds(compared))
    assert service.state().different == ("ConfigMap b", "ConfigMap c")

    first = service.sync("one", "b")
    service.perform(first)
    eventually(lambda: service.holds(SyncSucceeded(service.app.name, "one", "run-1")))
    assert service.holds(SyncBegun(service.app.name, "one", "run-1"))
    assert not service.holds(ApplicationSynced(service.app.name, "run-1"))
    assert service.maps() == {"a", "b"}

    service.perform(service.sync("everything"))
    eventually(lambda: service.holds(SyncSucceeded(service.app.name, "everything", "run-1")))
    state = service.state()
    mine = service.git.look().marks["run-1"]
    assert (state.deployed, state.operation and state.operation.by) == (mine, WHO)
    assert service.maps() == {"a", "b"}, "the sync brings the run's commit, not the one after it"


def test_a_full_sync_ends_synced_at_the_runs_commit(service: Service) -> None:
    service.commit("run-1", "b", None, _map("b"))
    service.perform(service.sync("everything"))
    eventually(lambda: service.holds(ApplicationSynced(service.app.name, "run-1")))


def test_nothing_is_pruned(service: Service) -> None:
    path = service.app.tree / f"applications/{service.app.name}/templates/a.yaml"
    path.unlink()
    service.app.write(b=_map("b"))
    service.perform(service.sync("everything"))
    eventually(lambda: service.holds(SyncSucceeded(service.app.name, "everything", "run-1")))
    assert service.maps() == {"a", "b"}
    assert service.state().different == (), "what only a prune would touch does not count"


def test_another_sync_is_not_overwritten(service: Service, cluster: Cluster) -> None:
    """A deny window holds the other one back, so that it is certainly still there."""
    name = service.app.name
    cluster.kubernetes.create(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": name, "namespace": "argocd"},
            "spec": {
                "sourceRepos": ["*"],
                "destinations": [{"namespace": "*", "server": "*"}],
                "syncWindows": [
                    {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}
                ],
            },
        }
    )
    service.app.patch({"spec": {"project": name}})
    theirs = service.sync("theirs", mark="run-0")
    service.perform(theirs)
    eventually(lambda: service.state().busy is not None)
    with pytest.raises(RefusedError) as refused:
        service.perform(service.sync("everything"))
    assert refused.value.rule == "sync-under-way"
    assert WHO in str(refused.value)
    service.perform(theirs)  # by the run that has set it: nothing is done twice
    assert service.holds(SyncBegun(name, "theirs", "run-0"))


def test_options_and_retries_of_the_spec_are_copied(service: Service) -> None:
    policy = {"syncOptions": ["CreateNamespace=true"], "retry": {"limit": 2}}
    service.app.patch({"spec": {"syncPolicy": policy}})
    service.perform(service.sync("everything"))
    eventually(lambda: service.holds(SyncSucceeded(service.app.name, "everything", "run-1")))
    operation = service.app.status["operationState"]["operation"]
    assert operation["sync"]["syncOptions"] == ["CreateNamespace=true"]
    assert operation["sync"]["prune"] is False or "prune" not in operation["sync"]
    assert operation["retry"] == {"limit": 2}


def test_a_frozen_application_is_refused(service: Service) -> None:
    service.app.patch({"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}})
    with pytest.raises(RefusedError) as refused:
        service.perform(service.sync("everything"))
    assert refused.value.rule == "application-frozen"


def test_a_chart_that_does_not_render_is_never_compared(service: Service) -> None:
    service.commit("run-1", "b", None, '{{ required "a value is missing" .Values.nothing }}\n')
    service.perform(Refresh(service.app.name, "argocd"))
    eventually(lambda: bool(service.state().problems))
    assert not service.holds(Compared(service.app.name, "run-1"))
    assert "a value is missing" in service.state().message


def test_an_application_is_read_as_a_value(service: Service) -> None:
    state = service.state()
    assert (state.name, state.target, state.folder) == (
        service.app.name,
        "main",
        f"applications/{service.app.name}",
    )
    assert (state.ready, state.reason, state.automated, state.busy) == (True, "Synced, Healthy", False, None)
    found = service.kubernetes.get(APPLICATION, service.app.name, "argocd")
    assert state.deployed == found["status"]["history"][-1]["revision"] == service.git.look().head


def test_a_commit_before_the_newest_can_be_brought(service: Service) -> None:
    name = service.app.name
    service.commit("run-1", "b", None, _map("b"))
    service.commit("later", "c", None, _map("c"))
    wanted = service.git.look().marks["run-1"]
    sync = replace(service.sync("everything", mark="run-2"), revision=wanted)
    service.perform(Refresh(name, "argocd", hard=True))
    eventually(lambda: service.holds(Compared(name, revision=wanted)))
    service.perform(sync)
    condition = ApplicationSynced(name, revision=wanted, besides=("ConfigMap c",))
    eventually(lambda: service.holds(condition))
    assert not service.holds(ApplicationSynced(name, revision=wanted))
    assert not service.holds(ApplicationSynced(name))
    assert service.maps() == {"a", "b"}
    assert service.state().history[-1] == wanted


def test_a_sync_that_argo_cd_began_by_itself_is_waited_for(service: Service) -> None:
    policy = {"spec": {"syncPolicy": {"automated": {"prune": False}}}}
    service.kubernetes.patch(APPLICATION, service.app.name, "argocd", policy)
    service.commit("run-1", "b", None, _map("b"))
    service.perform(Refresh(service.app.name, "argocd"))
    service.perform(service.sync("everything"))
    eventually(lambda: service.holds(ApplicationSynced(service.app.name, "run-1")))
    state = service.state()
    assert (state.automated, state.prunes, state.replaces) == (True, False, False)


def test_what_could_delete_is_seen(service: Service) -> None:
    policy = {"automated": {"prune": True}, "syncOptions": ["Replace=true"]}
    service.kubernetes.patch(APPLICATION, service.app.name, "argocd", {"spec": {"syncPolicy": policy}})
    state = service.state()
    assert (state.automated, state.prunes, state.replaces) == (True, True, True)


def test_who_changed_an_object_by_hand_is_read_from_the_server(service: Service, cluster: Cluster) -> None:
    environment = Environment("lab", namespace=service.app.space)
    with (
        Kubernetes.connect(cluster.kubeconfig, field_manager="kubectl-edit") as person,
        ThreadPoolExecutor(1) as pool,
    ):
        person.patch(CONFIG_MAP, "a", service.app.space, {"data": {"mine": "2"}})
        look = ObjectsOf((("v1", "ConfigMap"), ("v1", "Secret"), ("no.such/v1", "Thing")))
        found = Resources(service.kubernetes, environment, pool).objects(look)
    live = found.found["ConfigMap", "a"]
    assert manager_of(live, ("data", "mine")) == "kubectl-edit"
    assert manager_of(live, ("data", "v")) != "kubectl-edit"
    assert found.unknown == {"Secret": "what it holds is never looked at"}
    assert not any(kind == "Secret" for kind, _ in found.found)
