"""Files that would not be read as meant, or not at all, found before Helm sees them.

A rendering takes whatever lies in the folder: links that lead out of the repository, values of any size.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from prompt_kafka.checks.catalogue import UNREADABLE
from prompt_kafka.checks.finding import Finding, Place

LARGEST = 4 * 2**20
"""Bytes of a text file; Argo CD keeps a chart's manifests in one message of that order."""

_MARKER = re.compile(rb"^(<{7} |={7}$|>{7} )", re.MULTILINE)
_TEXTS = (".yaml", ".yml", ".tpl", ".txt", ".json", ".toml", ".md", ".gotmpl")


def look(folder: Path, root: Path) -> Iterator[Finding]:
    """Yield what is wrong with the files of a chart's folder."""
    top = root.resolve()
    for here, folders, files in os.walk(folder):
        for name in sorted([*folders, *files]):
            path = Path(here) / name
            shown = str(path.relative_to(root))
            if path.is_symlink() and not path.resolve().is_relative_to(top):
                yield UNREADABLE.found(
                    f"the link leads out of the repository, to {path.readlink()}: it is not followed",
                    Place(shown),
                )
            elif name in files and path.suffix in _TEXTS:
                yield from _text(path, shown)


def _text(path: Path, shown: str) -> Iterator[Finding]:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            said = f"it has {size / 2**20:.1f} MiB; more than {LARGEST // 2**20} are not read"
            yield UNREADABLE.found(said, Place(shown))
            return
        data = path.read_bytes()
    except OSError as error:
        yield UNREADABLE.found(f"it cannot be read: {error.strerror}", Place(shown))
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        yield UNREADABLE.found(f"it is not UTF-8 (byte {data[error.start]:#04x})", Place(shown, line))
        return
    markers = list(_MARKER.finditer(data))
    if len({match[1][:1] for match in markers}) >= 2:
        line = data.count(b"\n", 0, markers[0].start()) + 1
        yield UNREADABLE.found("a conflict of a merge is not resolved", Place(shown, line))
