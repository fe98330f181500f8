"""Subcharts are on because somebody said so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prompt_kafka.checks.finding import About, Finding, Place, Severity
from prompt_kafka.checks.lines import layout
from prompt_kafka.checks.subject import Chart, CheckInput, at

ABOUT = About(
    "subchart-condition",
    Severity.WARNING,
    "Subchart that is on by accident",
    "Helm leaves a subchart on when the path of its condition leads nowhere or to no boolean: a typing error "
    "turns the switch off that was to turn the subchart off.",
    "Helm: chart dependencies, conditions; tried with the library that renders here",
    "let the condition name a value that values.yaml has, and give it true or false",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Follow each condition; and look for folders under charts/ that are no dependency."""
    for chart in subject.charts:
        for scope in chart.scope[:1]:
            for number, each in enumerate(chart.dependencies):
                yield from _condition(subject, chart, scope, number, each)
        yield from _undeclared(subject, chart)


def _condition(
    subject: CheckInput, chart: Chart, scope: tuple[str, ...], number: int, dependency: Mapping[str, str]
) -> Iterator[Finding]:
    name = dependency.get("alias") or dependency.get("name", "")
    condition = dependency.get("condition", "")
    if not condition or dependency.get("absent"):
        return
    paths = [each.strip() for each in condition.split(",") if each.strip()]
    found = [(path, at(subject.values, *scope, *path.split("."))) for path in paths]
    file = chart.file("Chart.yaml")
    entry = layout(subject.files.get(file, "")).find(("dependencies", str(number), "condition"))
    place = Place(subject.path(file), entry.line if entry else 0)
    if any(isinstance(value, bool) for _, value in found):
        if not any(isinstance(_default(subject, scope, path), bool) for path in paths):
            yield ABOUT.found(
                f"no values.yaml gives {condition}, the condition of {name}, a default: an environment that "
                "does not mention it has the subchart on",
                place,
                severity=Severity.INFO,
                mend="give the switch a default in values.yaml",
            )
        return
    wrong = next(((path, value) for path, value in found if value is not None), None)
    if wrong:
        yield ABOUT.found(
            f"the condition {wrong[0]} of {name} is {wrong[1]!r}, no boolean: the subchart is on",
            place,
            severity=Severity.ERROR,
        )
    else:
        yield ABOUT.found(f"nothing sets {condition}, the condition of {name}: the subchart is on", place)


def _default(subject: CheckInput, scope: tuple[str, ...], path: str) -> object:
    """Return what the charts' own values files say of a path."""
    full = (*scope, *path.split("."))
    return next(
        (
            value
            for chart in subject.charts
            for each in chart.scope
            if full[: len(each)] == each and (value := at(chart.values, *full[len(each) :])) is not None
        ),
        None,
    )


def _undeclared(subject: CheckInput, chart: Chart) -> Iterator[Finding]:
    names = {each.get("name", "") for each in chart.dependencies}
    prefix = chart.file("charts") + "/"
    below = sorted(
        {
            file[len(prefix) :].partition("/")[0]
            for file in subject.files
            if file.startswith(prefix)
            and file[len(prefix) :].count("/") == 1
            and file.endswith("/Chart.yaml")
        }
    )
    for folder in below:
        title = layout(subject.files.get(f"{prefix}{folder}/Chart.yaml", "")).find(("name",))
        if folder in names or (title and title.text.strip("\"'") in names):
            continue
        yield ABOUT.found(
            f"{folder} lies in charts/ and is no dependency: it is always rendered, no condition turns it "
            "off",
            Place(subject.path(f"{prefix}{folder}/Chart.yaml"), 1),
            mend="list it under dependencies in Chart.yaml, with a condition",
        )
