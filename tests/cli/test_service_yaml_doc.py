"""docs/service-yaml.md names every key that is read, and no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from prompt_kafka.adapters import config, config_hours, config_messages
from prompt_kafka.core.hours_rules import SITES, Sun

PAGE = Path(__file__).parents[2] / "docs" / "service-yaml.md"


def _keys(heading: str) -> set[str]:
    """Return the keys in the table under a heading."""
    (section,) = re.findall(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", PAGE.read_text(), re.M | re.S)
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.M)
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("An environment", config.ENVIRONMENT_KEYS),
        ("`kafka`", config.KAFKA_KEYS),
        ("`pull_request`", config.PULL_REQUEST_KEYS),
        ("`hours`", config_hours.HOURS_KEYS),
        ("`hours.business`", config_hours.BUSINESS_KEYS),
        ("`hours.night`", config_hours.NIGHT_KEYS),
        ("`hours.closed`", config_hours.CLOSED_KEYS),
        ("`messages`", config_messages.MESSAGES_KEYS),
        ("`messages.masks`", config_messages.MASK_KEYS),
        ("`messages.schemas`", config_messages.SCHEMA_KEYS),
        ("`messages.registry`", config_messages.REGISTRY_KEYS),
        ("`messages.filters`", config_messages.FILTER_KEYS),
    ],
)
def test_every_key_is_documented_and_no_other(heading: str, known: Mapping[str, object]) -> None:
    assert _keys(heading) == set(known)


def test_sites_and_kinds_of_night_are_named() -> None:
    text = PAGE.read_text()
    assert all(f"`{name}`" in text for name in (*SITES, *(sun.value for sun in Sun)))
