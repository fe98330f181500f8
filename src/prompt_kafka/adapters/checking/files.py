"""An application's files as texts, and its charts: its own, those below it, those it shares with others."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from prompt_kafka.checks.subject import Chart
from prompt_kafka.clients import documents, helm
from prompt_kafka.clients.gitops import Repository
from prompt_kafka.clients.rendered import Dependency

_NAMES = (".yaml", ".yml", ".tpl", ".txt", ".md")


def roots(repository: Repository, application: str) -> dict[str, Path]:
    """Return the folders of an application by where they are rendered: its own, and the shared charts."""
    own = repository.chart(application)
    found = {"": own}
    _add_below(own, "", found)
    return found


def texts(folders: Mapping[str, Path]) -> dict[str, str]:
    """Return all texts by path inside the application."""
    found: dict[str, str] = {}
    for inside, folder in folders.items():
        for here, below, names in os.walk(folder):
            below.sort()
            where = os.path.relpath(here, folder)
            for name in sorted(names):
                if name.endswith(_NAMES):
                    path = Path(here, name)
                    name = name if where == "." else f"{where}/{name}"
                    found[f"{inside}/{name}" if inside else name] = path.read_text(encoding="utf-8")
    return found


def charts(repository: Repository, application: str, folders: Mapping[str, Path]) -> tuple[Chart, ...]:
    """Return the application's charts, its own first."""
    top = repository.path
    found: dict[str, Chart] = {}

    def visit(folder: Path, inside: str, scope: tuple[str, ...]) -> None:
        home = str(folder.resolve().relative_to(top.resolve()))
        dependencies = helm.dependencies(folder)
        values = documents.read(folder / "values.yaml") if (folder / "values.yaml").is_file() else {}
        before = found.get(inside)
        scopes = (*before.scope, scope) if before else (scope,)
        declared = tuple(
            _plain(each, _folder(folders, folder, inside, each) is None) for each in dependencies
        )
        found[inside] = Chart(inside, scopes, declared, values, home)
        for each in dependencies:
            below = _folder(folders, folder, inside, each)
            if below is not None:
                visit(below, _where(inside, each), (*scope, each.values_key))

    visit(folders[""], "", ())
    return tuple(found.values())


def defaults(charts: tuple[Chart, ...]) -> dict[str, Any]:
    """Return what the charts' own values files say, put together as Helm does."""
    values: dict[str, Any] = {}
    for chart in sorted(charts, key=lambda each: -len(each.folder)):
        for scope in chart.scope:
            below: dict[str, Any] = dict(chart.values)
            for key in reversed(scope):
                below = {key: below}
            values = helm.merge(values, below)
    return values


def digest(files: Mapping[str, str], environment: str, *more: object) -> str:
    """Return a sum of all that a rendering depends on; values of other environments are left out."""
    total = sha256(json.dumps(more, sort_keys=True, default=str).encode())
    for name, text in sorted(files.items()):
        last = name.rpartition("/")[2]
        if last.endswith(".md") or (last.startswith("values-") and last != f"values-{environment}.yaml"):
            continue
        total.update(f"\0{name}\0".encode())
        total.update(text.encode())
    return total.hexdigest()


def _add_below(folder: Path, inside: str, found: dict[str, Path]) -> None:
    """Add the charts that are rendered under another path than the one at which they lie."""
    for each in helm.dependencies(folder):
        where = _where(inside, each)
        below = folder / "charts" / each.name
        if each.shared and not helm.is_present(folder, each):
            below = (folder / each.repository.removeprefix("file://")).resolve()
        if (below / "Chart.yaml").is_file():
            if where != (f"{inside}/charts/{each.name}" if inside else f"charts/{each.name}") or each.shared:
                found[where] = below
            _add_below(below, where, found)


def _where(inside: str, each: Dependency) -> str:
    """Return where a dependency is rendered: an alias takes the place of the name."""
    return f"{inside}/charts/{each.values_key}" if inside else f"charts/{each.values_key}"


def _folder(folders: Mapping[str, Path], folder: Path, inside: str, each: Dependency) -> Path | None:
    below = folders.get(_where(inside, each)) or folder / "charts" / each.name
    return below if (below / "Chart.yaml").is_file() else None


def _plain(each: Dependency, absent: bool) -> dict[str, str]:
    found = {key: getattr(each, key) for key in ("name", "alias", "condition", "repository", "version")}
    return found | ({"absent": "yes"} if absent else {})
