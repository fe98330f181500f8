"""A copy keeps every line that it has no reason to touch byte for byte, in files as people write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.request_tree import EnvironmentRequest
from prompt_kafka.procedures import create_environment
from prompt_kafka.procedures.authoring.leaves import Change, leaves, retouch, reworded
from prompt_kafka.procedures.authoring.tree import load
from tests.environments import before, committed, tree

CHANGES = [
    ("a: 1\nb: x # c\n", {("b",): Change('""', "m")}, 'a: 1\nb: "" # c; m\n'),
    ("a: 1\nb: x\n", {("b",): Change('""', "m")}, 'a: 1\nb: ""  # m\n'),
    ("b: x", {("b",): Change("y")}, "b: y"),
    ("b: &k x\nc: *k\n", {("b",): Change("y")}, "b: &k y\nc: *k\n"),
    ("b: !!str x\n", {("b",): Change("y")}, "b: !!str y\n"),
    ("b: |-\n  one\n  two\n\n# c\nd: 1\n", {("b",): Change('""', "m")}, 'b: ""  # m\n\n# c\nd: 1\n'),
    ("b: 'it''s'\r\nc: 1\r\n", {("b",): Change("y", "m")}, "b: y  # m\r\nc: 1\r\n"),
    ('b: "one\n  two"  # c\nd: 1\n', {("b",): Change("y")}, "b: y  # c\nd: 1\n"),
    ("b:\n  - x   # c\n  - z\n", {("b", "0"): Change("y")}, "b:\n  - y   # c\n  - z\n"),
    ("{a: x, b: [y, z]}\n", {("b", "1"): Change('""', "m")}, '{a: x, b: [y, ""]}  # m\n'),
    ("a:\n    b: x\n", {("a", "b"): Change('""')}, 'a:\n    b: ""\n'),
    (
        "a: {b: x, c: y}\n",
        {("a", "b"): Change("1", "m"), ("a", "c"): Change("2", "n")},
        "a: {b: 1, c: 2}  # n; m\n",
    ),
]


@pytest.mark.parametrize(("text", "changes", "wanted"), CHANGES)
def test_a_value_changes_where_it_stands(text: str, changes: dict, wanted: str) -> None:
    assert retouch(text, "values.yaml", changes) == wanted


def test_entries_go_with_their_lines() -> None:
    text = "applications:\n  a: true\n  # about b\n  b: true\n  c: true  # why\nx: 1\n"
    gone = frozenset({("applications", "b"), ("applications", "c")})
    assert retouch(text, "values.yaml", {}, gone) == "applications:\n  a: true\n  # about b\nx: 1\n"


@pytest.mark.parametrize(
    "text", ["a: [\n", "a: 1\n---\na: 2\n", "a: {{ .Values.x }}\n"], ids=["not YAML", "documents", "template"]
)
def test_what_cannot_be_edited_is_refused_or_right(text: str) -> None:
    try:
        assert load(retouch(text, "v.yaml", {("a",): Change("3")}), "v.yaml")[0] == {"a": 3}
    except RefusedError as error:
        assert error.rule == "cannot-edit"


def test_comments_about_the_source_go_and_others_stay() -> None:
    text = (
        "# yaml-language-server: $schema=x\n# About prod.\n# More.\n\n# as in prod-a\n"
        "a: 'x # prod-a'  # prod-a\n"
        "b: |\n  # prod-a\nc: 1  # own\n"
    )
    assert reworded(text, "v.yaml", "new", re.compile("prod-a"), "mark") == (
        "# yaml-language-server: $schema=x\n# new\n\n# mark\na: 'x # prod-a'  # mark\n"
        "b: |\n  # prod-a\nc: 1  # own\n"
    )


_KEY = st.sampled_from(["a", "b", "host", "storageClassName", "metallb.io/loadBalancerIPs"])
_SCALAR = st.sampled_from(
    [
        "x",
        '"192.0.2.7"',
        "192.0.2.8",
        "true",
        "3",
        "|-\n{pad}  text\n{pad}  # 192.0.2.9",
        "lab.example.org",
        "[1, x]",
    ]
)
_BEHIND = st.sampled_from(["", "  # why", " # 192.0.2.1"])


@st.composite
def _files(draw: st.DrawFn, depth: int = 0) -> str:
    pad, lines = "  " * depth, []
    for key in draw(st.lists(_KEY, min_size=1, max_size=4, unique=True)):
        lines += draw(st.sampled_from([[], [""], [f"{pad}# about it"], ["", f"{pad}   # {key}"]]))
        if depth < 3 and draw(st.booleans()):
            lines += [f"{pad}{key}:{draw(st.sampled_from(['', '  # deeper']))}", draw(_files(depth + 1))]
            continue
        value = draw(_SCALAR)
        behind = "" if "\n" in value else draw(_BEHIND)
        lines.append(f"{pad}{key}: {value.format(pad=pad)}{behind}")
    return "\n".join(lines)


@settings(max_examples=150)
@given(_files(), st.sampled_from(["\n", "\r\n"]), st.data())
def test_lines_that_are_not_touched_stay_byte_for_byte(text: str, newline: str, data: st.DataObject) -> None:
    text = (text + "\n").replace("\n", newline)
    found = leaves(text, "v.yaml")
    chosen = data.draw(st.lists(st.sampled_from(found), unique_by=lambda leaf: leaf.path)) if found else []
    after = retouch(text, "v.yaml", {leaf.path: Change('"new"', "mark") for leaf in chosen})
    touched = {n for leaf in chosen for n in range(leaf.node.start[0], leaf.node.last)}
    kept = [line for n, line in enumerate(text.split(newline)) if n not in touched]
    rest = [line for line in after.split(newline) if not re.search(r"# .*mark$|\"new\"", line)]
    assert rest == kept
    assert {leaf.path for leaf in leaves(after, "v.yaml") if leaf.value == "new"} == {
        leaf.path for leaf in chosen
    }


@pytest.mark.parametrize("source", ["lab", "usdfdev-prompt-processing", "usdfprod-prompt-processing"])
def test_the_shipped_environments_are_copied_line_by_line(source: str) -> None:
    world, means = before({})
    plan = create_environment.plan(EnvironmentRequest("test-one", source), world, means)
    for path, text in committed(plan).items():
        old = tree()[path.replace("test-one", source)].splitlines(keepends=True)
        new = (text or "").splitlines(keepends=True)
        assert len(new) == len(old)
        changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        assert all("TODO(environment test-one)" in b or "test-one" in b for _, b in changed)


def test_planned_again_after_the_commit_there_is_nothing_to_do() -> None:
    world, means = before({})
    asked = EnvironmentRequest("test-one", "lab", (("fqdn", "one.example.org"),))
    files = committed(create_environment.plan(asked, world, means))
    again = create_environment.plan(asked, *before(files))
    assert again.steps == ()
    assert "test-one is on main already, and 2 applications render 20 objects" in again.nothing_because
