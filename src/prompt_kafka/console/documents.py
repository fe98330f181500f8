"""The project's own pages, ``docs/``, as HTML: what a heading means and how it is done by hand."""

from __future__ import annotations

import importlib.resources
import re
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from prompt_kafka.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the runbook page.

    Attributes
    ----------
    slug
        Its page's name; empty where it has none.
    commands
        Commands that the index names for it, as words.
    """

    title: str
    slug: str
    commands: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")


def folder() -> Path:
    """Return the folder of the pages: ``docs/`` of the checkout, or its copy in the wheel.

    Raises
    ------
    UsageError
        Neither is there.
    """
    package = Path(str(importlib.resources.files("prompt_kafka")))
    for candidate in (package / "docs", package.parents[1] / "docs"):
        if (candidate / "runbook" / "index.md").is_file():
            return candidate
    raise UsageError("the pages of the runbook are missing", where=str(package), next="install it again")


@cache
def headings() -> tuple[Heading, ...]:
    """Return the headings in the order of the runbook page, as its index has them."""
    found = []
    text = (folder() / "runbook" / "index.md").read_text(encoding="utf-8")
    for line in text.splitlines():
        cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
        if len(cells) != 2 or set(cells[0]) <= set("- "):
            continue
        first, second = (cell.strip() for cell in cells)
        if first.lower() in ("heading", "(all)"):
            continue
        links = re.findall(r"\]\(([\w-]+)\.md\)", f"{first} {second}")
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", first)
        found.append(Heading(title, links[0] if links else "", tuple(_commands(second))))
    return tuple(found)


def document(name: str) -> Markup | None:
    """Return a page without its title; None when there is none of that name."""
    if not re.fullmatch(r"[\w-]+(/[\w-]+)?", name):
        return None
    path = folder() / f"{name}.md"
    if not path.is_file():
        return None
    text = re.sub(r"\A# .*\n", "", path.read_text(encoding="utf-8"))
    return _rendered(text, name.rpartition("/")[0])


def _rendered(text: str, below: str) -> Markup:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs["href"] = _target(str(child.attrs.get("href", "")), below)
    body = parser.renderer.render(tokens, parser.options, {})
    body = body.replace("<table>", '<div class="wide"><table class="wraps">').replace(
        "</table>", "</table></div>"
    )
    return Markup(body)  # made of the project's own files, with raw HTML switched off


def _target(href: str, below: str) -> str:
    """Return where a link between pages leads in the console, relative to the page that has it."""
    found = re.fullmatch(r"(\.\./)?((?:[\w-]+/)?[\w-]+)\.md(#.*)?", href)
    if not found:
        return href
    up, name, anchor = found[1], found[2], found[3] or ""
    if below == "runbook":
        return f"../docs/{name}{anchor}" if up else f"{name}{anchor}"
    return f"../{name}{anchor}" if name.startswith("runbook/") else f"{name}{anchor}"


def _commands(cell: str) -> list[str]:
    """Return the commands that a cell names: ``upgrade kafka``; a word alone goes with what was before it."""
    found: list[str] = []
    before = ""
    for code in re.findall(r"`([^`]*)`", cell):
        words = re.sub(r"\\\|", "|", code).removeprefix("prompt-kafka ").split()
        plain = list(takewhile(lambda word: re.fullmatch(r"[a-z][a-z|-]*", word), words))
        if not plain:
            continue
        *begin, last = plain
        before = " ".join(begin) or before
        for each in last.split("|"):
            alone = f"{before} {each}" if before and not begin else ""
            found += [alone, each] if alone else [" ".join([*begin, each])]
    return found
