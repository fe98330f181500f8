"""Rendering in process: what Argo CD would get, and errors that name the file and the line."""

from pathlib import Path
from textwrap import dedent

import pytest

from prompt_kafka.clients import helm
from prompt_kafka.clients.documents import DocumentError
from prompt_kafka.clients.helm import Dependency, Rendered, RenderError

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  value: {value}\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return folder


def chart(folder: Path, files: dict[str, str], more: str = "") -> Path:
    about = f"apiVersion: v2\nname: {folder.name}\nversion: 1.0.0\n{dedent(more)}"
    return write(folder, {"Chart.yaml": about} | files)


def render(path: Path, *value_files: Path, **options) -> Rendered:
    options = {"parameters": {}} | options
    return helm.render(path, release="kafka", namespace="here", value_files=value_files, **options)


def test_resources_carry_their_place(tmp_path):
    text = "# first\n" + OBJECT.format(name="one", value=1) + "---\n" + OBJECT.format(name="two", value=2)
    found = render(chart(tmp_path / "c", {"templates/all.yaml": text}))
    assert [(each.kind, each.name) for each in found.resources] == [
        ("ConfigMap", "one"),
        ("ConfigMap", "two"),
    ]
    assert [(each.source.template, each.source.line) for each in found.resources] == [
        ("templates/all.yaml", 2),
        ("templates/all.yaml", 9),
    ]
    assert found.texts["templates/all.yaml"] == text


def test_release_and_namespace_reach_the_templates(tmp_path):
    text = OBJECT.format(name="{{ .Release.Name }}", value="{{ .Release.Namespace }}")
    (only,) = render(chart(tmp_path / "c", {"templates/a.yaml": text})).resources
    assert (only.name, only.manifest["data"]["value"]) == ("kafka", "here")


def test_later_files_win_then_values_then_parameters(tmp_path):
    files = {
        "values.yaml": "a: chart\nb: chart\nc: chart\nd: chart\ne: {x: 1, y: 1}\nf: [1, 2]\ng: gone\n",
        "one.yaml": "b: one\nc: one\nd: one\ne: {x: 2}\nf: [3]\ng: null\n",
        "two.yaml": "c: two\nd: two\n",
        "templates/a.yaml": OBJECT.format(name="x", value="{{ .Values | toJson | quote }}"),
    }
    path = chart(tmp_path / "c", files)
    found = render(
        path,
        path / "one.yaml",
        path / "two.yaml",
        values={"d": "inline", "e": {"y": 2}},
        parameters={"h.i": "p"},
    )
    text = found.resources[0].manifest["data"]["value"]
    for part in (
        '"a":"chart"',
        '"b":"one"',
        '"c":"two"',
        '"d":"inline"',
        '"x":2',
        '"y":2',
        '"f":[3]',
        '"i":"p"',
    ):
        assert part in text
    assert '"g"' not in text, "an explicit null removes a default"


@pytest.mark.parametrize(
    ("parameters", "values"),
    [
        ({"a.b": "https://x/?a=b,c"}, {"a": {"b": "https://x/?a=b,c"}}),
        ({"a": "true", "b": "12", "c": "007"}, {"a": True, "b": 12, "c": "007"}),
        ({"a": r"x\,y"}, {"a": "x,y"}),
        ({"a": ""}, {"a": ""}),
        ({}, {}),
    ],
)
def test_parameters_are_read_as_argo_cd_passes_them(parameters, values):
    assert helm.set_values(parameters) == values


def test_string_parameters_stay_text():
    assert helm.set_values({"a": "true", "b": "12"}, strings=True) == {"a": "true", "b": "12"}


def test_a_render_leaves_nothing_for_the_next_one(tmp_path):
    parent = chart(
        tmp_path / "c",
        {"values.yaml": "sub:\n  enabled: true\n", "templates/a.yaml": OBJECT.format(name="a", value=1)},
        more="dependencies:\n  - {name: sub, version: 1.0.0, condition: sub.enabled}\n",
    )
    chart(parent / "charts/sub", {"templates/b.yaml": OBJECT.format(name="b", value=1)})
    off = {"sub": {"enabled": False}}
    counts = [len(render(parent, values=values).resources) for values in (None, off, None)]
    assert counts == [2, 1, 2]


def test_numbers_are_numbers_again(tmp_path):
    text = OBJECT.format(name="x", value="{{ .Values.big }}") + "  flag: y\n  float: 1e+06\n"
    path = chart(tmp_path / "c", {"values.yaml": "big: 1209600000\n", "templates/a.yaml": text})
    (only,) = render(path, path / "values.yaml").resources
    assert only.manifest["data"] == {"value": 1209600000, "flag": True, "float": 1000000}


def test_lists_are_taken_apart_and_notes_left_out(tmp_path):
    items = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        f"- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}\n" for name in "ab"
    )
    files = {"templates/list.yaml": items, "templates/NOTES.txt": "Thank you", "templates/_x.tpl": "x"}
    assert [each.name for each in render(chart(tmp_path / "c", files)).resources] == ["a", "b"]


