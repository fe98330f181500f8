"""How full a volume will be: by size, age and retention of its logs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.upkeep import Disk, Volume, forecast
from tests.worlds import topic

DAY = 86400.0
GIB = 1 << 30


def _topic(name: str, **settings: str) -> TopicState:
    return replace(topic(name), settings={key.replace("_", "."): value for key, value in settings.items()})


def _volume(size: int, age: float | None, **settings: str) -> Volume:
    disk = Disk(100 * GIB, 100 * GIB - size, {("t", 0): size})
    ages = {} if age is None else {("t", 0): age}
    (volume,) = forecast({3: disk}, ages, [_topic("t", **settings)])
    return volume


def test_a_log_grows_by_its_size_over_its_age_until_its_retention() -> None:
    volume = _volume(20 * GIB, 2 * DAY, retention_ms=str(int(14 * DAY * 1000)))
    assert volume.growth == pytest.approx(10 * GIB / DAY)
    assert volume.at_retention == 140 * GIB
    assert volume.days_left == pytest.approx(8.0)


def test_a_volume_that_holds_a_whole_retention_time_never_fills() -> None:
    volume = _volume(10 * GIB, 2 * DAY, retention_ms=str(int(14 * DAY * 1000)))
    assert volume.at_retention == 70 * GIB
    assert volume.days_left is None


def test_a_log_that_has_reached_its_retention_has_stopped_growing() -> None:
    volume = _volume(60 * GIB, 14 * DAY, retention_ms=str(int(14 * DAY * 1000)))
    assert (volume.growth, volume.days_left) == (0.0, None)


def test_a_log_kept_for_ever_has_no_end() -> None:
    volume = _volume(20 * GIB, 2 * DAY, retention_ms="-1")
    assert volume.at_retention is None
    assert volume.days_left == pytest.approx(8.0)


def test_a_limit_by_bytes_ends_it_before() -> None:
    volume = _volume(20 * GIB, 2 * DAY, retention_ms=str(int(14 * DAY * 1000)), retention_bytes=str(30 * GIB))
    assert volume.at_retention == 30 * GIB
    assert volume.days_left is None


@pytest.mark.parametrize("age", [None, 60.0])
def test_a_log_whose_age_is_not_known_or_too_young_tells_nothing(age: float | None) -> None:
    volume = _volume(20 * GIB, age, retention_ms="1000")
    assert (volume.growth, volume.at_retention, volume.days_left) == (None, None, None)


def test_a_compacted_log_is_steady() -> None:
    assert _volume(20 * GIB, 2 * DAY, cleanup_policy="compact").growth is None


def test_a_broker_that_does_not_tell_its_volume_has_no_days() -> None:
    volume = Volume(3, None, None, 5)
    assert (volume.free, volume.days_left) == (None, None)
