"""The operator's application in Git: which version its chart depends on, and which namespaces it watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.tree import Path
from prompt_kafka.procedures.authoring.values import set_value

CHART = "strimzi-kafka-operator"


@dataclass(frozen=True, slots=True)
class OperatorCharts:
    """The operator's application, as Git has it.

    Attributes
    ----------
    version
        Of the dependency.
    watched
        Namespaces of ``watchNamespaces``; None for all.
    files
        What is to be committed.
    elsewhere
        Other environments that have the application, and take their next sync from the same chart.
    """

    version: str
    watched: frozenset[str] | None
    files: tuple[FileChange, ...]
    elsewhere: tuple[str, ...]


def operator_charts(git: GitState, folder: str, here: str, version: str) -> OperatorCharts:
    """Return the application, and its ``Chart.yaml`` with the dependency at `version`.

    Raises
    ------
    RefusedError
        ``not-in-git``: no such chart, or it does not depend on the operator's; ``cannot-edit``.
    """
    path = f"{folder}/Chart.yaml"
    if path not in git.files:
        raise RefusedError(
            "not-in-git",
            f"the repository has no {path}",
            where=git.repository,
            next="correct `operator_application` in service.yaml",
        )
    text = git.files[path]
    chart = Yaml(text, path).value() or {}
    place, name, old = _dependency(chart, path)
    new = text if old == version else set_value(text, path, place, version)
    if new != text and str(chart.get("appVersion") or "") == old:
        new = set_value(new, path, ("appVersion",), version)
    files = () if new == text else (FileChange(path, text, new),)
    elsewhere = tuple(
        each for each in git.environments if each != here and f"{folder}/values-{each}.yaml" in git.files
    )
    return OperatorCharts(old, _watched(git, folder, here, name), files, elsewhere)


def dependency(git: GitState, folder: str) -> str:
    """Return the key of the operator's chart in the values of its application.

    Raises
    ------
    RefusedError
        ``not-in-git``: no such chart, or it does not depend on the operator's.
    """
    path = f"{folder}/Chart.yaml"
    chart = Yaml(git.files.get(path, ""), path).value() or {}
    return _dependency(chart, path)[1]


def _dependency(chart: Any, path: str) -> tuple[Path, str, str]:
    """Return where the version of the operator's dependency stands, its key in the values, the version."""
    for number, each in enumerate(chart.get("dependencies") or ()):
        if isinstance(each, dict) and each.get("name") == CHART:
            name = str(each.get("alias") or CHART)
            return ("dependencies", str(number), "version"), name, str(each.get("version") or "")
    raise RefusedError(
        "not-in-git",
        f"{path} does not depend on {CHART}",
        where=path,
        next="correct `operator_application` in service.yaml",
    )


def _watched(git: GitState, folder: str, here: str, name: str) -> frozenset[str] | None:
    found: dict[str, Any] = {}
    for file in (f"{folder}/values.yaml", f"{folder}/values-{here}.yaml"):
        if file in git.files:
            found |= Yaml(git.files[file], file).value((name,)) or {}
    if found.get("watchAnyNamespace"):
        return None
    return frozenset(str(each) for each in found.get("watchNamespaces") or ())
