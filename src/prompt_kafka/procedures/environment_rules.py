"""The values of an environment that are its own, in its files: what a copy of it asks for or blanks.

A value that a rule takes for the environment's own is asked for or blanked in a copy, so a rule that finds
too much costs a line of ``--set``, one that finds too little an address that two services fight over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prompt_kafka.checks.own import NEVER_SHARED, Identity, Kind, addresses, is_telling, kind_of, names
from prompt_kafka.procedures.authoring.leaves import Leaf, leaves
from prompt_kafka.procedures.authoring.tree import Path

__all__ = [
    "NEVER_SHARED",
    "Identity",
    "Kind",
    "Own",
    "addresses",
    "identity",
    "is_telling",
    "names",
    "own_secrets",
    "own_values",
    "owned",
    "setting",
]


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


def identity(name: str, text: str, where: str) -> Identity:
    """Read by what an environment is recognised from its values."""
    found = {leaf.path: leaf.text for leaf in leaves(text, where)}
    return Identity(name, found.get(("fqdn",), ""), found.get(("vaultPathPrefix",), ""))


def own_values(file: str, application: str, text: str, who: Identity) -> list[Own]:
    """Return the values of a file that are the environment's own."""
    found = (
        (leaf, None if isinstance(leaf.value, bool) else kind_of(leaf.path, leaf.text, who, application))
        for leaf in leaves(text, file)
    )
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
    who = identity(environment, files[top], top)
    found = own_values(top, "", files[top], who)
    for name in applications:
        for part, rule in (("values", own_values), ("secrets", own_secrets)):
            file = f"applications/{name}/{part}-{environment}.yaml"
            if file in files:
                found += rule(file, name, files[file], who)
    return found
