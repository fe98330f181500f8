"""YAML as Kubernetes reads it.

A Python parser and the cluster disagree about ``1e+06``, ``y``, ``017`` and repeated keys, and a disagreement
here would be a plan about something that Argo CD never applies. So the text is read by Helm's own parser
(Go, ``sigs.k8s.io/yaml``), which is also the faster one. Its one loss, integers above 2**53, is put back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from prompt_kafka.core.errors import PromptKafkaError

_SEPARATOR = re.compile(r"^---(?=\s|$)")
_BIG = re.compile(r"(?<![\w.])-?\d{16,}(?![\w.])")
_EXACT = 2**53
_LINE = re.compile(r"line (\d+)")


class DocumentError(PromptKafkaError):
    """A YAML text that cannot be read, or a file that is not there.

    Attributes
    ----------
    line : int or None
        Line of the text at which reading stopped, where the parser says.
    """

    code = "document"

    def __init__(
        self, what: str, *, where: str | None = None, next: str | None = None, line: int | None = None
    ) -> None:
        super().__init__(what, where=where, next=next)
        self.line = line


@cache
def library() -> ModuleType:
    """Helm's library, loaded on first use because loading it costs 0.1 s."""
    import helm_python

    return helm_python


def parse(text: str, *, where: str | None = None) -> dict[str, Any]:
    """Read one YAML mapping.

    Parameters
    ----------
    text
        One document. An empty one is an empty mapping.
    where
        Name of the text for the error; the line is added to it.

    Returns
    -------
    dict
        Plain values. Whole floats are integers and the last of repeated keys wins, as in the cluster.
    """
    try:
        document: dict[str, Any] = library().values_from_yaml(text) or {}
    except library().HelmError as error:
        raise _unreadable(str(error), where) from None
    return _restore(document, _loosely(text)) if _BIG.search(text) else document


def read(path: Path) -> dict[str, Any]:
    """Read the YAML mapping in a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DocumentError(
            f"{path.name} does not exist", where=str(path), next="check the path, or add the file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path.name} cannot be read: {error}", where=str(path)) from None
    return parse(text, where=str(path))


def split(text: str) -> Iterator[tuple[int, str]]:
    """Cut a stream at its ``---`` lines.

    Yields
    ------
    tuple
        The line (from 1) of the document's first content, and its text from there on. Documents without
        content (blank or only comments) are left out.
    """
    lines: list[str] = []
    start = 1
    for number, line in enumerate([*text.splitlines(), "---"], start=1):
        if not _SEPARATOR.match(line):
            lines.append(line)
            continue
        skipped = next((n for n, each in enumerate(lines) if _has_content(each)), None)
        if skipped is not None:
            yield start + skipped, "\n".join(lines[skipped:]) + "\n"
        rest = line[3:]
        lines, start = ([rest], number) if _has_content(rest) else ([], number + 1)


def _has_content(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#")


def _unreadable(message: str, where: str | None) -> DocumentError:
    if "cannot unmarshal" in message:
        return DocumentError("this is not a YAML mapping", where=where, line=None)
    reason = message.rsplit("yaml: ", 1)[-1]
    found = _LINE.search(reason)
    line = int(found[1]) if found else None
    place = f"{where}:{line}" if where and line else where
    return DocumentError(f"this is not YAML: {reason}", where=place, line=line)


def _loosely(text: str) -> Any:
    """The same document through another parser: only its integers are used."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    try:
        return yaml.load(text)
    except YAMLError:
        return None


def _restore(value: Any, exact: Any) -> Any:
    if isinstance(value, dict) and isinstance(exact, dict):
        return {key: _restore(each, exact.get(key)) for key, each in value.items()}
    if isinstance(value, list) and isinstance(exact, list) and len(value) == len(exact):
        return [_restore(*pair) for pair in zip(value, exact, strict=True)]
    if not (isinstance(value, int | float) and type(exact) is int and abs(exact) > _EXACT):
        return value
    return exact if float(exact) == float(value) else value
