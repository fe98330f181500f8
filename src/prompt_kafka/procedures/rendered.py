"""What a change of the charts does to the objects that they make: before and after, compared as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from prompt_kafka.core.delivery import Folder

Manifest = Mapping[str, Any]
Key = tuple[str, str]
"""Kind and name."""


class Render(Protocol):
    """Renders the application for an environment: texts in, objects out."""

    def __call__(
        self, environment: str, edits: Mapping[str, str | None], commit: str = ""
    ) -> tuple[Manifest, ...]:
        """Return what the branch's head, or a commit, makes with these files in place (None: without)."""


class Whole(Protocol):
    """Renders an environment: its parent, and applications that the parent makes."""

    def __call__(
        self, environment: str, edits: Mapping[str, str | None], applications: Iterable[str] = ()
    ) -> Mapping[str, tuple[Manifest, ...]]:
        """Return what each makes, by its name; the parent's under the empty one.

        An application that the environment does not have is left out; all of them where none is named.
        """


def no_whole(
    environment: str, edits: Mapping[str, str | None], applications: Iterable[str] = ()
) -> Mapping[str, tuple[Manifest, ...]]:
    """Stand where no environment can be rendered."""
    raise LookupError(f"environment {environment} cannot be rendered here")


class Tree(Protocol):
    """Reads the application's folder as it was at a commit of the branch."""

    def __call__(self, commit: str) -> Folder:
        """Return all its files."""


def no_tree(commit: str) -> Folder:
    """Stand where no folder can be read."""
    raise LookupError(f"the folder at {commit} cannot be read here")


@dataclass(frozen=True, slots=True)
class Difference:
    """Objects that come, go and change, by kind and name."""

    added: Mapping[Key, Manifest]
    removed: Mapping[Key, Manifest]
    changed: Mapping[Key, Manifest]

    @property
    def all(self) -> tuple[Key, ...]:
        """Every object that is different, sorted."""
        return tuple(sorted({*self.added, *self.removed, *self.changed}))


def key(manifest: Manifest) -> Key:
    """Return kind and name."""
    return str(manifest["kind"]), str((manifest.get("metadata") or {}).get("name"))


def by_key(manifests: Iterable[Manifest]) -> dict[Key, Manifest]:
    """Return objects by kind and name."""
    return {key(each): each for each in manifests}


def difference(before: Iterable[Manifest], after: Iterable[Manifest]) -> Difference:
    """Compare what was rendered before and after."""
    old, new = by_key(before), by_key(after)
    return Difference(
        added={k: m for k, m in new.items() if k not in old},
        removed={k: m for k, m in old.items() if k not in new},
        changed={k: m for k, m in new.items() if k in old and old[k] != m},
    )


def of_kind(manifests: Iterable[Manifest], kind: str) -> dict[str, Manifest]:
    """Return the objects of a kind by name."""
    return {name: each for (found, name), each in by_key(manifests).items() if found == kind}


def topic_name(manifest: Manifest) -> str:
    """Return the name that a ``KafkaTopic`` gives its topic."""
    return str((manifest.get("spec") or {}).get("topicName") or key(manifest)[1])
