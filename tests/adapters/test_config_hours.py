"""The hours of ``service.yaml``: every form, and each mistake with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from prompt_kafka.adapters import config
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.hours import Interval
from prompt_kafka.core.hours_rules import CERRO_PACHON, Always, Business, Night, Operating, Sun

HEAD = "schema: 1\nenvironments:\n  a:\n"


def read(tmp_path: Path, text: str) -> Operating | None:
    path = tmp_path / "service.yaml"
    path.write_text(HEAD + "\n".join(f"    {line}" for line in text.splitlines()) + "\n")
    return config.read(path)["a"].hours


def test_each_form_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "production: true") is None
    assert read(tmp_path, "hours: 24x7") == Operating(Always())
    business = "hours:\n  business: {days: [mon, fri], from: '08:00', to: 24:00, zone: America/Los_Angeles}"
    assert read(tmp_path, business) == Operating(Business(("mon", "fri"), 480, 1440, "America/Los_Angeles"))
    assert read(tmp_path, "hours: {night: {site: Cerro Pachón}}") == Operating(Night(CERRO_PACHON))
    night = read(
        tmp_path,
        "hours:\n  night: {latitude: 28.7, longitude: -17.9, elevation: 2396, zone: Atlantic/Canary, "
        "sun: nautical, before: 30, after: 0}",
    )
    assert night is not None
    assert isinstance(night.rule, Night)
    assert night.rule.sun is Sun.NAUTICAL
    assert night.rule.site.elevation == 2396
    assert (night.rule.before, night.rule.after) == (30, 0)


def test_declared_intervals_are_read_with_any_offset(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "hours:\n  night: {site: Cerro Pachón}\n  closed:\n"
        "    - {from: 2026-12-01T12:00:00-03:00, to: 2026-12-01T17:00Z, because: calibration}",
    )
    assert found is not None
    begin, end = datetime(2026, 12, 1, 15, tzinfo=UTC), datetime(2026, 12, 1, 17, tzinfo=UTC)
    assert found.closed == (Interval(begin, end, "calibration"),)


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("hours: always", "hours cannot be 'always'", 4),
        ("hours: 7", "hours must be text or a mapping", 4),
        ("hours:\n  nigth: {}", "unknown key environments.a.hours.nigth", 5),
        ("hours:\n  closed: []", "must say one kind", 4),
        ("hours:\n  night:\n    site: Mauna Kea", "site 'Mauna Kea' is not known", 6),
        ("hours:\n  night: {}", "site '' is not known", 5),
        ("hours:\n  night:\n    latitude: 12", "night lacks longitude, zone", 5),
        (
            "hours:\n  night:\n    latitude: 95\n    longitude: 1\n    zone: UTC",
            "latitude must be −90 to 90 degrees",
            6,
        ),
        (
            "hours:\n  night:\n    latitude: 1\n    longitude: 1\n    zone: Chile/Pachon",
            "zone 'Chile/Pachon' is no time zone",
            8,
        ),
        ("hours:\n  night:\n    site: Cerro Pachón\n    sun: dusk", "sun cannot be 'dusk'", 7),
        ("hours:\n  night:\n    site: Cerro Pachón\n    before: -5", "before must be 0 to 720", 7),
        ("hours:\n  night:\n    site: Cerro Pachón\n    before: true", "before must be a number", 7),
        ("hours:\n  business:\n    days: [mon]", "business lacks from, to, zone", 5),
        (
            "hours:\n  business:\n    days: [mo]\n    from: '08:00'\n    to: '9:00'\n    zone: UTC",
            "days has no 'mo'",
            6,
        ),
        (
            "hours:\n  business:\n    days: [mon]\n    from: '08:00'\n    to: '9:00'\n    zone: UTC",
            "to must be a local time",
            8,
        ),
        (
            "hours:\n  night: {site: Cerro Pachón}\n  closed:\n    - from: 2026-12-01T15:00\n"
            "      to: 2026-12-01T17:00Z\n      because: x",
            "from must be a time with its offset",
            7,
        ),
        (
            "hours:\n  night: {site: Cerro Pachón}\n  closed:\n    - from: 2026-12-01T15:00Z\n"
            "      to: 2026-12-01T14:00Z\n      because: x",
            "to is not after from",
            8,
        ),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path: Path, text: str, what: str, line: int) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, text)
    assert what in error.value.what
    assert error.value.where == f"{tmp_path / 'service.yaml'}:{line}"
