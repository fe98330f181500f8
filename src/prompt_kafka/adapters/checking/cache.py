"""Renderings and what was tried with them, kept by the content that they came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache as once
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import prompt_kafka
from prompt_kafka.checks.subject import CheckInput, Failure, Item
from prompt_kafka.clients.assets import cache_home
from prompt_kafka.clients.files import write_atomic

KEEP = 2000
"""Files; the oldest go when there are more."""


@once
def code() -> str:
    """Return a sum of the program text that a rendering passes through."""
    top = Path(prompt_kafka.__file__).parent
    total = sha256(version("helm-python-sdk").encode())
    for name in ("clients/helm.py", "clients/gitops.py", "clients/documents.py", "clients/rendered.py"):
        total.update((top / name).read_bytes())
    for folder in ("adapters/checking", "checks"):
        for path in sorted((top / folder).glob("*.py")):
            total.update(path.read_bytes())
    return total.hexdigest()


def load(key: str) -> Mapping[str, Any] | None:
    """Return what is stored under a key."""
    try:
        stored = json.loads((cache_home() / "checks" / f"{key}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return stored if isinstance(stored, dict) else None


def store(key: str, subject: CheckInput) -> None:
    """Store what was rendered and tried."""
    folder = cache_home() / "checks"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = {
            "items": [[each.manifest, each.template, each.line] for each in subject.items],
            "values": subject.values,
            "texts": dict(subject.texts),
            "unread": subject.unread,
            "failures": [asdict(each) for each in subject.failures],
        }
        write_atomic(folder / f"{key}.json", json.dumps(data))
        kept = list(folder.glob("*.json"))
        if len(kept) > KEEP:
            kept.sort(key=lambda path: path.stat().st_mtime)
            for path in kept[: -KEEP * 9 // 10]:
                path.unlink(missing_ok=True)
    except OSError:
        return


def restored(subject: CheckInput, stored: Mapping[str, Any]) -> CheckInput:
    """Return the subject with what was stored for it."""
    return replace(
        subject,
        items=tuple(Item(manifest, template, line) for manifest, template, line in stored["items"]),
        values=stored["values"],
        texts=stored["texts"],
        unread=tuple(tuple(path) for path in stored["unread"]),
        failures=tuple(Failure(**each | {"switch": tuple(each["switch"])}) for each in stored["failures"]),
    )
