"""What is found by rendering once more: values that change nothing, switches that break the chart."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from prompt_kafka.checks.reads import unread_candidates
from prompt_kafka.checks.subject import CheckInput, Failure, Path, at
from prompt_kafka.clients import helm
from prompt_kafka.clients.gitops import Repository
from prompt_kafka.clients.rendered import Rendered, RenderError
from prompt_kafka.core.errors import PromptKafkaError

_MEANT = re.compile(
    r"error calling (fail|required|include|tpl): (?!.*nil pointer)|execution error at|required"
)
_LONGEST = 160


def trials(
    repository: Repository,
    manifest: Mapping[str, Any],
    subject: CheckInput,
    rendered: Rendered,
    tell: Callable[[], None],
) -> tuple[tuple[Path, ...], tuple[Failure, ...]]:
    """Return the values that nothing reads and the switches that break the chart."""
    maker = _Maker(repository, manifest, subject.values, tell)
    switches = list(_switches(subject.values, (), _absent(subject)))
    on = [path for path in switches if at(subject.values, *path) is False]
    conditions = {
        (*scope, *path.strip().split("."))
        for chart in subject.charts
        for each in chart.dependencies
        for path in each.get("condition", "").split(",")
        for scope in chart.scope
    }
    off = [path for path in switches if at(subject.values, *path) is True and path not in conditions]
    failures = [*_failing(maker, on, True), *_failing(maker, off, False)]
    broken = {each.switch for each in failures}
    candidates = unread_candidates(subject)
    unread = _confirm(maker, candidates, rendered.texts, {})
    if unread and on:
        everything = {path: True for path in on if path not in broken}
        base = maker.texts(everything)
        if base is not None:
            unread = _confirm(maker, unread, base, everything)
    return tuple(unread), tuple(failures)


class _Maker:
    """Renders the application with some values changed."""

    def __init__(
        self,
        repository: Repository,
        manifest: Mapping[str, Any],
        values: Mapping[str, Any],
        tell: Callable[[], None],
    ) -> None:
        self.repository = repository
        self.manifest = manifest
        self.values = values
        self.tell = tell

    def render(self, changes: Mapping[Path, Any]) -> Rendered:
        self.tell()
        given: dict[str, Any] = {}
        for path, value in changes.items():
            below: Any = value
            for key in reversed(path):
                below = {key: below}
            given = helm.merge(given, below)
        changed = copy.deepcopy(dict(self.manifest))
        options = changed["spec"]["source"].setdefault("helm", {})
        options["valuesObject"] = helm.merge(options.get("valuesObject") or {}, given)
        return self.repository.render_application(changed)

    def texts(self, changes: Mapping[Path, Any]) -> Mapping[str, str] | None:
        try:
            return self.render(changes).texts
        except PromptKafkaError:
            return None


def _confirm(
    maker: _Maker, candidates: Sequence[Path], base: Mapping[str, str], with_: Mapping[Path, Any]
) -> list[Path]:
    """Return those that change nothing; halves are tried where a whole does."""
    if not candidates:
        return []
    changes = {path: _changed(at(maker.values, *path)) for path in candidates}
    if maker.texts({**with_, **changes}) == base:
        return list(candidates)
    if len(candidates) == 1:
        return []
    half = len(candidates) // 2
    return [
        *_confirm(maker, candidates[:half], base, with_),
        *_confirm(maker, candidates[half:], base, with_),
    ]


def _changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [*value, "changed"] if not value or isinstance(value[0], str) else value[:-1]
    if isinstance(value, Mapping):
        return {**value, "changed": "changed"}
    return f"{value or ''}-changed"


def _failing(maker: _Maker, switches: Sequence[Path], to: bool) -> list[Failure]:
    if not switches:
        return []
    try:
        maker.render(dict.fromkeys(switches, to))
        return []
    except RenderError as error:
        if len(switches) == 1:
            return [] if _MEANT.search(error.what) else [_failure(switches[0], to, error)]
    except PromptKafkaError:
        return []
    half = len(switches) // 2
    return [*_failing(maker, switches[:half], to), *_failing(maker, switches[half:], to)]


def _failure(switch: Path, to: bool, error: RenderError) -> Failure:
    place = re.search(r"applications/[^/]+/([^:,\s]+)(?::(\d+))?", error.where or "")
    said = error.what.removeprefix("the chart does not render: ")
    said = re.sub(r"^.*?(?=<\.|nil pointer|error converting|can't evaluate)", "", said) or said
    said = said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
    return Failure(switch, to, said, place[1] if place else "", int(place[2]) if place and place[2] else 0)


def _absent(subject: CheckInput) -> set[Path]:
    return {
        (*scope, each.get("alias") or each.get("name", ""))
        for chart in subject.charts
        for scope in chart.scope
        for each in chart.dependencies
        if each.get("absent")
    }


def _switches(value: Any, path: Path, absent: set[Path]) -> Iterable[Path]:
    if path in absent or path[:1] == ("global",):
        return
    if isinstance(value, bool) and path:
        yield path
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _switches(each, (*path, str(key)), absent)
