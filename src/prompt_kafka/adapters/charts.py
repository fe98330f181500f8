"""Renders an application's charts as they would be: a commit's files with edited ones in their place.

Nothing of it touches a working copy: the commit is laid out in a folder of its own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Self

from prompt_kafka.adapters.git import GitRepository
from prompt_kafka.adapters.threads import Threads
from prompt_kafka.clients.gitops import Repository
from prompt_kafka.core.world import World

_PARTS = ("environments", "charts")


class Charts:
    """A renderer, as a context; calling it renders.

    Parameters
    ----------
    git
        Gives the repository where the commits are, when something is rendered.
    application
        Which application of the environment is rendered.
    head
        The commit that is meant when none is named.
    """

    def __init__(self, git: Callable[[], GitRepository], application: str, head: str) -> None:
        self._git = git
        self._application = application
        self._head = head
        self._scratch = TemporaryDirectory(prefix="prompt-kafka-render-")
        self._lock = Lock()
        self._laid_out: dict[str, Path] = {}
        self._rendered: dict[tuple[Any, ...], tuple[Mapping[str, Any], ...]] = {}
        self._begun: dict[tuple[Any, ...], Future[tuple[Mapping[str, Any], ...]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        wait(self._begun.values())
        self._scratch.cleanup()

    def begin(self, world: World) -> None:
        """Begin to render what is there in every environment, where topics and users were looked at.

        Whoever looks at them edits their charts, and asks for this while the edit is made.
        """
        git, threads = world.git.known, Threads("render")
        if git is None or world.resources.known is None:
            return
        for each in git.environments:
            if f"{git.folder}/values-{each}.yaml" not in git.files:
                continue
            asked = (each, self._head, frozenset[tuple[str, str | None]]())
            self._begun[asked] = threads.submit(self._now, each, {}, self._head)

    def __call__(
        self, environment: str, edits: Mapping[str, str | None], commit: str = ""
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the objects that the application makes in an environment; the same texts render once.

        Raises
        ------
        RenderError
            The charts do not render; names template and line.
        """
        commit = commit or self._head
        asked = (environment, commit, frozenset(edits.items()))
        if asked in self._begun:
            return self._begun[asked].result()
        if asked not in self._rendered:
            self._rendered[asked] = self._now(environment, edits, commit)
        return self._rendered[asked]

    def _now(
        self, environment: str, edits: Mapping[str, str | None], commit: str
    ) -> tuple[Mapping[str, Any], ...]:
        with _edited(self._folder(commit, self._git().folder), edits) as tree:
            return self._render(tree, environment)

    def whole(
        self, environment: str, edits: Mapping[str, str | None], applications: Iterable[str] = ()
    ) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """Return what an environment's parent makes, under the empty name, and each application of it.

        Raises
        ------
        RenderError
            The charts do not render; names template and line.
        """
        wanted, git = frozenset(applications), self._git()
        with _edited(self._folder(self._head, "applications"), edits) as tree:
            repository = Repository(tree)
            parent = repository.app_of_apps(environment, git.shown, git.branch)
            found = {"": tuple(each.manifest for each in parent.resources)}
            for each in parent.of("Application"):
                if not wanted or each.name in wanted:
                    rendered = repository.render_application(each.manifest)
                    found[each.name] = tuple(resource.manifest for resource in rendered.resources)
            return found

    def _folder(self, commit: str, applications: str) -> Path:
        name = f"{commit}-{applications.replace('/', '-')}"
        with self._lock:
            if name not in self._laid_out:
                folder = Path(self._scratch.name) / name
                folder.mkdir()
                self._git().export(commit, folder, *_PARTS, applications)
                self._laid_out[name] = folder
            return self._laid_out[name]

    def _render(self, folder: Path, environment: str) -> tuple[Mapping[str, Any], ...]:
        repository, git = Repository(folder), self._git()
        parent = repository.app_of_apps(environment, git.shown, git.branch)
        manifest = parent.one("Application", self._application).manifest
        rendered = repository.render_application(manifest)
        return tuple(resource.manifest for resource in rendered.resources)


@contextmanager
def _edited(folder: Path, edits: Mapping[str, str | None]) -> Iterator[Path]:
    """Give a tree with files in place of its own; None takes one away."""
    if not edits:
        yield folder
        return
    with TemporaryDirectory(prefix="prompt-kafka-render-") as scratch:
        edited = Path(shutil.copytree(folder, Path(scratch) / "tree", copy_function=os.link))
        for path, text in edits.items():
            (edited / path).unlink(missing_ok=True)
            if text is None:
                continue
            (edited / path).parent.mkdir(parents=True, exist_ok=True)
            (edited / path).write_bytes(text.encode())
        yield edited
