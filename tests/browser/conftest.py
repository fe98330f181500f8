"""Debian's chromium, driven by playwright; where there is none these tests are left out, not skipped."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or ""
PATIENCE_MS = 240_000


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHROMIUM and importlib.util.find_spec("playwright"):
        return
    here = Path(__file__).parent
    out = [item for item in items if here in item.path.parents]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


@pytest.fixture
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def window(browser: Any, **more: Any) -> tuple[Any, list[str]]:
    """Open a window of somebody's own, and collect what its page complains of."""
    page = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **more}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said