def test_definitions_come_along_unless_left_out(tmp_path):
    path = chart(tmp_path / "c", {"crds/x.yaml": OBJECT.format(name="definition", value=1)})
    (only,) = render(path).resources
    assert only.source.template == "crds/x.yaml"
    assert render(path, crds=False).resources == ()


def test_remote_dependencies_that_are_absent_are_named(tmp_path):
    dependencies = """
        dependencies:
          - {name: operator, version: 0.51.0, repository: "@strimzi"}
          - {name: off, version: 2.0.0, repository: "@strimzi", condition: off.enabled}
          - {name: here, version: 3.0.0, repository: "@strimzi"}
    """
    path = chart(tmp_path / "c", {"values.yaml": "off: {enabled: false}\n"}, dependencies)
    chart(path / "charts/here", {})
    assert render(path).skipped_dependencies == (Dependency("operator", "0.51.0", "@strimzi"),)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: {{ .Values.x.y.z }}\n", 2, "nil pointer"),
        ("\n\na: {{ nonsense }}\n", 3, "nonsense"),
        ('a: {{ required "x must be set" .Values.x }}\n', 1, "x must be set"),
        ("a: {{ if }}\n", 1, "missing value"),
        ('a: 1\n\nb: {{ fail "no" }}\n', 3, "no"),
    ],
)
def test_a_template_that_fails_is_named_with_its_line(tmp_path, text, line, says):
    path = chart(tmp_path / "c", {"templates/a.yaml": text})
    with pytest.raises(RenderError, match=says) as caught:
        render(path)
    assert caught.value.where == f"{path / 'templates/a.yaml'}:{line}"
    assert "\n" not in caught.value.what


def test_the_innermost_place_is_named_and_who_called_it(tmp_path):
    helper = '{{ define "part" }}\n{{ .Values.a.b.c }}\n{{ end }}\n'
    path = chart(
        tmp_path / "c", {"templates/_part.tpl": helper, "templates/a.yaml": '\n\na: {{ include "part" . }}\n'}
    )
    with pytest.raises(RenderError) as caught:
        render(path)
    assert caught.value.where == f"{path / 'templates/_part.tpl'}:2 (called from templates/a.yaml:3)"


def test_a_fault_in_a_subchart_is_named_where_it_lies(tmp_path):
    path = chart(tmp_path / "c", {}, more="dependencies:\n  - {name: sub, version: 1.0.0}\n")
    sub = chart(path / "charts/sub", {"templates/b.yaml": "a: {{ .Values.q.r.s }}\n"})
    with pytest.raises(RenderError) as caught:
        render(path)
    assert caught.value.where == f"{sub / 'templates/b.yaml'}:1"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (OBJECT.format(name="x", value="[") + "---\n", 6),
        ("apiVersion: v1\nkind: ConfigMap\n", 1),
        ("\njust text\n", 2),
        (OBJECT.format(name="x", value=1) + "---\n- a\n", 8),
    ],
)
def test_a_template_that_renders_no_object_is_named_with_the_rendered_line(tmp_path, text, line):
    path = chart(tmp_path / "c", {"templates/a.yaml": text})
    with pytest.raises(RenderError) as caught:
        render(path)
    assert caught.value.where == f"{path / 'templates/a.yaml'}, line {line} of the rendered text"


def test_a_missing_default_of_an_absent_dependency_is_suspected(tmp_path):
    more = 'dependencies:\n  - {name: connect, version: 2.4.1, repository: "@x"}\n'
    path = chart(
        tmp_path / "c", {"templates/a.yaml": OBJECT.format(name="{{ .Values.connect }}", value=1)}, more
    )
    with pytest.raises(RenderError) as caught:
        render(path)
    assert "connect 2.4.1 is absent" in str(caught.value.next)


def test_a_missing_values_file_is_named(tmp_path):
    path = chart(tmp_path / "c", {})
    with pytest.raises(DocumentError, match=r"values-lab\.yaml does not exist"):
        render(path, path / "values-lab.yaml")


def test_a_values_file_that_is_not_yaml_is_named_with_its_line(tmp_path):
    path = chart(tmp_path / "c", {"values-lab.yaml": "a: 1\nb: {\n"})
    with pytest.raises(DocumentError) as caught:
        render(path, path / "values-lab.yaml")
    assert str(caught.value.where).startswith(f"{path / 'values-lab.yaml'}:")


def test_defaults_that_are_not_yaml_are_named(tmp_path):
    path = chart(tmp_path / "c", {"values.yaml": "a: [\n"})
    with pytest.raises(RenderError, match=r"values\.yaml") as caught:
        render(path)
    assert caught.value.where == str(path)


def test_a_folder_without_a_chart_is_an_error(tmp_path):
    with pytest.raises(DocumentError, match=r"Chart\.yaml does not exist"):
        render(tmp_path)


def test_the_one_that_is_not_there(tmp_path):
    found = render(chart(tmp_path / "c", {"templates/a.yaml": OBJECT.format(name="x", value=1)}))
    assert found.one("ConfigMap", "x").name == "x"
    with pytest.raises(RenderError, match="no ConfigMap named y"):
        found.one("ConfigMap", "y")
