"""Edits of YAML texts: what was there stays byte for byte, in files as people really write them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.procedures.authoring import chart
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.tree import lines_of, load, mask

ENABLE = [
    pytest.param("", "s:\n  enabled: true\n", id="empty"),
    pytest.param("# only a comment\n", "# only a comment\n\ns:\n  enabled: true\n", id="only a comment"),
    pytest.param("{}\n", "s:\n  enabled: true\n", id="braces"),
    pytest.param("# c\n{}  # none\n", "# c\n  # none\ns:\n  enabled: true\n", id="braces, comment behind"),
    pytest.param("---\na: 1\n", "---\na: 1\n\ns:\n  enabled: true\n", id="document mark"),
    pytest.param("a: 1\n...\n", "a: 1\n\ns:\n  enabled: true\n...\n", id="end mark"),
    pytest.param("a: 1", "a: 1\n\ns:\n  enabled: true\n", id="no newline at the end"),
    pytest.param("a: 1\n\n\n", "a: 1\n\ns:\n  enabled: true\n\n\n", id="blank lines at the end"),
    pytest.param(
        "a: 1\r\nb:\r\n  c: 1\r\n", "a: 1\r\nb:\r\n  c: 1\r\n\r\ns:\r\n  enabled: true\r\n", id="CRLF"
    ),
    pytest.param("a:\n    b: 1\n", "a:\n    b: 1\n\ns:\n    enabled: true\n", id="four columns"),
    pytest.param("a: 1\n# about s\n", "a: 1\n# about s\n\ns:\n  enabled: true\n", id="comment at the end"),
    pytest.param("s:\n  enabled: false\n", "s:\n  enabled: true\n", id="off"),
    pytest.param("s: {enabled: false, a: 1}  # c\n", "s: {enabled: true, a: 1}  # c\n", id="off, in braces"),
    pytest.param("s:\n  enabled: true\n", "s:\n  enabled: true\n", id="on"),
    pytest.param('s:\n  "enabled":   "false" # c\n', 's:\n  "enabled":   true # c\n', id="a text"),
    pytest.param("s:\nt: 1\n", "s:\n  enabled: true\nt: 1\n", id="nothing in it"),
    pytest.param("s:  # c\nt: 1\n", "s:  # c\n  enabled: true\nt: 1\n", id="nothing in it but a comment"),
    pytest.param("s: {}  # c\nt: 1\n", "s:   # c\n  enabled: true\nt: 1\n", id="empty braces"),
    pytest.param("s: null\nt: 1\n", "s:\n  enabled: true\nt: 1\n", id="null"),
    pytest.param("s: {a: 1}\n", "s: {a: 1, enabled: true}\n", id="other things in braces"),
    pytest.param("s:\n  a: 1\n", "s:\n  a: 1\n  enabled: true\n", id="other things"),
    pytest.param(
        "s:\n  a: |\n    # text\n    more\n\n# about t\nt: 1\n",
        "s:\n  a: |\n    # text\n    more\n  enabled: true\n\n# about t\nt: 1\n",
        id="block text",
    ),
    pytest.param(
        "s:\n  a: 1\n  # b: 2\nt: 1\n", "s:\n  a: 1\n  # b: 2\n  enabled: true\nt: 1\n", id="commented out"
    ),
    pytest.param(
        "x: &x\n  a: 1\ns:\n  <<: *x\n", "x: &x\n  a: 1\ns:\n  <<: *x\n  enabled: true\n", id="merge"
    ),
    pytest.param("x: &x {enabled: false}\ns: *x\n", None, id="alias"),
    pytest.param("s: &x\n  a: 1\nt: *x\n", None, id="anchor that another place uses"),
    pytest.param("s: 3\n", None, id="a number"),
    pytest.param("s:\n  a: 1\ns:\n  b: 1\n", None, id="twice"),
    pytest.param("s: [\n", None, id="not YAML"),
    pytest.param("- a\n", None, id="a list"),
    pytest.param(
        "s:\n  a: |+\n    text\n\n\nt: 1\n", "s:\n  a: |+\n    text\n\n\n  enabled: true\nt: 1\n", id="|+"
    ),
]


@pytest.mark.parametrize(("text", "wanted"), ENABLE)
def test_a_switch_is_put_on(text: str, wanted: str | None) -> None:
    if wanted is None:
        with pytest.raises(RefusedError, match="cannot be edited safely") as refused:
            chart.enable(text, "values-x.yaml", "s")
        assert refused.value.rule == "cannot-edit"
        return
    done = chart.enable(text, "values-x.yaml", "s")
    assert done == wanted
    assert chart.enable(done, "values-x.yaml", "s") == done


ITEMS = [
    pytest.param("l:\n  - a\nm: 1\n", "l:\n  - a\n  - n: 1\n    o: 2\nm: 1\n", id="set in"),
    pytest.param("l:\n- a\nm: 1\n", "l:\n- a\n- n: 1\n  o: 2\nm: 1\n", id="not set in"),
    pytest.param("l: [a]\n", "l: [a, {n: 1, o: 2}]\n", id="in brackets"),
    pytest.param("l: []  # none\nm: 1\n", "l:   # none\n  - n: 1\n    o: 2\nm: 1\n", id="empty brackets"),
    pytest.param("l: []\n", "l:\n  - n: 1\n    o: 2\n", id="empty brackets at the end"),
    pytest.param(
        "l:\n  - n: 0\n    # o\n\n# m\nm: 1\n",
        "l:\n  - n: 0\n    # o\n  - n: 1\n    o: 2\n\n# m\nm: 1\n",
        id="comments"),
    pytest.param("l:\n  -\n    n: 0\n", "l:\n  -\n    n: 0\n  - n: 1\n    o: 2\n", id="dash on its own line"),
    pytest.param("l:\n    -   n: 0\n", "l:\n    -   n: 0\n    - n: 1\n      o: 2\n", id="odd indentation"),
    pytest.param("l: &l\n  - a\nm: 1\n", "l: &l\n  - a\n  - n: 1\n    o: 2\nm: 1\n", id="anchor nobody uses"),
    pytest.param("l:\n  - a\n  - *x\nm: &x 1\n", None, id="alias before its anchor"),
    pytest.param("l: {}\n", None, id="a mapping"),
    pytest.param("m: 1\n", None, id="no list"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), ITEMS)
def test_an_item_is_added(text: str, wanted: str | None) -> None:
    def added() -> str:
        return Yaml(text, "f.yaml").add_item(("l",), ["n: 1", "o: 2"], "{n: 1, o: 2}")

    if wanted is None:
        with pytest.raises(RefusedError):
            added()
        return
    assert added() == wanted


def test_helm_templates_keep_their_places() -> None:
    text = (
        "{{- if .Values.a }}\na: {{ .b | quote }}\n{{- /* two\nlines */}}\nl:\n  - {{ $x }}-y\n{{- end }}\n"
    )
    masked = mask(text)
    assert [len(line) for line in masked.split("\n")] == [len(line) for line in text.split("\n")]
    assert list(load(text, "t.yaml", template=True)[0]) == ["a", "l"]
    done = Yaml(text, "t.yaml", template=True).add_item(("l",), ["z"], "z")
    assert done == text.replace("-y\n", "-y\n  - z\n")


# Files as nobody would think of them: made at random, with comments between, odd indentation and line ends.

_words = st.text("abcxyz0-_ .#'\"éλ", min_size=1, max_size=8).map(str.strip).filter(bool)
_keys = st.text("abcdefgxyz", min_size=1, max_size=5)
_comments = st.sampled_from(["", "", "", "# c", "# -- about", "# a: 1", "#"])


@st.composite
def _scalars(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["plain", "single", "double", "number", "null", "empty", "flow"]))
    word = draw(_words)
    return {
        "plain": draw(_keys),
        "single": "'" + word.replace("'", "''") + "'",
        "double": '"' + word.replace('"', "").replace("\\", "") + '"',
        "number": draw(st.sampled_from(["1", "1.5", "0x1F", "1e3", "-1"])),
        "null": "null",
        "empty": "",
        "flow": draw(st.sampled_from(["{}", "[]", "{a: 1}", "[1, {b: 2}]", "[ ]"])),
    }[kind]


@st.composite
def _mappings(draw: st.DrawFn, depth: int = 0, column: int = 0) -> list[str]:
    lines: list[str] = []
    shift = draw(st.sampled_from([1, 2, 2, 3, 4]))
    for key in draw(st.lists(_keys, min_size=1, max_size=4, unique=True)):
        pad = " " * column
        if comment := draw(_comments):
            lines.append(" " * draw(st.sampled_from([column, column + 2])) + comment)
        if draw(st.integers(0, 5)) == 0:
            lines.append("")
        behind = draw(st.sampled_from(["", "  # c"]))
        kind = draw(st.sampled_from(["scalar", "scalar", "map", "seq", "text"])) if depth < 3 else "scalar"
        if kind == "scalar":
            value = draw(_scalars())
            lines.append(f"{pad}{key}: {value}{behind}".rstrip())
        elif kind == "map":
            lines.append(f"{pad}{key}:{behind}")
            lines += draw(_mappings(depth + 1, column + shift))
        elif kind == "seq":
            dash = column + draw(st.sampled_from([0, 2]))
            lines.append(f"{pad}{key}:{behind}")
            lines += [" " * dash + f"- {draw(_keys)}" for _ in range(draw(st.integers(1, 3)))]
        else:
            lines.append(f"{pad}{key}: {draw(st.sampled_from(['|', '>-', '|-', '|+']))}")
            lines += [" " * (column + 2) + draw(_keys) + draw(st.sampled_from(["", " # no comment"]))]
            lines += [""] * draw(st.integers(0, 2))
    return lines


@st.composite
def _files(draw: st.DrawFn) -> str:
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    lines = draw(_mappings())
    head = draw(st.sampled_from([[], ["---"], ["# head", ""]]))
    return newline.join([*head, *lines]) + draw(st.sampled_from([newline, "", newline * 2]))


@st.composite
def _with_anchors(draw: st.DrawFn) -> str:
    """Return a file in which values are repeated by an anchor, where it has no mark of a document."""
    text: str = draw(_files())
    if not draw(st.booleans()) or text.startswith("---"):
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    return newline.join(["zz0: &base", "   k: v  # c", "zz1: *base", "zz2:", "   <<: *base", text])


def _stays(before: str, after: str) -> bool:
    """Return whether every line of `before` is in `after`, in order."""
    rest = iter([line.rstrip("\r\n") for line in lines_of(after)])
    return all(any(line.rstrip("\r\n") == other for other in rest) for line in lines_of(before))


@settings(max_examples=300)
@given(_with_anchors(), _keys)
def test_whatever_the_file_a_switch_changes_nothing_else(text: str, name: str) -> None:
    before = load(text, "f.yaml")[0]
    held = before.get(name)
    try:
        after = chart.enable(text, "f.yaml", name)
    except RefusedError as refused:
        assert refused.rule == "cannot-edit"
        # A block text that ends with the file gets a line end more, and so another value.
        assert name in before or not text.endswith("\n"), "what is not there can be added"
        return
    assert load(after, "f.yaml")[0] == {**before, name: {**(held or {}), "enabled": True}}
    if name not in before:
        assert _stays(text, after)


@settings(max_examples=300)
@given(_with_anchors())
def test_whatever_the_file_a_new_list_entry_changes_nothing_else(text: str) -> None:
    before = load(text, "f.yaml")[0]
    lists = [key for key, value in before.items() if isinstance(value, list)]
    assume(lists)
    after = Yaml(text, "f.yaml").add_item((lists[0],), ["name: n", "x: 1  # c"], "{name: n, x: 1}")
    assert load(after, "f.yaml")[0] == {**before, lists[0]: [*before[lists[0]], {"name": "n", "x": 1}]}
    empty = not before[lists[0]]
    in_brackets = len(lines_of(after)) == len(lines_of(text))
    assert empty or in_brackets or _stays(text, after)
