"""What a commit holds and what came before it, read with few commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prompt_kafka.adapters.git_command import GitError
from prompt_kafka.core.delivery import ROLLBACK, TRAILER, Commit, Folder
from prompt_kafka.core.errors import UsageError

COMMITS = 1000
"""How many commits of the branch are looked at, for the marks of runs."""

_EDITED = (".yaml", ".yml", ".tpl", ".md")

Git = Callable[..., bytes]
"""Runs git in a repository: words in, and ``given`` as its standard input."""


def history(git: Git, head: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the newest commits, the newest first, and the commit that bears each run's mark."""
    form = f"--format=%H %(trailers:key={TRAILER},valueonly,separator=%x20)"
    lines = git("log", "--topo-order", f"-n{COMMITS}", form, head).decode().splitlines()
    found = [line.split() for line in lines]
    marks = {mark: commit for commit, *each in reversed(found) for mark in each}
    return tuple(commit for commit, *_ in found), marks


_LOG = f"%H%x00%s%x00%an%x00%cI%x00%(trailers:key={ROLLBACK},valueonly,separator=%x20)"


def log(git: Git, head: str, folder: str) -> tuple[Commit, ...]:
    """Return the newest commits that touch a folder, the newest first."""
    words = ("--topo-order", f"-n{COMMITS}", f"--format={_LOG}", head, "--", f"{folder}/")
    lines = git("log", *words).decode(errors="replace").splitlines()
    return tuple(_commit(*line.split("\0")) for line in lines)


def _commit(id: str, subject: str, author: str, at: str, restores: str) -> Commit:
    return Commit(id, subject, author, datetime.fromisoformat(at).astimezone(UTC), restores.strip())


def folder(git: Git, commit: str, path: str) -> Folder:
    """Return all files of a folder at a commit."""
    found = dict(texts(git, commit, path))
    plain: dict[str, str] = {}
    others: dict[str, str] = {}
    for entry in git("ls-tree", "-r", "-z", commit, "--", f"{path}/").decode().split("\0"):
        about, _, name = entry.partition("\t")
        mode, _, rest = about.partition(" ")
        if mode == "100644" and name in found:
            plain[name] = found[name]
        elif name:
            others[name] = f"{mode} {rest.rpartition(' ')[2]}"
    return Folder(plain, others)


def texts(git: Git, head: str, folder: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of a folder's files; pictures and links are left out.

    Raises
    ------
    UsageError
        A file of charts is no text: it would be taken for one that is not there.
    """
    listed = git("ls-tree", "-r", "-z", head, "--", f"{folder}/").decode().split("\0")
    entries = [(path, about.split()) for about, _, path in (each.partition("\t") for each in listed)]
    files = [(path, about[2]) for path, about in entries if about and about[0].startswith("100")]
    data = git("cat-file", "--batch", given="".join(f"{id}\n" for _, id in files).encode())
    position = 0
    for path, _ in files:
        end = data.index(b"\n", position)
        size = int(data[position:end].split()[2])
        content = data[end + 1 : end + 1 + size]
        position = end + 1 + size + 1
        try:
            yield path, content.decode()
        except UnicodeDecodeError as error:
            if path.endswith(_EDITED):
                line = content.count(b"\n", 0, error.start) + 1
                raise UsageError(
                    f"{path} is not UTF-8 (byte {content[error.start]:#04x})",
                    where=f"{path}:{line}",
                    next="mend the file in Git; nothing of this folder is edited before",
                ) from None


def environments(git: Git, head: str) -> tuple[str, ...]:
    """Return the names of the environments that the tree has."""
    names = git("ls-tree", "--name-only", head, "--", "environments/").decode().splitlines()
    found = (re.fullmatch(r"environments/values-(.+)\.yaml", name) for name in names)
    return tuple(each[1] for each in found if each)


_DEPENDENCY = re.compile(r"^\s*-?\s*(name|version):\s*[\"']?([^\s\"'#]+)", re.MULTILINE)


def operator(git: Git, head: str, folder: str) -> str:
    """Return the version of the operator's chart on which a folder's chart depends; empty without one."""
    try:
        text = git("show", f"{head}:{folder}/Chart.yaml").decode(errors="replace")
    except GitError:
        return ""
    for entry in re.split(r"^\s*-\s", text.partition("dependencies:")[2], flags=re.MULTILINE):
        found = dict(_DEPENDENCY.findall(entry))
        if found.get("name") == "strimzi-kafka-operator":
            return str(found.get("version", ""))
    return ""
