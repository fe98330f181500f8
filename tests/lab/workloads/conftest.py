from __future__ import annotations

import os
from pathlib import Path

import pytest

from prompt_kafka.lab.cache import ClusterCache
from tests.lab.cluster import KINDS, running


def pytest_collection_modifyitems(config, items):
    if os.environ.get("KUBEBUILDER_ASSETS"):
        return
    here = Path(__file__).parent
    out = [item for item in items if here in item.path.parents and "kube_apiserver" in item.keywords]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


@pytest.fixture(scope="session", params=KINDS)
def cluster(request, tmp_path_factory):
    with running(request.param, tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="session")
def cache(cluster):
    cache = ClusterCache(cluster.kubernetes)
    cache.start()
    yield cache
    cache.stop()


@pytest.fixture
def space(cluster):
    return cluster.namespace()
