"""What a commit holds and what came before it, read with few commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from prompt_kafka.core.delivery import TRAILER

COMMITS = 1000
"""How many commits of the branch are looked at, for the marks of runs."""

Git = Callable[..., bytes]
"""Runs git in a repository: words in, and ``given`` as its standard input."""


def history(git: Git, head: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the newest commits, the newest first, and the commit that bears each run's mark."""
    form = f"--format=%H %(trailers:key={TRAILER},valueonly,separator=%x20)"
    lines = git("log", "--topo-order", f"-n{COMMITS}", form, head).decode().splitlines()
    found = [line.split() for line in lines]
    marks = {mark: commit for commit, *each in reversed(found) for mark in each}
    return tuple(commit for commit, *_ in found), marks


def texts(git: Git, head: str, folder: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of a folder's files; what is not text, or a link, is left out."""
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
        except UnicodeDecodeError:
            continue


def environments(git: Git, head: str) -> tuple[str, ...]:
    """Return the names of the environments that the tree has."""
    names = git("ls-tree", "--name-only", head, "--", "environments/").decode().splitlines()
    found = (re.fullmatch(r"environments/values-(.+)\.yaml", name) for name in names)
    return tuple(each[1] for each in found if each)
