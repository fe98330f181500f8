"""When the volumes will be full, as a look at topics tells it, whichever topics it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prompt_kafka.clients.kafka.describe import metadata
from prompt_kafka.clients.kafka.lags import first_records
from prompt_kafka.clients.kafka.offsets import COMMITTED, EARLIEST, LATEST, UNCOMMITTED
from prompt_kafka.clients.kafka.survey import Place, Survey
from prompt_kafka.clients.kafka.topic_settings import stated
from prompt_kafka.clients.kafka.volumes import biggest
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.upkeep import Disk, Volume, forecast


def growing(survey: Survey, held: Mapping[int, Disk], states: Sequence[TopicState]) -> tuple[Volume, ...]:
    """Return the volume of each broker that told, with its growth by its biggest logs.

    Parameters
    ----------
    states
        Topics that are known already; those of the biggest logs are looked up where they are not among them.
    """
    known = {state.name: state for state in states}
    places = biggest(held)
    if missing := sorted({topic for topic, _ in places} - known.keys()):
        known |= {state.name: state for state in _states(survey, missing)}
    led = {(t.name, p.index): p.leader for t in known.values() for p in t.partitions}
    asked: dict[Place, int | None] = {place: led[place] for place in places if led.get(place) is not None}
    (starts, ends), _ = survey.offsets(asked, [(EARLIEST, UNCOMMITTED), (LATEST, COMMITTED)])
    spots = {
        (place, start) for place, (start, _) in starts.items() if place in ends and start < ends[place][0]
    }
    firsts, _ = first_records(survey, asked, ends, spots)
    now_ms = survey.connection.clock.now().timestamp() * 1000
    ages = {
        place: (now_ms - first) / 1000
        for (place, _), first in firsts.items()
        if first is not None and 0 < first < now_ms
    }
    return forecast(held, ages, tuple(known.values()))


def _states(survey: Survey, names: Sequence[str]) -> tuple[TopicState, ...]:
    try:
        found = metadata(survey.connection, names, rights=False)
    except PromptKafkaError:
        return ()
    return stated(survey, [topic for topic in found if topic.error_code in (0, 5)]).topics
