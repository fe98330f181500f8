"""A tree with several environments, as a value: for the tests of *Reproduce Service*."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prompt_kafka.clients.gitops import Repository, shipped
from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import Seen, World
from prompt_kafka.procedures.table import Means
from tests.topics import Charts, service
from tests.worlds import NOW

URL = "https://git.example.org/lab/phalanx.git"
"""Its path has the name of an environment in it, by chance."""
HEAD = "a" * 40

PAGES = {
    "docs/environments/index.rst": ".. toctree::\n\n   lab/index\n   usdfdev-prompt-processing/index\n",
    "docs/environments/lab/index.rst": (
        ".. px-env:: lab\n\n###\nlab\n###\n\nOne machine.\n\n.. jinja:: lab\n   :file: summary.jinja\n"
    ),
    "docs/links.toml": "usdfdev-prompt-processing.slac.stanford.edu\n",
}
"""What Phalanx has for its readers."""


@cache
def tree() -> dict[str, str]:
    """Return the text of every file of the shipped tree."""
    root = shipped()
    found = [path for part in ("environments", "applications") for path in (root / part).rglob("*")]
    return {str(path.relative_to(root)): path.read_text() for path in sorted(found) if path.is_file()}


class Whole:
    """Renders environments of the shipped tree with files in place of its own."""

    def __init__(self, files: Mapping[str, str | None]) -> None:
        self._files = dict(files)

    def __call__(
        self, environment: str, edits: Mapping[str, str | None], applications: Iterable[str] = ()
    ) -> dict[str, tuple[dict[str, Any], ...]]:
        return _whole(environment, tuple(sorted({**self._files, **edits}.items())), tuple(applications))


@cache
def _whole(
    environment: str, files: tuple[tuple[str, str | None], ...], applications: tuple[str, ...]
) -> dict[str, tuple[dict[str, Any], ...]]:
    with TemporaryDirectory() as scratch:
        root = Path(shutil.copytree(shipped(), Path(scratch) / "deploy"))
        for path, text in files:
            (root / path).unlink(missing_ok=True)
            if text is not None:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(text.encode())
        repository = Repository(root)
        parent = repository.app_of_apps(environment, URL, "main")
        found = {"": tuple(each.manifest for each in parent.resources)}
        for each in parent.of("Application"):
            if not applications or each.name in applications:
                rendered = repository.render_application(each.manifest).resources
                found[each.name] = tuple(one.manifest for one in rendered)
        return found


def before(files: Mapping[str, str | None], fields: Mapping[str, Any] | None = None) -> tuple[World, Means]:
    """Return a service in whose tree files are other than shipped, and what there is to plan with."""
    texts = {path: text for path, text in {**tree(), **files}.items() if text is not None}
    names = [
        path.removeprefix("environments/values-").removesuffix(".yaml")
        for path in texts
        if path.startswith("environments/values-")
    ]
    git = GitState(URL, "main", HEAD, "applications/prompt-kafka", texts, tuple(sorted(names)), (HEAD,))
    git = replace(git, **{k: tuple(v) if isinstance(v, list) else v for k, v in (fields or {}).items()})
    world = replace(service("lab"), git=Seen(git, NOW))
    return world, Means(Environment("lab"), True, Charts(), whole=Whole(files))


def committed(plan: Plan) -> dict[str, str | None]:
    """Return the files that a plan commits."""
    actions = [step.action for step in plan.steps if isinstance(step.action, CommitFiles)]
    return {each.path: each.after for each in actions[0].files} if actions else {}
