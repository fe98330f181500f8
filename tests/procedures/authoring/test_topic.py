"""The whole change on the shipped charts, and on the real ones where a checkout is at hand."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from prompt_kafka.clients.gitops import shipped
from prompt_kafka.core.request import Grant
from prompt_kafka.procedures.authoring import readme
from prompt_kafka.procedures.authoring.readme import Row
from prompt_kafka.procedures.authoring.subchart import Topic
from prompt_kafka.procedures.authoring.topic import Wanted, author
from prompt_kafka.procedures.authoring.tree import lines_of
from tests.deploy import readmes
from tests.topics import FOLDER, shipped_files

TOPIC = Topic("alerts", "alerts", 3, 3, 2, 1_209_600_000, "14 days", min_asked=False)
GRANTS = (Grant("alert-reader", ("read",)), Grant("prompt-processing", ("write",)))


def _wanted(subchart: str, environment: str = "lab", grants: tuple[Grant, ...] = GRANTS) -> Wanted:
    return Wanted(
        FOLDER, subchart, f"Topics and users of {subchart}", TOPIC, "prompt-kafka", grants, (environment,)
    )


@pytest.mark.parametrize("subchart", ["alerts", "butler-writer", "prompt-publication"])
def test_every_line_that_was_there_is_there(subchart: str) -> None:
    edits = author(shipped_files(), _wanted(subchart))
    for path, text in edits.items():
        rest = iter(lines_of(text))
        missing = [
            line for line in lines_of(shipped_files().get(path, "")) if not any(line == x for x in rest)
        ]
        assert missing == [], path


@pytest.mark.parametrize("subchart", ["alerts", "butler-writer", "prompt-publication"])
def test_done_twice_it_changes_nothing_more(subchart: str) -> None:
    edits = author(shipped_files(), _wanted(subchart))
    assert author({**shipped_files(), **edits}, _wanted(subchart)) == {}


@pytest.mark.parametrize("subchart", ["alerts", "butler-writer", "prompt-publication"])
def test_the_readmes_are_what_the_values_say(subchart: str, tmp_path: Path) -> None:
    tree = Path(shutil.copytree(shipped(), tmp_path / "deploy"))
    for path, text in author(shipped_files(), _wanted(subchart)).items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    for chart in readmes.charts(tree / FOLDER):
        assert (chart / "README.md").read_text() == readmes.readme(chart), chart


def test_two_topics_in_one_new_subchart() -> None:
    edits = author(shipped_files(), _wanted("alerts"))
    second = Topic("alerts-2", "alerts-2", 1, 3, 2, -1, "for ever", min_asked=False)
    wanted = Wanted(FOLDER, "alerts", "x", second, "prompt-kafka", (), ("lab",))
    again = author({**shipped_files(), **edits}, wanted)
    assert list(again) == [f"{FOLDER}/charts/alerts/values.yaml"]
    assert again[f"{FOLDER}/charts/alerts/values.yaml"].endswith(
        "  - name: alerts-2\n    partitions: 1\n    replicas: 3\n    minInsyncReplicas: 2\n"
        "    retention: -1\n"
    )


def test_a_readme_in_two_parts_keeps_them() -> None:
    """As helm-docs writes it: a chart's own settings first, then those of its subcharts."""
    head = f"# a\n\n## Values\n\n{readme.HEAD}\n{readme.RULE}\n"
    rows = [Row(key, "int", "`1`", "x") for key in ("b.enabled", "z", "b.y", "c.y")]
    text = head + "".join(f"{row}\n" for row in rows) + "\nfoot\n"
    done = readme.with_rows(
        text, [Row("c.enabled", "bool", "`false`", "x")], [Row("bb.y", "int", "`1`", "x")]
    )
    assert readme.keys(done) == ["b.enabled", "c.enabled", "z", "b.y", "bb.y", "c.y"]
    assert done.startswith(head) and done.endswith("\n\nfoot\n")
    assert readme.with_rows("# no table\n", [rows[0]]) == "# no table\n"


@pytest.mark.phalanx
@pytest.mark.parametrize("subchart", ["alerts", "butler-writer", "prompt-publication"])
def test_the_real_charts_can_be_edited(subchart: str) -> None:
    root = Path(os.environ["PHALANX_CHECKOUT"])
    paths = [path for path in (root / FOLDER).rglob("*") if path.is_file()]
    files = {str(path.relative_to(root)): path.read_text() for path in paths}
    grants = (Grant("alert-reader", ("read",)), Grant("butler-writer", ("write",)))
    wanted = _wanted(subchart, "usdfdev-prompt-processing", grants)
    edits = author(files, wanted)
    for path, text in edits.items():
        rest = iter(lines_of(text))
        assert all(any(line == x for x in rest) for line in lines_of(files.get(path, ""))), path
    assert author({**files, **edits}, wanted) == {}
