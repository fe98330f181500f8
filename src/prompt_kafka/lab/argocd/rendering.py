"""From an Application and a commit to manifests: the lab's repository server.

A commit never changes, so what was rendered for a commit and a source is kept. Only repositories on this
machine are read; remote charts are not fetched, and what stands in for them is named in `Manifests.notes`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_kafka.clients import gitops
from prompt_kafka.clients.helm import Dependency, Rendered
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab import git
from prompt_kafka.lab.argocd import operator_chart

Manifest = dict[str, Any]
_SHARED = ("environments", "charts")
_KEPT_TREES = 8
_KEPT_RENDERS = 200


class ManifestError(PromptKafkaError):
    """The manifests of an application cannot be made: a ComparisonError."""

    code = "manifests"


@dataclass(frozen=True, slots=True)
class Manifests:
    """What an application wants at a commit.

    Attributes
    ----------
    commit
        The commit.
    objects
        Rendered manifests.
    notes
        What the lab put in the place of something it does not render.
    """

    commit: str
    objects: tuple[Manifest, ...]
    notes: tuple[str, ...] = ()


class Renderer:
    """Renders applications from Git.

    Parameters
    ----------
    folder
        Where commits are laid out.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._trees: OrderedDict[str, threading.Lock] = OrderedDict()
        self._kept: OrderedDict[str, Manifests | PromptKafkaError] = OrderedDict()

    def resolve(self, source: Mapping[str, Any], revision: str | None = None) -> str:
        """Return the commit that a source names, or that `revision` names in its repository.

        Raises
        ------
        ManifestError
            The repository is not on this machine, or has no such revision.
        """
        directory = self._directory(source)
        try:
            return git.resolve(directory, revision or str(source.get("targetRevision") or ""))
        except git.GitError as error:
            raise ManifestError(f"Failed to load target state: {error.what}", where=error.where) from error

    def render(self, application: Mapping[str, Any], source: Mapping[str, Any], commit: str) -> Manifests:
        """Render an application at a commit.

        Parameters
        ----------
        application
            The Application.
        source
            Its source, or the one of an operation that overrides it.
        commit
            The commit.

        Raises
        ------
        ManifestError
            The chart does not render, or a values file is missing.
        """
        spec = {key: each for key, each in application["spec"].items() if key not in ("source", "sources")}
        plain = {**source, "targetRevision": commit}
        wanted = {
            "metadata": {"name": application["metadata"]["name"]},
            "spec": {"destination": spec["destination"], "source": plain},
        }
        key = json.dumps(wanted, sort_keys=True)
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            kept = self._fresh(wanted, source, commit)
            with self._lock:
                self._kept[key] = kept
                while len(self._kept) > _KEPT_RENDERS:
                    self._kept.popitem(last=False)
        if isinstance(kept, PromptKafkaError):
            raise kept
        return kept

    def forget(self) -> None:
        """Drop what was rendered (a hard refresh)."""
        with self._lock:
            self._kept.clear()

    def _fresh(
        self, application: Manifest, source: Mapping[str, Any], commit: str
    ) -> Manifests | PromptKafkaError:
        path = str(source.get("path") or "")
        if path.startswith("/") or ".." in path.split("/"):
            return ManifestError(f"Failed to load target state: {path} points outside of the repository")
        try:
            tree = self._tree(self._directory(source), commit, path)
            rendered = gitops.Repository(tree).render_application(application)
        except PromptKafkaError as error:
            where = str(error.where or "").replace(f"{self._folder}/", "")
            said = error.what.replace(f"{self._folder}/", "")
            message = f"Failed to load target state: failed to generate manifest for source: {said}"
            return ManifestError(f"{message} ({where})" if where else message, where=where)
        objects = [each.manifest for each in rendered.resources]
        notes: list[str] = []
        for dependency in rendered.skipped_dependencies:
            more, remarks = self._stand_in(dependency, rendered, application)
            objects += more
            notes += remarks
        if not objects and notes:
            # Nothing to compare is not the same as nothing wanted: never show such an application as Synced.
            return ManifestError(f"Failed to load target state: {' '.join(notes)}")
        return Manifests(commit, tuple(objects), tuple(notes))

    def _stand_in(
        self, dependency: Dependency, rendered: Rendered, application: Manifest
    ) -> tuple[list[Manifest], list[str]]:
        if dependency.name != operator_chart.CHART:
            return [], [
                f"The remote chart {dependency.name} {dependency.version} is not rendered in the lab."
            ]
        from prompt_kafka.clients import strimzi_schemas
        from prompt_kafka.lab import crds

        version = dependency.version
        values = rendered.values.get(dependency.values_key) or {}
        namespace = application["spec"]["destination"]["namespace"]
        objects = operator_chart.manifests(version, values, application["metadata"]["name"], namespace)
        try:
            definitions = [operator_chart.shipped(each) for each in strimzi_schemas.strimzi(version)]
        except PromptKafkaError as error:
            # Raised, not kept: the network may be there next time.
            raise ManifestError(f"Failed to load target state: {error.what}", where=error.where) from error
        notes = [operator_chart.note(dependency)]
        notes += [
            f"Not evaluated by the lab's API: {rule}"
            for each in definitions
            for rule in crds.not_enforced(each)
        ]
        return [*definitions, *objects], notes

    def _directory(self, source: Mapping[str, Any]) -> Path:
        url = str(source.get("repoURL") or "")
        directory = git.local(url)
        if directory is None or not (directory / "HEAD").is_file():
            raise ManifestError(
                f"Failed to load target state: the repository {url} is not in this lab",
                where=url,
                next="the lab reads local repositories only",
            )
        return directory

    def _tree(self, directory: Path, commit: str, path: str) -> Path:
        tree = self._folder / commit
        name = f"{commit}/{path}"
        with self._lock:
            lock = self._trees.setdefault(name, threading.Lock())
            self._trees.move_to_end(name)
        with lock:
            mark = tree / f".{path.replace('/', '-')}"
            if not mark.exists():
                self._lay_out(directory, commit, path, tree)
                mark.touch()
        return tree

    def _lay_out(self, directory: Path, commit: str, path: str, tree: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        wanted = [path] if (tree / "environments").is_dir() else [path, *_SHARED]
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="new-") as scratch:
            git.export(directory, commit, Path(scratch), *dict.fromkeys(wanted))
            (tree / "applications").mkdir(parents=True, exist_ok=True)
            with self._lock:
                for each in dict.fromkeys(wanted):
                    if (Path(scratch) / each).exists() and not (tree / each).exists():
                        (tree / each).parent.mkdir(parents=True, exist_ok=True)
                        (Path(scratch) / each).rename(tree / each)
        self._discard_old(tree)

    def _discard_old(self, keep: Path) -> None:
        trees = [
            each for each in self._folder.iterdir() if each.is_dir() and not each.name.startswith("new-")
        ]
        trees.sort(key=lambda each: each.stat().st_mtime, reverse=True)
        for old in trees[_KEPT_TREES:]:
            if old != keep:
                shutil.rmtree(old, ignore_errors=True)
