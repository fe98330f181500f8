"""Objects and keys are rendered once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Place, Severity
from prompt_kafka.checks.lines import documents, layout
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "rendered-twice",
    Severity.ERROR,
    "Object or key that is there twice",
    "Of two objects of one name Argo CD applies one and shows a RepeatedResourceWarning; of two keys the "
    "last "
    "wins silently, so an edit of the first has no effect.",
    "Argo CD: RepeatedResourceWarning; sigs.k8s.io/yaml",
    "keep one",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look for names that come again, in objects, rendered texts and values files."""
    seen: dict[tuple[str, str, str, str], str] = {}
    for item in subject.items:
        key = (item.group, item.kind, subject.namespace_of(item), item.name)
        if item.name and key in seen:
            yield ABOUT.found(
                f"{item} is rendered twice in namespace {key[2]} (also by {seen[key] or 'another template'})",
                where(subject, item, "metadata", "name"),
                subject=str(item),
            )
        seen.setdefault(key, item.template)
    yield from _rendered(subject)
    yield from _values(subject)


def _rendered(subject: CheckInput) -> Iterator[Finding]:
    for template, text in subject.texts.items():
        if "strimzi.io/" not in text:
            continue
        for _, document in documents(text):
            if not re.search(r"^apiVersion:\s*\"?[\w.]*strimzi\.io/", document, re.MULTILINE):
                continue
            for path in _repeated(document):
                kind = layout(document).find(("kind",))
                yield ABOUT.found(
                    f"{'.'.join(path)} is rendered twice in {kind.text if kind else 'an object'}: the last "
                    "wins",
                    Place(subject.path(template), _line_of(subject.files.get(template, ""), path)),
                    severity=Severity.WARNING,
                )


def _values(subject: CheckInput) -> Iterator[Finding]:
    for file, text in subject.files.items():
        name = file.rpartition("/")[2]
        if name not in ("values.yaml", f"values-{subject.environment}.yaml", "secrets.yaml", "Chart.yaml"):
            continue
        for path in _repeated(text):
            lines = [each.line for each in layout(text).all(path)]
            yield ABOUT.found(
                f"{'.'.join(path)} is there twice, in lines {' and '.join(map(str, lines))}: the last wins",
                Place(subject.path(file), lines[-1]),
                severity=Severity.WARNING,
            )


def _repeated(text: str) -> list[tuple[str, ...]]:
    entries = layout(text).entries
    seen: set[tuple[str, ...]] = set()
    twice: dict[tuple[str, ...], None] = {}
    for each in entries:
        if each.path in seen and "*" not in each.path and "<<" not in each.path:
            twice[each.path] = None
        seen.add(each.path)
    return [path for path in twice if not any(path[:length] in twice for length in range(1, len(path)))]


def _line_of(template: str, path: tuple[str, ...]) -> int:
    for before, document in documents(template):
        entry = layout(document).nearest(path)
        if entry and len(entry.path) > 1:
            return before + entry.line
    return 1
