"""The versions that a lab is asked for are commits in its Git: argued with by a commit, too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prompt_kafka.clients.gitops import Repository, shipped
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab import forced, git
from prompt_kafka.lab.settings import LabSettings


def _settings(**versions: str) -> LabSettings:
    return LabSettings("t", "127.99", 1, 2, **versions)


def _laid_out(bare: Path, target: Path) -> Repository:
    target.mkdir()
    git.export(bare, git.resolve(bare, "main"), target)
    return Repository(target)


def test_both_versions_are_in_git_and_everything_else_is_as_it_was(tmp_path: Path) -> None:
    settings = _settings(kafka_version="4.0.0", strimzi_version="0.50.1")
    edits = forced.edits(shipped(), settings, print)
    assert sorted(edits) == ["applications/prompt-kafka/values-lab.yaml", forced.CHART]
    for path, text in edits.items():
        before = (shipped() / path).read_text().splitlines()
        changed = [line for line in text.splitlines() if line not in before]
        assert len(changed) == 1, changed
        assert len(text.splitlines()) == len(before)
    bare = tmp_path / "lab.git"
    git.seed(shipped(), bare, edits=edits)
    tree = _laid_out(bare, tmp_path / "tree")
    assert [each.version for each in tree.chart_dependencies("strimzi")] == ["0.50.1"]
    application = tree.app_of_apps("lab", "file:///x", "main").one("Application", "prompt-kafka").manifest
    (kafka,) = tree.render_application(application).of("Kafka")
    assert kafka.manifest["spec"]["kafka"]["version"] == "4.0.0"


def test_a_second_seed_with_the_same_versions_leaves_git_alone(tmp_path: Path) -> None:
    bare, said = tmp_path / "lab.git", list[str]()
    for _ in range(2):
        edits = forced.edits(shipped(), _settings(strimzi_version="0.50.1"), said.append)
        git.seed(shipped(), bare, edits=edits, say=said.append)
    assert git.git("rev-list", "--count", "main", directory=bare) == "1"
    assert any("operator 0.50.1 is put into the lab's Git" in line for line in said)


def test_a_tree_without_the_operator_is_refused(tmp_path: Path) -> None:
    tree = Path(shutil.copytree(shipped(), tmp_path / "tree"))
    (tree / forced.CHART).unlink()
    with pytest.raises(UsageError, match=r"has no applications/strimzi/Chart\.yaml"):
        forced.edits(tree, _settings(strimzi_version="0.50.1"), print)
