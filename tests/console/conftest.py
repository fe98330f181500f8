"""The console over the lab's real API server: no broker answers here, which pages must bear anyway."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from prompt_kafka.cli.forms import CommandForms
from prompt_kafka.cli.main import root
from prompt_kafka.cli.reads import CommandReads
from prompt_kafka.console.app import application, link
from prompt_kafka.console.audit import Audit
from prompt_kafka.console.settings import Settings
from prompt_kafka.factory import session
from prompt_kafka.lab import crds
from prompt_kafka.targets import TargetOptions, environment_of
from tests.contracts.conftest import install
from tests.contracts.servers import Api, lab_server
from tests.lab.cluster import definition

BASE = "http://127.0.0.1:8085"
ORIGIN = {"origin": BASE}


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with lab_server(tmp_path_factory.mktemp("console-api")) as running:
        ours = [definition(kind) for kind in ("Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser")]
        for each in (*crds.lab(), *ours, definition("StrimziPodSet", "core.strimzi.io")):
            install(running, each)
        running.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "prompt-kafka"}})
        kafka = {"apiVersion": "kafka.strimzi.io/v1", "kind": "Kafka", "metadata": {"name": "prompt-kafka"}}
        path = "/apis/kafka.strimzi.io/v1/namespaces/prompt-kafka/kafkas"
        running.ok("POST", path, {**kafka, "spec": {}})
        yield running


@pytest.fixture(scope="session")
def target(api: Api) -> TargetOptions:
    path = api.root / "service.yaml"
    here = {"kubeconfig": str(api.kubeconfig), "hours": {"night": {"site": "Cerro Pachón"}}}
    path.write_text(json.dumps({"schema": 1, "environments": {"here": here}}))
    return TargetOptions(environment="here", config=path)


Makes = Callable[..., Starlette]


@pytest.fixture
def makes(target: TargetOptions, tmp_path: Path) -> Makes:
    """Make a console with settings of the test's own."""

    def make(settings: Settings | None = None, *, meant: TargetOptions = target, **more: Any) -> Starlette:
        environment = environment_of(meant, changes=False)
        audit = Audit(tmp_path / "journal.sqlite")
        return application(
            settings or Settings(),
            meant,
            environment,
            lambda: session(meant),
            forms=CommandForms(root, environment.name),
            reads=CommandReads(meant, environment),
            runner="ada",
            audit=audit,
            **more,
        )

    return make


@pytest.fixture
def stranger(makes: Makes) -> Iterator[TestClient]:
    """A browser that is not signed in."""
    with TestClient(makes(), base_url=BASE, client=("127.0.0.1", 40000), follow_redirects=False) as client:
        yield client


@pytest.fixture
def browser(stranger: TestClient) -> TestClient:
    """A browser that opened the one-time link."""
    app: Any = stranger.app
    assert stranger.get(link(app).removeprefix(BASE)).status_code == 303
    return stranger


def token(client: TestClient, path: str = "/") -> str:
    """Return the token of a page's forms."""
    (found, *_) = re.findall(r'name="csrf" value="([^"]+)"', client.get(path).text)
    return str(found)
