"""A value of a chart, found by what it drives and set for one environment.

Where a value really lives is nobody's guess: each candidate is changed in the environment's own values file
and rendered, and the one that changes the wanted field is it. An environment that has no value of its own
gets one; a default that all environments share is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.tree import Path, load

Edits = Mapping[str, str]


def set_value(text: str, where: str, path: Path, value: str, *, number: bool = False) -> str:
    """Return a values file in which `path` has `value`, quoted as it was; put in where it is not there.

    A `number` needs no quotes.
    """
    yaml = Yaml(text, where)
    node = yaml.find(path)[1]
    if node is not None and node.kind == "scalar" and not node.nothing:
        return yaml.set_scalar(path, value if number and not node.style else _like(node.style, value))
    there = next(n for n in range(len(path) - 1, -1, -1) if n == 0 or yaml.find(path[:n])[1] is not None)
    step = " " * yaml.indent
    body = [f"{step * depth}{name}:" for depth, name in enumerate(path[there:])]
    body[-1] += f" {value}" if number else f' "{value}"'
    return yaml.add_entry(path[:there], body, after="version")


def _like(style: str, value: str) -> str:
    """Return a text as YAML in the quotes that were there; without any it must still be read as a text."""
    if style in ("'", '"'):
        return f"{style}{value}{style}"
    return value if load(value, "the value")[0] == value else f'"{value}"'


def candidates(files: Mapping[str, str], folder: str, environment: str, name: str, value: str) -> list[Path]:
    """Return the paths in the application's values that hold `value` under a name that ends like `name`.

    Subcharts' defaults count under the name of the subchart. Those of exactly that name come first.
    """
    found: dict[Path, None] = {}
    prefix = f"{folder}/charts/"
    for file in (f"{folder}/values-{environment}.yaml", f"{folder}/values.yaml"):
        found |= dict.fromkeys(_paths(files, file, (), name, value))
    for file in sorted(files):
        parts = file.removeprefix(prefix).split("/")
        if file.startswith(prefix) and parts[1:] == ["values.yaml"]:
            found |= dict.fromkeys(_paths(files, file, (parts[0],), name, value))
    return sorted(found, key=lambda path: path[-1] != name)


def _paths(files: Mapping[str, str], file: str, under: Path, name: str, value: str) -> Iterator[Path]:
    if file not in files:
        return
    for root in load(files[file], file):
        for path, found in _scalars(root, under):
            if str(found) == value and path[-1].lower().endswith(name.lower()):
                yield path


def _scalars(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _scalars(each, (*path, str(key)))
    elif not isinstance(value, list) and path:
        yield path, value


def driven(
    files: Mapping[str, str],
    file: str,
    paths: list[Path],
    wanted: str,
    seen: Callable[[Edits], str],
    what: str,
) -> tuple[Path, dict[str, str]]:
    """Set the value that drives a field; return its path and the files edited.

    Parameters
    ----------
    files, file
        The files with what was edited before, and the environment's values file.
    paths
        The candidates.
    seen
        Renders with a file edited; returns the field.
    what
        The field, for people.

    Raises
    ------
    RefusedError
        None of the candidates drives it (``cannot-edit``).
    """
    for path in paths:
        edits = {file: set_value(files.get(file, ""), file, path, wanted)}
        if seen(edits) == wanted:
            return path, edits
    raise RefusedError(
        "cannot-edit",
        f"no value in the charts drives {what}",
        where=file,
        next=f"have the template read {what} from the values, or edit it by hand",
    )
