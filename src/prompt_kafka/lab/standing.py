"""The faults that last, one small file each in the lab's folder, until they are released.

Whoever a fault concerns looks here: the supervisor (whether to start the API server), the kubelet (names,
pace), Slack. So a fault outlives every process of the lab, also a `lab down`, and is listed also while the
API is down. What is held down is not here: nodes and pods carry an annotation, for all to see.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from prompt_kafka.clients.files import write_atomic

FAULTS_FOLDER, SUFFIX = "faults", ".fault"
#: While which the supervisor leaves the API server down.
API_DOWN = "api-down"


@dataclass(frozen=True, slots=True)
class Standing:
    """A fault that lasts.

    Attributes
    ----------
    name
        As in the catalogue.
    target
        What is broken: namespace and name of a pod, a node, a number; empty where there is only one.
    details
        What its end or its maker has to know.
    """

    name: str
    target: str = ""
    details: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.name} {self.target}".rstrip()


@dataclass(frozen=True, slots=True)
class StandingFaults:
    """The folder of them."""

    folder: Path

    def add(self, name: str, target: str = "", **details: Any) -> Standing:
        """Write a fault down; one of the same name and target is replaced."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(self._file(name, target), json.dumps(details))
        return Standing(name, target, details)

    def remove(self, fault: Standing) -> None:
        """Forget a fault."""
        self._file(fault.name, fault.target).unlink(missing_ok=True)

    def all(self, name: str | None = None) -> tuple[Standing, ...]:
        """Return the faults, of one name only when it is given.

        A file that cannot be read is a fault all the same: its name says which.
        """
        found = []
        for file in sorted(self.folder.glob(f"{name or '*'}@*{SUFFIX}")):
            kind, _, target = file.name.removesuffix(SUFFIX).partition("@")
            try:
                details = json.loads(file.read_text())
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                details = {}
            found.append(Standing(kind, unquote(target), details if isinstance(details, dict) else {}))
        return tuple(found)

    def has(self, name: str) -> bool:
        """Return whether a fault that has no target, or any one, is there."""
        return any(self.folder.glob(f"{name}@*{SUFFIX}"))

    def _file(self, name: str, target: str) -> Path:
        return self.folder / f"{name}@{quote(target, safe='')}{SUFFIX}"
