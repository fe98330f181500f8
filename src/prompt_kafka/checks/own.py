"""What of an environment belongs to it alone, found by rule: by the name of a value, or by how it looks.

Nothing here knows a particular chart. A copy of an environment asks for such values or blanks them, a
comparison of two environments expects them to differ.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

Path = tuple[str, ...]


class Kind(StrEnum):
    """What an environment has of its own, as people call it."""

    HOST = "host name"
    ADDRESS = "static address"
    LINK = "address of a site's service"
    POOL = "pool of load-balancer addresses"
    STORAGE = "storage class"
    VAULT = "path in Vault"
    CHANNEL = "channel"
    NAME = "name of the environment or cluster"
    BRANCH = "branch of one application"
    SECRET = "value of a secret"


NEVER_SHARED = frozenset({Kind.HOST, Kind.ADDRESS, Kind.VAULT})
"""What two environments cannot both have; of the rest a person may say that it is the same."""

_ADDRESS = re.compile(r"(?<![\w.:-])(\d{1,3}(?:\.\d{1,3}){3})(?:/\d{1,2})?(?![\w.-])")
_ADDRESS_6 = re.compile(r"(?<![\w:.])([0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?:/\d{1,3})?(?![\w:.])")
_HOST_KEY = re.compile(r"(^|[a-z_.-])(host|hostname|fqdn|domain)s?$", re.IGNORECASE)
_LINK = re.compile(r"[a-z][a-z0-9+.-]*://([^/\s:]*)")
_NAME = re.compile(r"(?<![\w.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,6})(?![\w-])", re.IGNORECASE)
_INSIDE = ("svc", "local", "test", "yaml", "yml", "json", "sh", "py", "io")
_POOL_KEY = re.compile(
    r"(address|ip|loadbalancer|lb)[-_.]?(ip[-_]?)?pools?$|loadBalancerClass$", re.IGNORECASE
)
_STORAGE_KEY = re.compile(r"storage-?class(-?name)?$", re.IGNORECASE)
_VAULT_KEY = re.compile(r"vault.*(path|prefix|title)$|vaultSecretsPath$", re.IGNORECASE)
_CHANNEL_KEY = re.compile(r"slack|channel", re.IGNORECASE)
_NAME_KEY = re.compile(r"(^|\.)(clusterName|cluster_name|projectId|region|appOfAppsName)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identity:
    """By what an environment is recognised in its own values."""

    name: str
    fqdn: str = ""
    vault: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Its names: its own, and what its path in Vault calls it."""
        last = self.vault.rpartition("/")[2]
        return (self.name, last) if "-" in last else (self.name,)


def kind_of(path: Path, value: str, who: Identity, application: str) -> Kind | None:
    """Return what of an environment's own a value is; None when it is nobody's."""
    value = value.strip()
    key = next((each for each in reversed(path) if not each.isdecimal()), "")
    if value in ("", "true", "false"):
        return None
    if not application and path[0] in ("name", "applications"):
        return None
    if not application and path[0] == "revisions":
        return Kind.BRANCH
    if _VAULT_KEY.search(key) or (who.vault and who.vault in value):
        return Kind.VAULT
    if _STORAGE_KEY.search(key) or (key == "class" and any("storage" in each.lower() for each in path[:-1])):
        return Kind.STORAGE
    if _POOL_KEY.search(key):
        return Kind.POOL
    if addresses(value):
        return Kind.ADDRESS
    if who.fqdn and who.fqdn in value and not _LINK.search(value):
        return Kind.HOST
    if _link(value):
        return Kind.LINK
    if _HOST_KEY.search(key) and (key.lower().endswith(("fqdn", "hostname")) or _outside(value)):
        return Kind.HOST
    if _domain(who.fqdn) and _domain(who.fqdn) in value:
        return Kind.HOST
    if (_CHANNEL_KEY.search(key) and value.lower() not in ("stable", "latest")) or re.match(r"#\w", value):
        return Kind.CHANNEL
    if _NAME_KEY.search(key) or any(names(each, value) for each in who.names):
        return Kind.NAME
    return None


def addresses(value: str) -> list[str]:
    """Return the addresses in a text that belong to somebody: not those of one's own machine."""
    found = []
    for text in (*_ADDRESS.findall(value), *_ADDRESS_6.findall(value)):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if not (address.is_loopback or address.is_unspecified or address.is_multicast):
            found.append(text)
    return found


def names(name: str, value: str) -> bool:
    """Return whether a text holds a name as a word of its own."""
    return bool(re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", value))


def is_telling(name: str) -> bool:
    """Return whether an environment's name is no common word: only then it says something inside a text."""
    return "-" in name or len(name) > 8


def _link(value: str) -> bool:
    """Return whether a text leads to a service outside of the cluster: a link, a bucket, a place in LDAP."""
    hosts = _LINK.findall(value)
    leads = any(map(_outside, hosts)) or bool(hosts and value.startswith(("s3:", "gs:")))
    return leads or ",dc=" in value


def _outside(value: str) -> bool:
    return any(end.lower() not in _INSIDE for end in _NAME.findall(value))


def _domain(fqdn: str) -> str:
    """Return the domain of a host below the two last words, where it has one: its site's."""
    parts = fqdn.split(".")
    return ".".join(parts[1:]) if len(parts) > 3 else ""
