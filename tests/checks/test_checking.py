"""The command around the rules: merging, baseline, edits, formats, exit codes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from prompt_kafka import checking
from prompt_kafka.cli.main import root
from tests.checks.trees import tree

VALUES = "applications/app/values.yaml"


@pytest.fixture
def repository(tmp_path, own_cache):
    return tree(tmp_path / "repository")


@pytest.fixture
def spoilt(repository):
    values = repository / VALUES
    values.write_text("# The topic.\npartitions: 1   # few\n\n\nretention: 14d  # two weeks\nunread: 1\n")
    return repository


def run(*words):
    return CliRunner().invoke(root, ["check", *map(str, words)], standalone_mode=False)


def test_findings_have_file_and_line_and_the_command_ends_with_1(spoilt):
    result = run(spoilt)
    assert result.return_value == 1
    assert f"{VALUES}:5  retention.ms is '14d'" in result.output
    assert f"{VALUES}:6  no template reads unread" in result.output
    assert "1 error, 1 warning, 0 infos" in result.output


def test_fix_changes_one_value_and_no_other_byte(spoilt):
    before = (spoilt / VALUES).read_text()
    assert "mended" in run(spoilt, "--fix").output
    assert (spoilt / VALUES).read_text() == before.replace("14d", "1209600000")
    assert run(spoilt).return_value == 0
    assert run(spoilt, "--exit-code").return_value == 3


def test_fix_adds_the_row_that_a_readme_lacks(repository):
    readme = repository / "applications/app/README.md"
    readme.write_text(
        "# app\n\n| Key | Type | Default | Description |\n|-----|------|---------|-------------|\n"
        "| retention | int | `-1` | How long. |\n\nThe end.\n"
    )
    (repository / VALUES).write_text("# -- How many\npartitions: 1\n\n# -- How long.\nretention: -1\n")
    before = readme.read_text()
    assert "mended" in run(repository, "--fix").output
    row = "| partitions | int | `1` | How many |\n"
    assert readme.read_text() == before.replace("| retention", f"{row}| retention")
    assert "README" not in run(repository).output


def test_a_baseline_accepts_what_is_there_and_nothing_new(spoilt, tmp_path):
    baseline = tmp_path / "known.json"
    assert "2 findings accepted" in run(spoilt, "--baseline", baseline, "--write-baseline").output
    result = run(spoilt, "--baseline", baseline, "--exit-code")
    assert (result.return_value, "2 accepted" in result.output) == (0, True)
    with (spoilt / VALUES).open("a") as file:
        file.write("another: 1\n")
    assert run(spoilt, "--baseline", baseline, "--exit-code").return_value == 3


def test_formats(spoilt):
    data = json.loads(run(spoilt, "-o", "json").output)
    assert {f["id"] for f in data["findings"]} == {"retention", "value-not-read"}
    assert data["checked"] == [{"environment": "prod", "application": "app"}]
    sarif = json.loads(run(spoilt, "-o", "sarif").output)
    (first, *_) = sarif["runs"][0]["results"]
    assert first["locations"][0]["physicalLocation"]["region"]["startLine"] == 5
    assert {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]} >= {"retention"}
    assert "## error" in run(spoilt, "-o", "markdown").output
    assert "findings:" in run(spoilt, "-o", "yaml").output


def test_unknown_names_are_said(spoilt):
    with pytest.raises(Exception, match="no environment nowhere"):
        checking.check(spoilt, ("nowhere",))
    with pytest.raises(Exception, match="no application nothing"):
        checking.check(spoilt, (), ("nothing",))


def test_a_value_is_read_through_every_way_of_reading(repository):
    (repository / VALUES).write_text(
        "partitions: 1\nretention: -1\n"
        "whole: {a: 1}\nranged: [{name: a}]\nwithed: {b: {c: 1}}\nguarded: {enabled: false, text: x}\n"
        "templated: '{{ .Values.inner }}'\ninner: 1\nindexed: {key-one: 1}\npassed: {d: 1}\nkept: {e: 1}\n"
        "only: {read: 1, unread: 1}\n"
        "common: &common\n  - x\nlist: *common\n"
    )
    (repository / "applications/app/templates/_helpers.tpl").write_text(
        '{{ define "h" }}{{ .given.d }}{{ .root.Values.kept.e }}{{ end }}\n'
    )
    (repository / "applications/app/templates/more.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n"
        "  whole: {{ toYaml .Values.whole | quote }}\n"
        "  {{- range $i, $one := .Values.ranged }}\n  r{{ $i }}: {{ $one.name }}\n  {{- end }}\n"
        '  {{- with .Values.withed }}\n  w: "{{ .b.c }}"\n  {{- end }}\n'
        "  {{- if .Values.guarded.enabled }}\n  g: {{ .Values.guarded.text }}\n  {{- end }}\n"
        '  t: "{{ tpl .Values.templated . }}"\n'
        '  i: "{{ index .Values.indexed "key-one" }}"\n'
        '  p: "{{ include "h" (dict "given" .Values.passed "root" $) }}"\n'
        '  l: {{ .Values.list | join "," }}\n  {{- $only := .Values.only }}\n  o: "{{ $only.read }}"\n'
    )
    unread = [f.finding.what for f in checking.check(repository).found if f.finding.id == "value-not-read"]
    assert unread == ["no template reads only.unread"]
