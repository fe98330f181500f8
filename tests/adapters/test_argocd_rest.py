"""Argo CD through its REST API, against the lab's, with the lab's application controller behind it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from prompt_kafka.adapters import argocd_rest
from prompt_kafka.adapters.argocd_rest import ArgoCdError, ArgoServer
from prompt_kafka.adapters.argocd_way import ByResources, ByRest, argocd_of
from prompt_kafka.adapters.perform import perform
from prompt_kafka.clients.kinds import APPLICATION
from prompt_kafka.core.changes import Refresh
from prompt_kafka.core.delivered import SyncSucceeded
from prompt_kafka.core.errors import RefusedError, UnreachableError, UsageError
from prompt_kafka.core.service import Environment
from prompt_kafka.lab.argocd.rest import RestApi, token_of
from prompt_kafka.lab.argocd.server import Applications
from tests.adapters.test_argocd import WHO, Service, _map, cluster, controller, service, who
from tests.lab.cluster import Cluster, eventually

__all__ = ["cluster", "controller", "service", "who"]  # fixtures


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Iterator[RestApi]:
    running = RestApi(Applications(cluster.kubernetes), cluster.kubeconfig.parent, 0)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def variables(api: RestApi, cluster: Cluster) -> dict[str, str]:
    """What a user has exported."""
    root = cluster.kubeconfig.parent
    return {
        "ARGOCD_SERVER": api.address,
        "ARGOCD_AUTH_TOKEN": token_of(root),
        "ARGOCD_OPTS": f"--server-crt {root / 'pki' / 'ca.crt'} --grpc-web",
    }


@pytest.fixture
def server(variables: dict[str, str]) -> Iterator[ArgoServer]:
    made = ArgoServer.from_environment(variables)
    assert made is not None
    with made:
        yield made


class RestService(Service):
    """The service, with Argo CD reached through its API."""

    server: ArgoServer

    def perform(self, action: Any) -> None:
        way = ByRest(self.server, self.kubernetes, "argocd")
        perform(action, self.kubernetes, git=lambda: self.git, argocd=lambda: way, who=WHO)


def ended(service: Service, run: str) -> bool:
    operation = service.state().operation
    return operation is not None and operation.run == run and operation.ended


@pytest.fixture
def rest(service: Service, server: ArgoServer) -> RestService:
    made = RestService(service.app)
    made.server = server
    return made


def test_the_token_is_checked_and_private(api: RestApi, variables: dict[str, str], cluster: Cluster) -> None:
    assert (cluster.kubeconfig.parent / "argocd-token").stat().st_mode & 0o777 == 0o600
    ca_file = str(cluster.kubeconfig.parent / "pki" / "ca.crt")
    trust = ssl.create_default_context(cafile=ca_file)
    answer = httpx2.get(f"https://{api.address}/api/v1/applications", verify=trust, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (401, 16)
    with ArgoServer(api.address, "guessed", ca_file=ca_file) as server:
        assert server.version()
        with pytest.raises(ArgoCdError, match="invalid session") as caught:
            server.list()
    assert caught.value.status == 401
    assert "ARGOCD_AUTH_TOKEN" in str(caught.value)
    assert "guessed" not in str(caught.value)


def test_applications_are_values(rest: RestService) -> None:
    (mine,) = [a for a in argocd_rest.applications(rest.server, "argocd") if a.name == rest.app.name]
    assert mine == rest.state()
    assert mine.sync == "Synced"


def test_a_refresh_is_answered_when_it_was_made(rest: RestService) -> None:
    before = rest.state().compared
    rest.commit("run-1", "b", None, _map("b"))
    rest.perform(Refresh(rest.app.name, "argocd", hard=True))
    after = rest.state()
    assert not after.refreshing
    assert before is not None and after.compared is not None and after.compared >= before
    assert after.sync == "OutOfSync"


def test_a_sync_brings_the_runs_commit_and_bears_its_mark(rest: RestService) -> None:
    rest.commit("run-1", "b", None, _map("b"))
    rest.perform(rest.sync("everything"))
    eventually(lambda: ended(rest, "run-1"))
    operation = rest.state().operation
    assert operation is not None
    assert (operation.phase, operation.run, operation.step, operation.by) == (
        "Succeeded",
        "run-1",
        "everything",
        "lab",
    )
    assert rest.maps() == {"a", "b"}
    info = rest.app.object["status"]["operationState"]["operation"]["info"]
    assert {"name": "by", "value": WHO} in info
    assert rest.holds(SyncSucceeded(rest.app.name, "everything", "run-1"))


def test_a_selective_sync(rest: RestService) -> None:
    rest.commit("run-1", "b", None, _map("b"))
    rest.commit("run-2", "c", None, _map("c"))
    rest.perform(rest.sync("some", "c", mark="run-2"))
    eventually(lambda: rest.maps() == {"a", "c"})


def test_a_sync_under_way_is_not_joined(rest: RestService) -> None:
    window = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": [rest.app.name]}
    theirs = {"sync": {"revision": "main"}, "initiatedBy": {"username": "bob"}}
    project = {"metadata": {"name": f"p-{rest.app.name}", "namespace": "argocd"}}
    kinds = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject"}
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"namespace": "*", "server": "*"}],
        "syncWindows": [window],
    }
    rest.kubernetes.create({**kinds, **project, "spec": spec})
    rest.kubernetes.patch(
        APPLICATION, rest.app.name, "argocd", {"spec": {"project": f"p-{rest.app.name}"}, "operation": theirs}
    )
    eventually(lambda: rest.state().busy)
    with pytest.raises(RefusedError, match=r"another sync of .* is under way"):
        rest.perform(rest.sync("everything"))
    with pytest.raises(ArgoCdError, match="blocked by sync window") as caught:
        rest.server.sync(rest.app.name, {"revision": ""})
    assert caught.value.status == 403


def test_a_rollback_and_its_refusals(rest: RestService) -> None:
    rest.perform(rest.sync("first", mark="run-0"))
    eventually(lambda: ended(rest, "run-0"))
    first = rest.app.object["status"]["history"][-1]["id"]
    rest.commit("run-1", "b", None, _map("b"))
    rest.perform(rest.sync("everything"))
    eventually(lambda: ended(rest, "run-1"))
    with pytest.raises(ArgoCdError, match="does not have deployment with id 99"):
        rest.server.rollback(rest.app.name, 99)
    rest.server.rollback(rest.app.name, first)
    eventually(lambda: len(rest.app.object["status"]["history"]) >= first + 2)
    rest.kubernetes.patch(APPLICATION, rest.app.name, "argocd", {"spec": {"syncPolicy": {"automated": {}}}})
    with pytest.raises(ArgoCdError, match="rollback cannot be initiated when auto-sync is enabled") as caught:
        rest.server.rollback(rest.app.name, first)
    assert caught.value.status == 400
    with pytest.raises(ArgoCdError, match="Cannot sync to 1234: auto-sync currently set to"):
        rest.server.sync(rest.app.name, {"revision": "1234"})


def test_ending_an_operation(rest: RestService) -> None:
    with pytest.raises(ArgoCdError, match="No operation is in progress"):
        rest.server.terminate(rest.app.name)


def test_an_application_that_is_not_there(server: ArgoServer) -> None:
    with pytest.raises(ArgoCdError, match='"nobody" not found') as caught:
        server.get("nobody")
    assert caught.value.status == 404


def test_another_argo_cd_is_refused(rest: RestService, cluster: Cluster) -> None:
    class Other(ArgoServer):
        def get(self, name: str, namespace: str = "", *, refresh: str = "") -> dict[str, Any]:
            return {"metadata": {"name": name, "uid": "another"}}

    other = Other("https://127.0.0.1:1", "token")
    way = ByRest(other, cluster.kubernetes, "argocd")
    with pytest.raises(RefusedError, match="is not the one of this cluster"):
        way.sync(rest.sync("everything"), "main", WHO)


def test_which_way(cluster: Cluster, variables: dict[str, str]) -> None:
    environment = Environment("here")
    assert isinstance(argocd_of(cluster.kubernetes, environment, {}), ByResources)
    assert isinstance(
        argocd_of(cluster.kubernetes, environment, {"ARGOCD_SERVER": "argocd.example"}), ByResources
    )
    with_token = argocd_of(cluster.kubernetes, environment, variables)
    assert with_token.way == f"REST API at https://{variables['ARGOCD_SERVER']}"
    with_token.close()
    configured = Environment("here", argocd_server="https://argocd.example/argo")
    made = argocd_of(cluster.kubernetes, configured, variables)
    assert made.way == "REST API at https://argocd.example/argo"
    made.close()


def test_the_options_of_argo_cds_own_command() -> None:
    plain = {"ARGOCD_SERVER": "a:80", "ARGOCD_AUTH_TOKEN": "t", "ARGOCD_OPTS": "--plaintext --grpc-web"}
    made = ArgoServer.from_environment(plain)
    assert made is not None and made.address == "http://a:80"
    root = {**plain, "ARGOCD_OPTS": "--grpc-web-root-path=/argo"}
    made = ArgoServer.from_environment(root)
    assert made is not None and made.address == "https://a:80/argo"
    with pytest.raises(UsageError, match="cannot be used"):
        ArgoServer.from_environment({**plain, "ARGOCD_OPTS": "--server-crt /no/such/file"})


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with ArgoServer("http://127.0.0.1:1", "S3CRET") as server:
        with pytest.raises(UnreachableError, match="Argo CD does not answer") as caught:
            server.list()
    assert "S3CRET" not in str(caught.value)
    assert os.environ.get("ARGOCD_AUTH_TOKEN") is None
