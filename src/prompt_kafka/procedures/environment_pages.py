"""Where a tree lists its environments for readers: a page each, and the list of pages."""

from __future__ import annotations

from collections.abc import Mapping

from prompt_kafka.procedures.authoring.tree import lines_of


def mark(name: str, what: str) -> str:
    """Return the mark of a value that somebody has to fill in."""
    return f"TODO(environment {name}): {what}"


def page(environment: str) -> str:
    """Return the path of an environment's page, in a tree that documents its environments."""
    return f"docs/environments/{environment}/index.rst"


PAGES = "docs/environments/index.rst"


def pages(files: Mapping[str, str], source: str, name: str) -> dict[str, str]:
    """Return the environment's page and the list of pages, in a tree that has them."""
    if page(source) not in files:
        return {}
    made = {page(name): _page(files[page(source)], source, name)}
    if PAGES in files:
        lines = lines_of(files[PAGES])
        at = next((n for n, line in enumerate(lines) if line.strip() == f"{source}/index"), None)
        if at is not None:
            lines.insert(at + 1, lines[at].replace(f"{source}/index", f"{name}/index"))
            made[PAGES] = "".join(lines)
    return made


def _page(text: str, source: str, name: str) -> str:
    """Return a page of the same build: its directives for the new name, its words left to be written."""
    kept, inside = [], False
    for line in text.splitlines():
        inside = line.startswith(".. ") or (inside and (not line.strip() or line.startswith(" ")))
        if inside and line.strip():
            kept.append(("" if line.startswith(" ") else "\n") + line.replace(source, name))
    title = f"{name} — TODO"
    head = ["#" * len(title), title, "#" * len(title)]
    first = [kept[0].strip(), ""] if kept and "px-env" in kept[0] else []
    rest = kept[1:] if first else kept
    body = f".. {mark(name, 'say here what it is for')}"
    return "\n".join([*first, *head, "", body, *rest]) + "\n"


def without_page(text: str, name: str) -> str:
    """Return the list of pages without an environment's."""
    return "".join(line for line in lines_of(text) if line.strip() != f"{name}/index")
