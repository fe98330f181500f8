"""What the brokers really have besides topics: settings, the metadata level, access rules and quotas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    """

    value: str | None
    read_only: bool = False
    dynamic: bool = False


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

    def restarts(self, name: str) -> bool | None:
        """Return whether only a restart changes a setting; None when no broker knows it."""
        found = [each[name].read_only for each in self.brokers.values() if name in each]
        return any(found) if found else None


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
