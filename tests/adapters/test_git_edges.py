"""What a person's Git can be like: one clear error each, nothing lost, their own files as they were."""
# ruff: noqa: F811  (fixtures of another module, by their names)

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prompt_kafka.adapters.git_command import GitError
from prompt_kafka.core.errors import PromptKafkaError, StoppedError
from tests.adapters.test_git import (  # noqa: F401
    FOLDER,
    _action,
    _everything,
    _push,
    _repository,
    _write,
    bare,
    checkout,
    git,
    home,
)

pytestmark = pytest.mark.usefixtures("home")

BRANCH = "tickets/prompt-kafka-x"
OWN = replace(_action(), branch=BRANCH, base="main")


def _hook(where: Path, name: str, said: str) -> None:
    hook = where / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    hook.chmod(0o755)


def _protected(bare: Path, checkout: Path) -> None:
    _hook(bare, "update", "GH006: Protected branch update failed for refs/heads/main.")


def _pre_commit(bare: Path, checkout: Path) -> None:
    _hook(checkout / ".git", "pre-commit", "yamllint: 3 errors")


def _pre_push(bare: Path, checkout: Path) -> None:
    _hook(checkout / ".git", "pre-push", "tests fail")


def _unsigned(bare: Path, checkout: Path) -> None:
    git(checkout, "config", "commit.gpgsign", "true")
    git(checkout, "config", "user.signingkey", "nobody")
    git(checkout, "config", "gpg.program", "/bin/false")


def _nameless(bare: Path, checkout: Path) -> None:
    (Path.home() / ".gitconfig").unlink()


def _theirs(bare: Path, checkout: Path) -> None:
    _push(bare, checkout.parent, {f"{FOLDER}/values.yaml": "a: 3\n"})


@pytest.mark.parametrize(
    ("breaks", "error", "said", "mend"),
    [
        (_protected, GitError, "the push to main was refused: GH006: Protected branch", "pull-request"),
        (
            _pre_commit,
            GitError,
            "a commit hook said no, or the commit failed: yamllint: 3 errors",
            "nothing was",
        ),
        (_pre_push, GitError, "the push to main was refused: tests fail", "hook"),
        (_unsigned, GitError, "the commit failed: error: gpg failed to sign the data", "nothing was pushed"),
        (_nameless, GitError, "Git does not know who you are", "git config --global"),
        (_theirs, StoppedError, "is not the one that the plan was made for", "plan again"),
    ],
)
def test_a_refusal_is_one_clear_error_and_touches_nothing(
    breaks: Callable[[Path, Path], None],
    error: type[PromptKafkaError],
    said: str,
    mend: str,
    bare: Path,
    checkout: Path,
) -> None:
    git(checkout, "checkout", "-q", "-b", "my-own-work")
    _write(checkout, {"notes.txt": "mine, not committed\n", "elsewhere.txt": "changed\n"})
    git(checkout, "add", "elsewhere.txt")
    breaks(bare, checkout)
    before, head = _everything(checkout), git(bare, "rev-parse", "main")
    repository = _repository(checkout)
    with pytest.raises(error) as raised:
        repository.commit(_action())
    assert said in raised.value.what.replace("\n", " ")
    assert "\n" not in raised.value.what
    assert mend in (raised.value.next or "")
    assert _everything(checkout) == before
    assert git(bare, "rev-parse", "main") == head
    assert not list((Path.home() / ".cache/prompt-kafka/git").glob("work-*"))


def test_after_it_is_mended_the_same_commit_goes_through(bare: Path, checkout: Path) -> None:
    _pre_commit(bare, checkout)
    with pytest.raises(GitError):
        _repository(checkout).commit(_action())
    (checkout / ".git/hooks/pre-commit").unlink()
    commit = _repository(checkout).commit(_action())
    assert git(bare, "rev-parse", "main") == commit


def test_a_branch_of_the_change_that_somebody_rewrote_is_not_overwritten(
    bare: Path,
    checkout: Path,
) -> None:
    """The name is the change's own, so something else on it is nobody's mistake to be pushed over."""
    _repository(bare).commit(OWN)
    git(checkout, "fetch", "-q")
    git(checkout, "checkout", "-q", "-b", BRANCH, "origin/main")
    _write(checkout, {f"{FOLDER}/values.yaml": "theirs: 1\n"})
    git(checkout, "commit", "-q", "-a", "-m", "theirs")
    git(checkout, "push", "-q", "-f", "origin", BRANCH)
    with pytest.raises(StoppedError, match="is not the one that the plan was made for") as stopped:
        _repository(bare).commit(replace(OWN, mark="run-2"))
    assert BRANCH in (stopped.value.where or "")
    assert git(bare, "show", f"{BRANCH}:{FOLDER}/values.yaml") == "theirs: 1"


def test_a_reviewers_commit_on_the_branch_stays(bare: Path, checkout: Path) -> None:
    commit = _repository(bare).commit(OWN)
    git(checkout, "fetch", "-q")
    git(checkout, "checkout", "-q", BRANCH)
    _write(checkout, {f"{FOLDER}/values.yaml": "a: 1\nb: 3\n"})
    git(checkout, "commit", "-q", "-a", "-m", "three is better")
    git(checkout, "push", "-q", "origin", BRANCH)
    assert _repository(bare).commit(OWN) == commit, "the run finds its own and adds nothing"
    assert git(bare, "show", f"{BRANCH}:{FOLDER}/values.yaml") == "a: 1\nb: 3"


def test_a_shallow_working_copy_is_looked_at_too(bare: Path, tmp_path: Path) -> None:
    _push(bare, tmp_path, {"elsewhere.txt": "y\n"})
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", bare.as_uri(), str(shallow)], check=True)
    assert _repository(shallow).look().unpushed == 0
    git(shallow, "commit", "-q", "--allow-empty", "-m", "mine")
    assert _repository(shallow).look().unpushed == 1


def test_a_linked_worktree_is_a_working_copy_too(bare: Path, checkout: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(checkout, "worktree", "add", "-q", "-b", "mine", str(linked))
    _write(linked, {"elsewhere.txt": "changed\n"})
    state = _repository(linked).look()
    assert (state.checkout, state.changed) == (str(linked), ("elsewhere.txt",))


def test_a_chart_that_is_no_text_is_named_and_not_taken_for_one_that_is_not_there(bare: Path) -> None:
    repository = _repository(bare)
    work = bare.parent / "theirs"
    git(bare.parent, "clone", "--quiet", str(bare), str(work))
    (work / FOLDER / "values.yaml").write_bytes(b"a: 1\nb: \xff\n")
    (work / FOLDER / "logo.png").write_bytes(b"\x89PNG\xff")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "-m", "x")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    with pytest.raises(PromptKafkaError, match=r"values.yaml is not UTF-8 \(byte 0xff\)") as refused:
        repository.look()
    assert (refused.value.where or "").endswith("values.yaml:2")


def test_a_link_is_not_written_through(bare: Path) -> None:
    work = bare.parent / "theirs"
    git(bare.parent, "clone", "--quiet", str(bare), str(work))
    (work / FOLDER / "link.yaml").symlink_to("values.yaml")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "-m", "x")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    action = _action()
    change = replace(action.files[0], path=f"{FOLDER}/link.yaml", before=None, after="a: 2\n")
    with pytest.raises(GitError, match="is there, and is a link"):
        _repository(bare).commit(replace(action, files=(change,)))
    assert _repository(bare).look().files[f"{FOLDER}/values.yaml"] == "a: 1\n"
