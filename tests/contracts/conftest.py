"""One suite, two servers: the lab's always, the real one when ``KUBEBUILDER_ASSETS`` names its programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompt_kafka.lab import crds
from tests.contracts.definitions import GADGETS, WIDGETS
from tests.contracts.servers import Api, kube_server, lab_server


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = set()
    if not os.environ.get("KUBEBUILDER_ASSETS"):
        missing.add("kube_apiserver")
    if shutil.which("kubectl") is None:
        missing.add("kubectl")
    here = Path(__file__).parent
    out = [
        item
        for item in items
        if here in item.path.parents and missing & {m.name for m in item.iter_markers()}
    ]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


@pytest.fixture(
    scope="session",
    params=["lab", pytest.param("kube-apiserver", marks=pytest.mark.kube_apiserver)],
)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "lab":
        running = lab_server(root)
    else:
        running = kube_server(root, Path(os.environ["KUBEBUILDER_ASSETS"]))
    with running as server:
        for definition in (WIDGETS, GADGETS, *crds.lab()):
            install(server, definition)
        yield server


def install(api: Api, definition: dict[str, object]) -> None:
    """Install a definition and wait until its kind is served."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    made = api.ok("POST", path, definition)
    name, spec = made["metadata"]["name"], made["spec"]
    query = {"fieldSelector": f"metadata.name={name}"}
    with api.watch(path, **query) as events:
        for event in events:
            conditions = event["object"].get("status", {}).get("conditions") or []
            if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
                break
    for version in spec["versions"]:
        # A real server needs a moment more until the new kind is served.
        url = f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
        for _ in range(500):
            if api.send("GET", url).status_code == 200:
                break
        else:
            raise AssertionError(f"{url} is not served")


@pytest.fixture
def space(api: Api) -> str:
    """A namespace of the test's own."""
    return api.namespace()
