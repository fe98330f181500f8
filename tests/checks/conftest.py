"""A cache of its own for each test, with the operator's schemas where this machine has them already."""

from __future__ import annotations

import pytest

from prompt_kafka.clients.assets import cache_home


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    schemas = cache_home() / "crds"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # Nothing listens there: what is not here is not fetched by a test.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    own = cache_home()
    own.mkdir(parents=True)
    if schemas.is_dir():
        (own / "crds").symlink_to(schemas)
    return own
