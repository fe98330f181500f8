"""What of an environment belongs to it alone, found by rule: by the name of a value, or by how it looks.

Nothing here knows a particular chart. A value that a rule takes for the environment's own is asked for or
blanked in a copy, so a rule that finds too much costs a line of ``--set``, one that finds too little an
address that two services fight over.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from prompt_kafka.procedures.authoring.leaves import Leaf, leaves
from prompt_kafka.procedures.authoring.tree import Path


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
class Own:
    """A value that is an environment's own.

    Attributes
    ----------
    file
        Where it stands.
    application
        Whose values they are; empty for the environment's.
    """

    file: str
    application: str
    leaf: Leaf
    kind: Kind

    @property
    def what(self) -> str:
        """What it is, for people."""
        return f"a text that holds a {self.kind}" if "\n" in self.leaf.text.strip() else str(self.kind)

    @property
    def setting(self) -> str:
        """How ``--set`` names it."""
        return setting(self.application, self.leaf.path)


def setting(application: str, path: Path) -> str:
    """Return how ``--set`` names a value."""
    return (f"{application}:" if application else "") + ".".join(path)


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

    @classmethod
    def of(cls, name: str, text: str, where: str) -> Identity:
        """Read it from the environment's values."""
        found = {leaf.path: leaf.text for leaf in leaves(text, where)}
        return cls(name, found.get(("fqdn",), ""), found.get(("vaultPathPrefix",), ""))


def kind_of(leaf: Leaf, who: Identity, application: str) -> Kind | None:
    """Return what of an environment's own a value is; None when it is nobody's."""
    value, path = leaf.text.strip(), leaf.path
    key = next((each for each in reversed(path) if not each.isdecimal()), "")
    if not value or isinstance(leaf.value, bool):
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


def own_values(file: str, application: str, text: str, who: Identity) -> list[Own]:
    """Return the values of a file that are the environment's own."""
    found = ((leaf, kind_of(leaf, who, application)) for leaf in leaves(text, file))
    return [Own(file, application, leaf, kind) for leaf, kind in found if kind is not None]


def own_secrets(file: str, application: str, text: str, who: Identity) -> list[Own]:
    """Return the same of a file of secrets, where a literal value is always the environment's own."""
    literal = [leaf for leaf in leaves(text, file) if leaf.path[-1:] == ("value",) and leaf.text]
    others = [each for each in own_values(file, application, text, who) if each.leaf.path[-1] != "value"]
    return [*(Own(file, application, leaf, Kind.SECRET) for leaf in literal), *others]


def owned(files: Mapping[str, str], environment: str, applications: tuple[str, ...]) -> list[Own]:
    """Return everything that an environment has of its own in the values of some applications."""
    top = f"environments/values-{environment}.yaml"
    if top not in files:
        return []
    who = Identity.of(environment, files[top], top)
    found = own_values(top, "", files[top], who)
    for name in applications:
        for part, rule in (("values", own_values), ("secrets", own_secrets)):
            file = f"applications/{name}/{part}-{environment}.yaml"
            if file in files:
                found += rule(file, name, files[file], who)
    return found
