"""Broken and hostile files: one clear error with file and line, soon, and nothing hangs or dies."""

from __future__ import annotations

import pytest

from prompt_kafka import checking
from tests.checks.trees import TOPIC, tree

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
)
VALUES, TEMPLATE = "applications/app/values.yaml", "applications/app/templates/topic.yaml"


@pytest.fixture
def repository(tmp_path, own_cache):
    return tree(tmp_path / "repository")


def found(repository, **more):
    return [
        (str(each.finding.severity), str(each.finding.where), each.finding.what)
        for each in checking.check(repository, **more).found
    ]


def test_as_it_is_it_is_clean(repository):
    assert found(repository) == []


@pytest.mark.parametrize(
    ("file", "content", "place", "said"),
    [
        (VALUES, b"partitions: 1\nretention: \xff\n", f"{VALUES}:2", "not UTF-8 (byte 0xff)"),
        (VALUES, b"partitions: 1\n\tretention: 1\n", f"{VALUES}:2", "this is not YAML"),
        (
            VALUES,
            b"a: 1\n<<<<<<< HEAD\npartitions: 1\n=======\npartitions: 2\n>>>>>>> x\n",
            f"{VALUES}:2",
            "a conflict of a merge is not resolved",
        ),
        (VALUES, b"partitions: 1\n" + b"# filler\n" * 1_200_000, VALUES, "it has 10.3 MiB"),
        (VALUES, BOMB.encode(), VALUES, "excessive aliasing"),
        (VALUES, b"- a\n- b\n", VALUES, "not a YAML mapping"),
        (TEMPLATE, b"{{ if }}\n", f"{TEMPLATE}:1", "does not render"),
        (TEMPLATE, b"a: b: c\n", TEMPLATE, "not a Kubernetes object"),
        (TEMPLATE, b'{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}', TEMPLATE, "render"),
        ("environments/values-prod.yaml", b"name: [\n", "environments/values-prod.yaml:", "this is not YAML"),
    ],
)
def test_one_error_with_its_place(repository, file, content, place, said):
    (repository / file).write_bytes(content)
    ((severity, where, what),) = found(repository)
    assert severity == "error"
    assert where.startswith(place)
    assert said in what


def test_a_link_that_leads_out_is_named_and_not_followed(repository, tmp_path):
    outside = tmp_path / "secret.yaml"
    outside.write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n")
    (repository / "applications/app/templates/link.yaml").symlink_to(outside)
    ((severity, where, what),) = found(repository)
    assert (severity, where) == ("error", "applications/app/templates/link.yaml")
    assert "leads out of the repository" in what


def test_a_template_that_does_not_end_is_stopped(repository):
    loop = "{{ range $i := until 2000000000 }}{{ range $j := until 2000000000 }}{{ end }}{{ end }}\n"
    (repository / TEMPLATE).write_text("{{- $x := list 1 }}" + loop + TOPIC)
    ((severity, where, what),) = found(repository, patience=3.0)
    assert (severity, where) == ("error", "applications/app")
    assert "rendering app does not work" in what


def test_repeated_keys_are_named_with_both_lines(repository):
    (repository / VALUES).write_text("partitions: 1\nretention: -1\npartitions: 2\n")
    ((severity, where, what),) = found(repository)
    assert (severity, where) == ("warning", f"{VALUES}:3")
    assert "lines 1 and 3" in what


def test_carriage_returns_are_no_trouble(repository):
    for file in (VALUES, TEMPLATE):
        text = (repository / file).read_text()
        (repository / file).write_bytes(text.replace("\n", "\r\n").encode())
    assert found(repository) == []
