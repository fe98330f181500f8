"""Lines taken out and values changed: every other line keeps its bytes, in files as people write them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.rights import Rule
from prompt_kafka.procedures.authoring import cut, there, users
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.there import Place, Setting
from prompt_kafka.procedures.authoring.tree import lines_of, load
from tests.procedures.authoring.test_edit import _files, _keys

ITEMS = [
    pytest.param("l:\n  - a\n  - b\nm: 1\n", 0, "l:\n  - b\nm: 1\n", id="the first"),
    pytest.param("l:\n- a\n- b\nm: 1\n", 1, "l:\n- a\nm: 1\n", id="the last, not set in"),
    pytest.param("l:\n  - a\nm: 1\n", 0, "l: []\nm: 1\n", id="the only one"),
    pytest.param("l:  # why\n  - a\nm: 1\n", 0, "l: []  # why\nm: 1\n", id="the only one, a comment behind"),
    pytest.param(
        "l:\n  # of a\n  - a: 1\n    # in a\n  # of b\n  - b: 1\n",
        0,
        "l:\n  # of b\n  - b: 1\n",
        id="its comments",
    ),
    pytest.param("l:\n  - a\n\n  - b\n\n  - c\n", 1, "l:\n  - a\n\n  - c\n", id="one blank line"),
    pytest.param("l:\r\n  - a\r\n  - b\r\n", 1, "l:\r\n  - a\r\n", id="CRLF"),
    pytest.param("l:\n  -\n    n: 1\n  -\n    n: 2\n", 0, "l:\n  -\n    n: 2\n", id="dash on its own line"),
    pytest.param("l: [a, b, c]  # x\n", 1, "l: [a, c]  # x\n", id="in brackets"),
    pytest.param("l: [a, b]\n", 1, "l: [a]\n", id="the last in brackets"),
    pytest.param("l: [ a ]\n", 0, "l: []\n", id="the only one in brackets"),
    pytest.param("l: [{n: 1, o: 2}, {n: 2}]\n", 0, "l: [{n: 2}]\n", id="braces in brackets"),
    pytest.param("l: [a,\n  b]\n", 0, None, id="brackets on two lines"),
    pytest.param("l: &l\n  - a\n", 0, None, id="the only one, an anchor"),
    pytest.param("l: &l\n  - a\n  - b\nm: *l\n", 0, None, id="an anchor that another place uses"),
    pytest.param("l:\n  - &x a\n  - *x\n", 0, None, id="an anchor inside that is used"),
    pytest.param("l:\n  - - a\n    - b\n  - c\n", 0, "l:\n  - c\n", id="a list in a list"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "index", "wanted"), ITEMS)
def test_an_item_goes(text: str, index: int, wanted: str | None) -> None:
    def done() -> str:
        return cut.item(Yaml(text, "f.yaml"), ("l",), index)

    if wanted is None:
        with pytest.raises(RefusedError, match="cannot be edited safely"):
            done()
        return
    assert done() == wanted


ENTRIES = [
    pytest.param("a: 1\nb: 2\nc: 3\n", (), "b", "a: 1\nc: 3\n", id="between"),
    pytest.param(
        "a: 1\n# of b\nb:\n  c: |\n    x\n\n# of d\nd: 1\n", (), "b", "a: 1\n\n# of d\nd: 1\n", id="comment"
    ),
    pytest.param("a: 1\n\nb: 2\n\nc: 3\n", (), "b", "a: 1\n\nc: 3\n", id="one blank line"),
    pytest.param("a: 1\n\nb: 2\n", (), "b", "a: 1\n", id="no blank line at the end"),
    pytest.param("a:\n  b: 1\nc: 2\n", ("a",), "b", "a: {}\nc: 2\n", id="the only one"),
    pytest.param("a: {b: 1, c: 2}\n", ("a",), "b", "a: {c: 2}\n", id="in braces"),
    pytest.param("a: 1\n", (), "b", None, id="not there"),
    pytest.param("a: &x 1\nb: *x\n", (), "a", None, id="an anchor that is used"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "name", "wanted"), ENTRIES)
def test_an_entry_goes(text: str, path: tuple[str, ...], name: str, wanted: str | None) -> None:
    if wanted is None:
        with pytest.raises(RefusedError):
            cut.entry(Yaml(text, "f.yaml"), path, name)
        return
    assert cut.entry(Yaml(text, "f.yaml"), path, name) == wanted


DOCUMENTS = [
    pytest.param("# of a\na: 1\n---\nb: 1\n", 0, "b: 1\n", id="the first without a mark"),
    pytest.param("---\na: 1\n---\nb: 1\n", 0, "---\nb: 1\n", id="the first with a mark"),
    pytest.param("a: 1\n---\n# of b\nb: {{ .x }}\n---\nc: 1\n", 1, "a: 1\n---\nc: 1\n", id="between"),
    pytest.param("a: 1\n---\nb: 1\n", 1, "a: 1\n", id="the last"),
    pytest.param("a: 1\n", 0, None, id="the only one"),
    pytest.param("# head\n---\na: 1\n", 0, None, id="only a comment is left"),
    pytest.param(
        "a: 1\n---\n{{- if .x }}\nb: 1\n{{- end }}\n---\nc: 1\n", 1, "a: 1\n---\nc: 1\n", id="a block in it"
    ),
    pytest.param("{{- if .x }}\na: 1\n---\nb: 1\n{{- end }}\n", 0, "refused", id="a block begins in it"),
    pytest.param("{{- range .x }}\n---\na: 1\n{{- end }}\n", 0, "refused", id="a block ends in it"),
    pytest.param("a: 1\r\n---\r\nb: 1\r\n", 0, "b: 1\r\n", id="CRLF"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number", "wanted"), DOCUMENTS)
def test_a_document_goes(text: str, number: int, wanted: str | None) -> None:
    if wanted == "refused":
        with pytest.raises(RefusedError, match="a block of the template"):
            cut.document(text, "t.yaml", number)
        return
    assert cut.document(text, "t.yaml", number) == wanted


def _less(before: str, after: str) -> bool:
    """Return whether `after` is `before` with lines taken out, byte for byte; one may get ``{}``."""
    rest = iter(lines_of(before))
    return all(any(line == other or _emptied(line, other) for other in rest) for line in lines_of(after))


def _emptied(line: str, other: str) -> bool:
    return any(line.replace(f" {empty}", "", 1) == other for empty in ("[]", "{}"))


@settings(max_examples=120)
@given(_files(), st.data())
def test_whatever_the_file_an_entry_that_goes_takes_nothing_along(text: str, data: st.DataObject) -> None:
    before = load(text, "f.yaml")[0]
    name = data.draw(st.sampled_from(sorted(before)))
    assume(len(before) > 1)
    try:
        after = cut.entry(Yaml(text, "f.yaml"), (), name)
    except RefusedError as refused:
        assert refused.rule == "cannot-edit"
        # A block text at the end of the file may take a blank line of what goes.
        assert "|" in text or ">" in text or not text.endswith("\n")
        return
    assert load(after, "f.yaml")[0] == {key: value for key, value in before.items() if key != name}
    assert _less(text, after)


@settings(max_examples=120)
@given(_files(), st.data())
def test_whatever_the_file_an_item_that_goes_takes_nothing_along(text: str, data: st.DataObject) -> None:
    before = load(text, "f.yaml")[0]
    lists = [key for key, value in before.items() if isinstance(value, list) and value]
    assume(lists)
    index = data.draw(st.integers(0, len(before[lists[0]]) - 1))
    try:
        after = cut.item(Yaml(text, "f.yaml"), (lists[0],), index)
    except RefusedError as refused:
        assert refused.rule == "cannot-edit"
        assert not text.endswith("\n") or "|" in text or ">" in text
        return
    left = [each for n, each in enumerate(before[lists[0]]) if n != index]
    assert load(after, "f.yaml")[0] == {**before, lists[0]: left}
    in_brackets = len(lines_of(after)) == len(lines_of(text))
    assert in_brackets or _less(text, after)


# A list of topics as people write it, and one setting of one of them changed.


@st.composite
def _topics(draw: st.DrawFn) -> tuple[str, list[str]]:
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    names = draw(st.lists(_keys, min_size=1, max_size=4, unique=True))
    shift, dash = draw(st.sampled_from([0, 2, 3])), draw(st.sampled_from(["- ", "-   "]))
    lines = draw(st.sampled_from([[], ["# head", ""], ["other: &anchor {a: 1}  # c", "more: *anchor"]]))
    lines = [*lines, "topics:" + draw(st.sampled_from(["", "  # all", "   "]))]
    for name in names:
        if comment := draw(st.sampled_from(["", "# of it", "# -- about: x"])):
            lines.append(" " * draw(st.sampled_from([shift, shift + 4])) + comment)
        if draw(st.integers(0, 4)) == 0:
            lines.append("")
        quote = draw(st.sampled_from(["", "'", '"']))
        behind = draw(st.sampled_from(["", "  # two weeks", " # why", "   # 14 days "]))
        body = [
            f"name: {quote}x-{name}{quote}",
            f"partitions:{draw(st.sampled_from([' ', '   ']))}3",
            f"retention: {quote}1209600000{quote}{behind}",
        ]
        if draw(st.booleans()):
            body.append("config: {a.b: 1}")
        if draw(st.booleans()):
            lines.append(
                " " * shift + "- {" + ", ".join(line.partition(" #")[0].rstrip() for line in body) + "}"
            )
        else:
            lines += [
                " " * shift + (dash if not n else " " * len(dash)) + line for n, line in enumerate(body)
            ]
    lines += draw(st.sampled_from([[], ["", "after: |", "  - name: x-a", "    partitions: 3"]]))
    return newline.join([*lines, ""]), [f"x-{name}" for name in names]


@settings(max_examples=120)
@given(_topics(), st.data())
def test_a_setting_changes_one_line_and_of_that_only_the_value(
    made: tuple[str, list[str]], data: st.DataObject
) -> None:
    text, names = made
    name = data.draw(st.sampled_from(names))
    files = {"f/values-e.yaml": text}
    found = there.places(files, "f", name, name, ("e",))
    assert found == [Place("f/values-e.yaml", ("topics", str(names.index(name))))]
    field, value, setting = data.draw(
        st.sampled_from(
            [
                ("partitions", 6, Setting("partitions", "3", "6")),
                ("retention", 604800000, Setting("retention.ms", "1209600000", "604800000", "7 days")),
            ]
        )
    )
    before = load(text, "f")[0]

    def makes(edits: dict[str, str]) -> bool:
        entry = load(edits["f/values-e.yaml"], "f")[0]["topics"][names.index(name)]
        return str(entry[field]) == str(value)

    after = there.change(files, "f", "e", found, setting, makes)["f/values-e.yaml"]
    old, new = lines_of(text), lines_of(after)
    assert len(old) == len(new)
    (line,) = [n for n, each in enumerate(old) if new[n] != each]
    head = old[line].split(before["topics"][names.index(name)]["name"])[0]
    assert new[line].startswith(
        head if "{" in head else new[line][: len(new[line]) - len(new[line].lstrip())]
    )
    wanted = load(text, "f")[0]
    kept = wanted["topics"][names.index(name)][field]
    wanted["topics"][names.index(name)][field] = str(value) if isinstance(kept, str) else value
    assert load(after, "f")[0] == wanted
    assert ("two weeks" not in new[line] and "14 days" not in new[line]) or field == "partitions"


@settings(max_examples=120)
@given(_topics(), st.data())
def test_a_topic_that_goes_takes_only_its_own_lines(made: tuple[str, list[str]], data: st.DataObject) -> None:
    text, names = made
    name = data.draw(st.sampled_from(names))
    files = {"f/values-e.yaml": text}
    after = there.without(files, there.places(files, "f", name, name, ("e",)))["f/values-e.yaml"]
    assert after is not None
    wanted = load(text, "f")[0]
    del wanted["topics"][names.index(name)]
    assert load(after, "f")[0] == wanted
    assert _less(text, after)


# A template with several users, each with its own way of writing.


@st.composite
def _templates(draw: st.DrawFn) -> tuple[str, list[str]]:
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    names = draw(st.lists(_keys, min_size=2, max_size=4, unique=True))
    pieces = []
    for name in names:
        odd = " " * draw(st.sampled_from([0, 2]))
        acl = draw(
            st.sampled_from(
                [
                    [
                        f"{odd}- resource: {{type: topic, name: t, patternType: literal}}",
                        f"{odd}  operations: [Read, Write]",
                    ],
                    [
                        f"{odd}- resource:",
                        f"{odd}    type: topic",
                        f"{odd}    name: t",
                        f"{odd}  operations:",
                        f"{odd}    - Read",
                        f"{odd}    - Write",
                    ],
                ]
            )
        )
        pieces.append(
            [
                *draw(st.sampled_from([[], ["# It reads."], ["{{- /* a note */}}"]])),
                "kind: KafkaUser",
                "metadata:",
                f"  name: u-{name}" + draw(st.sampled_from(["", "  # its name"])),
                *draw(st.sampled_from([[], ["  labels:", "    a: {{ .Values.a | quote }}"]])),
                "spec:",
                "  authorization:",
                "    acls:",
                *draw(st.sampled_from([[], ["      {{- if .Values.b }}", "      # c", "      {{- end }}"]])),
                *(f"    {line}" for line in acl),
                f"    {odd}- resource: {{type: group, name: g}}",
                f"    {odd}  operations: [Read]",
            ]
        )  # fmt: skip
    lines = [line for n, piece in enumerate(pieces) for line in (["---"] if n else []) + piece]
    return newline.join([*lines, ""]), [f"u-{name}" for name in names]


@settings(max_examples=80)
@given(_templates(), st.data())
def test_a_right_that_goes_leaves_every_other_line(made: tuple[str, list[str]], data: st.DataObject) -> None:
    text, names = made
    number = data.draw(st.integers(0, len(names) - 1))
    both = [Rule("topic", "t", ("write",)), Rule("topic", "t", ("read", "write"))]
    rule = data.draw(st.sampled_from([*both, Rule("group", "g", ("read",))]))
    path, found = users.where({"f/charts/c/templates/u.yaml": text}, "f", names[number]) or ("", -1)
    assert found == number
    after = users.take_acl(text, path, number, rule)
    in_brackets = [line for line in lines_of(after) if line not in lines_of(text)]
    assert len(in_brackets) <= 1
    kept = [each for n, each in enumerate(load(text, "t", template=True)) if n != number]
    assert [each for n, each in enumerate(load(after, "t", template=True)) if n != number] == kept
    granted = users.add_acls(after, path, number, [Rule("topic", "new", ("read",), prefix=True)])
    assert _less(granted, after)


@settings(max_examples=80)
@given(_templates(), st.data())
def test_a_user_that_goes_leaves_every_other_line(made: tuple[str, list[str]], data: st.DataObject) -> None:
    text, names = made
    number = data.draw(st.integers(0, len(names) - 1))
    after = cut.document(text, "t.yaml", number)
    assert after is not None
    assert _less(text, after)
    kept = [each for n, each in enumerate(load(text, "t", template=True)) if n != number]
    assert load(after, "t", template=True) == kept
