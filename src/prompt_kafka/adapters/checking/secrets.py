"""What an application's secrets.yaml declares, and what others take from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from prompt_kafka.checks.lines import layout
from prompt_kafka.checks.subject import Secrets
from prompt_kafka.clients.gitops import Repository

_CONDITION = re.compile(r"^\s+[\"']?if[\"']?\s*:|[{,]\s*[\"']?if[\"']?\s*:", re.MULTILINE)


def secrets(
    repository: Repository, application: str, environment: str, files: Mapping[str, str]
) -> Secrets | None:
    """Return the keys; None when the application declares none."""
    declared: dict[str, tuple[str, int]] = {}
    names = ("secrets.yaml", f"secrets-{environment}.yaml")
    if not any(name in files for name in names):
        return None
    for name in names:
        for entry in layout(files.get(name, "")).entries:
            if len(entry.path) == 1:
                declared[entry.path[0]] = (name, entry.line)
    wanted = frozenset(declared)
    if any(_CONDITION.search(files.get(name, "")) for name in names):
        wanted = frozenset(repository.secret_keys(application, environment))
    copied = frozenset(key for whose, key in _copies(repository.path) if whose == application)
    return Secrets(declared, wanted, copied)


@lru_cache(maxsize=4)
def _copies(top: Path) -> frozenset[tuple[str, str]]:
    found = set()
    for path in top.glob("applications/*/secrets*.yaml"):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "copy:" not in text:
            continue
        entries = {entry.path: entry.text.strip("\"'") for entry in layout(text).entries}
        for where, value in entries.items():
            if where[-2:] == ("copy", "application"):
                found.add((value, entries.get((*where[:-1], "key"), "")))
    return frozenset(found)
