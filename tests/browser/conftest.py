"""Debian's chromium, driven by playwright; where there is none these tests are left out, not skipped."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHROMIUM and importlib.util.find_spec("playwright"):
        return
    here = Path(__file__).parent
    out = [item for item in items if here in item.path.parents]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
