"""Groups in words and as data, the same for the command and for pages. The keys of the data stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prompt_kafka.core.codec import Json
from prompt_kafka.core.durations import age
from prompt_kafka.core.kafka import Group, GroupLag

COLUMNS = ("GROUP", "KIND", "STATE", "MEMBERS", "RECORDS BEHIND", "TIME BEHIND", "OBJECTIVE")

NO_COMMIT = " (no commit)"

SORTS: Mapping[str, Callable[[Group], float]] = {
    "name": lambda group: 0.0,
    "records": lambda group: -group.lag_records,
    "time": lambda group: -_oldest(group),
    "members": lambda group: -len(group.members),
}
"""How groups can be sorted: those furthest behind come first, those unknown after them."""


def _oldest(group: Group) -> float:
    return max((lag.age_s for lag in group.lags if lag.age_s is not None), default=-1.0)


def in_order(groups: Sequence[Group], by: str) -> list[Group]:
    """Return the groups, sorted."""
    return sorted(groups, key=lambda group: (SORTS[by](group), group.id))


def records(group: Group) -> str:
    """Return how many records a group is behind; what is only a lower bound says so."""
    seen = [lag for lag in group.lags if not _lost(lag)]
    if not seen:
        return "?" if group.unseen else "no offsets"
    text = (
        f"≥ {group.lag_records:,}"
        if group.unknown or len(seen) < len(group.lags)
        else f"{group.lag_records:,}"
    )
    return f"{text}{NO_COMMIT}" if group.without_commits else text


def behind(group: Group) -> str:
    """Return how far a group is behind in one phrase."""
    if not group.lags:
        return "how far it is behind is unknown" if group.unseen else "it has no offsets"
    said = f"{records(group).removesuffix(NO_COMMIT)} records behind"
    said += f", {time(group)}" if group.lag_records else ""
    return f"{said}; it never committed" if group.without_commits else said


def time(group: Group) -> str:
    """Return how old the oldest record is that a group has not read."""
    known = [lag.age_s for lag in group.lags if lag.age_s is not None]
    if group.lag_s is not None and (group.lags or not group.unseen):
        return age(group.lag_s) if group.lags else ""
    return f"≥ {age(max(known))}" if known and max(known) > 0 else "?"


def is_late(group: Group, objective: float | None) -> bool:
    """Return whether a group is known to be further behind than it may be."""
    return objective is not None and _oldest(group) > objective


def group_json(group: Group, objective: float | None = None) -> Json:
    """Return one group; null is what was not seen."""
    seen = not group.unseen
    return {
        "name": group.id,
        "kind": group.protocol,
        "state": group.state,
        "members": [
            {"id": each.id, "client": each.client_id, "host": each.host, "partitions": list(each.partitions)}
            for each in group.members
        ],
        "records_behind": group.lag_records if group.lags or seen else None,
        "seconds_behind": None if group.lag_s is None else round(group.lag_s, 3),
        "complete": seen,
        "without_commits": group.without_commits,
        "objective_s": objective,
        "unknown": list(group.unseen),
        "partitions": [lag_json(lag) for lag in group.lags],
    }


def lag_json(lag: GroupLag) -> Json:
    """Return how far a group is on one partition."""
    lost = _lost(lag)
    return {
        "topic": lag.topic,
        "partition": lag.partition,
        "committed": lag.committed,
        "start": None if lost else lag.start,
        "end": None if lost else lag.end,
        "records_behind": None if lost else lag.records,
        "seconds_behind": None if lag.age_s is None else round(lag.age_s, 3),
        "expired": lag.expired,
        "unknown": lag.unknown or None,
    }


def _lost(lag: GroupLag) -> bool:
    """Return whether not even the partition's ends were seen."""
    return bool(lag.unknown) and lag.end == 0 and lag.start == 0
