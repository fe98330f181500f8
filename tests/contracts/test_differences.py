"""The table of differences is the whole list: nothing in it is unused, nothing is hidden beside it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.contracts.differences import ABSENT, DIFFERENCES

SUITE = Path(__file__).parent


def test_every_difference_is_met_by_a_test() -> None:
    texts = [file.read_text() for file in SUITE.glob("test_*.py")]
    used = {name for text in texts for name in re.findall(r'differs\(api, "([^"]+)"\)', text)}
    assert used == set(DIFFERENCES)
    assert all(text.endswith(".") for text in (*DIFFERENCES.values(), *ABSENT))


def test_no_test_asks_which_server_it_is_in_another_way() -> None:
    for file in SUITE.glob("test_*.py"):
        if file.name != Path(__file__).name:
            assert "api.real" not in file.read_text(), file.name
