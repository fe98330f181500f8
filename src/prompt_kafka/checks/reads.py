"""Which values the templates of a chart read, from their syntax trees, and which they cannot.

Conservative by construction: whatever is handed to a function counts as read with all that is below it, and a
template that is not understood reads everything. So a value that is named here is a candidate; rendering has
the last word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prompt_kafka.checks.lines import layout
from prompt_kafka.checks.subject import CheckInput, Path
from prompt_kafka.checks.syntax import Node, SyntaxTrouble, parse
from prompt_kafka.checks.walk import ROOT, Reads, Walk

_CHAIN = re.compile(r"\.Values((?:\.[A-Za-z_][\w]*)+)")


def unread_candidates(subject: CheckInput) -> tuple[Path, ...]:
    """Return the values that no template can be seen to read."""
    reads = Reads()
    defines: dict[str, list[Node]] = {}
    trees: dict[str, list[Node]] = {}
    for file, text in subject.files.items():
        if "/templates/" not in f"/{file}" or not file.endswith((".yaml", ".yml", ".tpl", ".txt")):
            continue
        try:
            trees[file] = parse(text)
        except SyntaxTrouble:
            chart = subject.chart(file)
            reads.whole |= set(chart.scope if chart else ((),))
            continue
        for node in _defines(trees[file]):
            defines[node.tokens[0].text.strip('"`')] = node.body
    for file, nodes in trees.items():
        chart = subject.chart(file)
        if chart is None:
            continue
        own = Reads()
        Walk(own, defines).nodes(nodes, ROOT, {"$": ROOT})
        for scope in chart.scope:
            reads.whole |= {(*scope, *path) for path in own.whole}
            reads.truth |= {(*scope, *path) for path in own.truth}
    skipped = _elsewhere(subject, reads)
    whole, truth = _Known(reads.whole), _Known(reads.truth)
    return tuple(
        path
        for path in _leaves(subject.values, ())
        if path[:1] not in (("global",), ("tags",))
        and not any(path[:length] in skipped for length in range(len(path) + 1))
        and not (whole.lead_to(path) or whole.begin_with(path) or truth.are(path) or truth.begin_with(path))
    )


def _elsewhere(subject: CheckInput, reads: Reads) -> set[Path]:
    """Add what Chart.yaml, secrets.yaml and texts in values read; return what is not to be judged."""
    absent: set[Path] = set()
    for chart in subject.charts:
        for scope in chart.scope:
            for each in chart.dependencies:
                name = each.get("alias") or each.get("name", "")
                for condition in each.get("condition", "").split(","):
                    reads.whole.add((*scope, *condition.strip().split(".")))
                # Under any part of its path that contains "global", everything goes to everyone.
                absent.add((*scope, name, "global"))
                if each.get("absent"):
                    absent.add((*scope, name))
    absent |= set(_anchored(subject))
    for file, text in subject.files.items():
        last = file.rpartition("/")[2]
        if last.startswith("secrets") and "/" not in file:
            reads.whole |= {tuple(each.split(".")) for each in re.findall(r"\bif:\s*[\"']?([\w.-]+)", text)}
        elif last.startswith("values"):
            if re.search(r"\.Values(?![.\w])", text):
                reads.whole.add(())
            for chain in _CHAIN.findall(text):
                for chart in subject.charts:
                    reads.whole |= {(*scope, *chain.strip(".").split(".")) for scope in chart.scope}
    return absent


def _anchored(subject: CheckInput) -> Iterator[Path]:
    """Yield the values that have an anchor: other values repeat them, that is what they are for."""
    for file, text in subject.files.items():
        if not file.rpartition("/")[2].startswith("values") or "&" not in text:
            continue
        chart = subject.chart(file)
        for entry in layout(text).entries:
            if entry.text.startswith("&"):
                yield from ((*scope, *entry.path) for scope in (chart.scope if chart else ((),)))


class _Known:
    """Paths, and whether one of them leads to a value or comes from it; ``*`` stands for any key."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.plain = {each for each in paths if "*" not in each}
        self.starred = [each for each in paths if "*" in each]
        self.above = {each[:length] for each in self.plain for length in range(len(each))}

    def lead_to(self, path: Path) -> bool:
        """Return whether one is the path or above it."""
        if any(path[:length] in self.plain for length in range(len(path) + 1)):
            return True
        return any(_covers(each, path) for each in self.starred)

    def are(self, path: Path) -> bool:
        """Return whether one is the path itself."""
        same = any(len(each) == len(path) and _covers(each, path) for each in self.starred)
        return path in self.plain or same

    def begin_with(self, path: Path) -> bool:
        """Return whether one lies below the path."""
        return path in self.above or any(
            len(path) < len(each) and _covers(path, each) for each in self.starred
        )


def _covers(short: Path, long: Path) -> bool:
    return len(short) <= len(long) and all(a == b or "*" in (a, b) for a, b in zip(short, long, strict=False))


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _leaves(each, (*path, str(key)))
    elif path:
        yield path


def _defines(nodes: list[Node]) -> Iterator[Node]:
    for node in nodes:
        if node.kind in ("define", "block") and node.tokens:
            yield node
        yield from _defines(node.body)
        yield from _defines(node.other)
