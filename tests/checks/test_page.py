"""docs/checks.md is what the rules say."""

from __future__ import annotations

from pathlib import Path

from prompt_kafka.checks.catalogue import ABOUTS, UNREADABLE
from prompt_kafka.checks.page import page

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == page([UNREADABLE, *ABOUTS])
