"""What the brokers really have besides topics: settings, the metadata level, access rules and quotas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

THREADS = frozenset(
    {
        "background.threads",
        "log.cleaner.threads",
        "num.io.threads",
        "num.network.threads",
        "num.recovery.threads.per.data.dir",
        "num.replica.fetchers",
    }
)
"""Pools that Kafka lets grow to at most their double, or shrink to their half, while it runs (4.0 to 4.2)."""

WRITTEN_ANYWAY = frozenset({"min.insync.replicas"})
"""What the operator writes into a broker's file when the resource does not name it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a broker.

    Attributes
    ----------
    value
        None where the broker does not tell it (a password).
    read_only
        Only a restart changes it.
    dynamic
        It was set while the broker ran, on it or on all of them; else it is the file's or the default.
    started_with
        The broker has read it from its file when it started, whatever was set since.
    """

    value: str | None
    read_only: bool = False
    dynamic: bool = False
    started_with: bool = False


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """The settings of every broker that answered, by node id.

    Attributes
    ----------
    metadata_level
        The level of ``metadata.version`` at which the cluster runs; None when nobody told it.
    """

    brokers: Mapping[int, Mapping[str, Setting]] = field(default_factory=dict)
    metadata_level: int | None = None

    def restarts(self, name: str, wanted: object = None) -> bool | None:
        """Return whether only a restart changes a setting; None when no broker knows it.

        Parameters
        ----------
        wanted
            Its new value: a pool of threads may at most be doubled or halved while a broker runs.
        """
        found = [each[name] for each in self.brokers.values() if name in each]
        if not found:
            return None
        return any(each.read_only or (name in THREADS and _too_far(each.value, wanted)) for each in found)

    def stays(self, name: str) -> bool:
        """Return whether a setting that is taken away stays until a restart.

        The operator takes back what was set while the brokers ran, not what they started with.
        """
        found = [each[name] for each in self.brokers.values() if name in each]
        return name not in WRITTEN_ANYWAY and any(each.started_with and not each.read_only for each in found)


def _too_far(value: str | None, wanted: object) -> bool:
    try:
        before, after = int(value or ""), int(str(wanted))
    except ValueError:
        return False
    return after < before // 2 or after > before * 2


@dataclass(frozen=True, slots=True, order=True)
class AccessRule:
    """One access rule (ACL), with the names that ``KafkaUser`` gives things."""

    user: str
    resource: str
    name: str
    pattern: str
    operation: str
    permission: str = "allow"
    host: str = "*"

    def __str__(self) -> str:
        prefix = " (prefix)" if self.pattern == "prefix" else ""
        host = "" if self.host == "*" else f" from {self.host}"
        return f"{self.permission} {self.operation} on {self.resource} {self.name}{prefix}{host}"


@dataclass(frozen=True, slots=True)
class Access:
    """What users may do, as the brokers have it.

    Attributes
    ----------
    quotas
        Name and value of each quota, by user.
    passwords
        Users of whom the brokers keep a password (SCRAM).
    """

    rules: frozenset[AccessRule] = frozenset()
    quotas: Mapping[str, Mapping[str, float]] = field(default_factory=dict, hash=False)
    passwords: frozenset[str] = frozenset()


def said(value: object) -> str:
    """Return a setting's value of a manifest as Kafka writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(said(each) for each in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def same(one: str | None, other: str | None) -> bool:
    """Return whether two values of a setting mean the same: ``1.0`` is ``1``, lists may have spaces."""
    if one is None or other is None or one == other:
        return one == other
    try:
        return float(one) == float(other)
    except ValueError:
        return [part.strip() for part in one.split(",")] == [part.strip() for part in other.split(",")]
