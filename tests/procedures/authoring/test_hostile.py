"""Broken and hostile files of a chart: one refusal with file and line, at once, and never half an edit."""

from __future__ import annotations

import pytest

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.request import Grant
from prompt_kafka.procedures.authoring.subchart import Topic
from prompt_kafka.procedures.authoring.topic import Wanted, author
from tests.topics import FOLDER, shipped_files

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
)
TOPIC = Topic("alerts", "alerts", 3, 3, 2, 1_209_600_000, "14 days", min_asked=False)
WANTED = Wanted(
    FOLDER, "alerts", "Alerts", TOPIC, "prompt-kafka", (Grant("alert-reader", ("read",)),), ("lab",)
)


@pytest.mark.parametrize("file", ["values-lab.yaml", "secrets.yaml", "Chart.yaml", "values.yaml"])
@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param("a: 1\n\tb: 2\n", 2, "it is not YAML", id="tab"),
        pytest.param(
            "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", 2, "a conflict of a merge", id="conflict"
        ),
        pytest.param(BOMB, 6, "its aliases multiply", id="bomb"),
        pytest.param("a: 1\n" + "# filler\n" * 1_200_000, 0, "it has 10.3 MiB", id="10 MB"),
        pytest.param("a: 1\nb: [\n", 3, "it is not YAML", id="unfinished"),
        pytest.param("a: \x01\n", 0, "it is not YAML", id="a control character"),
        pytest.param("[" * 5000, 0, "it is not YAML", id="deep"),
        pytest.param("- a\n- b\n", 1, "", id="a list"),
    ],
)
def test_one_refusal_with_its_place(file: str, text: str, line: int, said: str) -> None:
    with pytest.raises(RefusedError) as refused:
        author({**shipped_files(), f"{FOLDER}/{file}": text}, WANTED)
    assert refused.value.rule == "cannot-edit"
    assert said in refused.value.what
    where = refused.value.where or ""
    assert f"{FOLDER}/{file}" in where
    assert not line or where.endswith((f":{line}", file))


def test_a_key_that_is_there_twice_is_named() -> None:
    text = "alerts:\n  enabled: false\nalerts:\n  enabled: false\n"
    with pytest.raises(RefusedError, match="twice"):
        author({**shipped_files(), f"{FOLDER}/values-lab.yaml": text}, WANTED)


def test_carriage_returns_stay() -> None:
    file = f"{FOLDER}/values-lab.yaml"
    text = shipped_files()[file].replace("\n", "\r\n")
    edited = author({**shipped_files(), file: text}, WANTED)[file]
    assert edited is not None and edited.startswith(text.rstrip("\r\n"))
    assert edited.count("\n") == edited.count("\r\n")
