"""The Git adapter on real repositories: a bare one, and a user's working copy that is never touched."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.adapters.git import GitRepository
from prompt_kafka.adapters.git_command import GitError
from prompt_kafka.core.changes import CommitFiles, FileChange, by_hand
from prompt_kafka.core.delivery import blob
from prompt_kafka.core.errors import StoppedError, UnreachableError, UsageError

FOLDER = "applications/a"
FILES = {
    f"{FOLDER}/values.yaml": "a: 1\n",
    f"{FOLDER}/Chart.yaml": "name: a\n",
    "environments/values.yaml": "name: x\n",
    "environments/values-lab.yaml": "name: lab\n",
    "environments/values-prod.yaml": "name: prod\n",
    "elsewhere.txt": "x\n",
}


def git(folder: Path, *arguments: str, **more: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **more},
    )
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which Git knows who we are, and nothing else."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("AUTHOR", "COMMITTER"):
        for part in ("NAME", "EMAIL"):
            monkeypatch.delenv(f"GIT_{name}_{part}", raising=False)
    monkeypatch.delenv("EMAIL", raising=False)
    return home


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A repository with one commit."""
    bare = tmp_path / "origin.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    seed = tmp_path / "seed"
    subprocess.run(["git", "clone", "-q", str(bare), str(seed)], check=True, capture_output=True)
    git(seed, "checkout", "-q", "-b", "main")
    _write(seed, FILES)
    git(seed, "add", ".")
    git(seed, "commit", "-q", "-m", "seed")
    git(seed, "push", "-q", "origin", "main")
    return bare


@pytest.fixture
def checkout(bare: Path, tmp_path: Path) -> Path:
    """A user's working copy of it."""
    copy = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", str(bare), str(copy)], check=True)
    return copy


def _write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def _push(bare: Path, tmp_path: Path, files: dict[str, str]) -> None:
    """Somebody else pushes."""
    other = tmp_path / f"other-{len(list(tmp_path.iterdir()))}"
    subprocess.run(["git", "clone", "-q", str(bare), str(other)], check=True)
    _write(other, files)
    git(other, "add", ".")
    git(other, "commit", "-q", "-m", "theirs")
    git(other, "push", "-q", "origin", "main")


def _action(**fields: Any) -> CommitFiles:
    values: dict[str, Any] = {
        "repository": "shown",
        "branch": "main",
        "message": "Create topic x\n\nBecause.",
        "files": (
            FileChange(f"{FOLDER}/values.yaml", "a: 1\n", "a: 1\nb: 2\n"),
            FileChange(f"{FOLDER}/charts/x/Chart.yaml", None, "name: x\n"),
        ),
        "mark": "run-1",
    }
    return CommitFiles(**{**values, **fields})


def _repository(where: Path | str, branch: str = "main") -> GitRepository:
    return GitRepository(str(where), branch, FOLDER)


def _everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_look_brings_the_folder_as_text(bare: Path) -> None:
    state = _repository(bare).look()
    assert state.head == git(bare, "rev-parse", "main")
    assert state.files == {path: text for path, text in FILES.items() if path.startswith(FOLDER)}
    assert state.environments == ("lab", "prod")
    assert state.commits == (state.head,)
    assert state.marks == {}
    assert state.checkout == ""


def test_other_folders_are_brought_when_they_are_asked_for(bare: Path) -> None:
    repository = _repository(bare)
    state = repository.look({"environments"})
    assert "environments/values-lab.yaml" in state.files
    assert f"{FOLDER}/values.yaml" in state.files
    assert "environments/values-lab.yaml" not in repository.look().files


def test_a_file_of_another_folder_is_changed_only_when_it_is_as_planned(bare: Path, home: Path) -> None:
    repository, path = _repository(bare), "environments/values-lab.yaml"
    repository.commit(_action(files=(FileChange(path, "name: lab\n", "name: lab\nx: 1\n"),)))
    assert git(bare, "show", f"main:{path}") == "name: lab\nx: 1"
    with pytest.raises(StoppedError, match="is not the one that the plan was made for"):
        repository.commit(_action(files=(FileChange(path, "name: lab\n", "y: 1\n"),), mark="run-2"))


def test_git_and_we_call_a_file_by_the_same_id(bare: Path) -> None:
    assert blob("a: 1\n") == git(bare, "rev-parse", f"main:{FOLDER}/values.yaml")


def test_a_commit_is_pushed_with_its_mark(bare: Path, home: Path) -> None:
    repository = _repository(bare)
    commit = repository.commit(_action())
    assert git(bare, "rev-parse", "main") == commit
    assert git(bare, "show", f"main:{FOLDER}/values.yaml") == "a: 1\nb: 2"
    message = git(bare, "log", "-1", "--format=%an <%ae>%n%B", "main")
    assert message == "Ada <ada@example.org>\nCreate topic x\n\nBecause.\n\nPrompt-Kafka-Run: run-1"
    state = repository.look()
    assert state.marks == {"run-1": commit}
    assert state.contains(commit, state.commits[1]) and not state.contains(state.commits[1], commit)
    assert not list((home / ".cache/prompt-kafka/git").glob("work-*"))


def test_a_commit_is_not_made_twice(bare: Path) -> None:
    first = _repository(bare).commit(_action())
    assert _repository(bare).commit(_action()) == first
    assert git(bare, "rev-list", "--count", "main") == "2"


def test_bytes_stay_as_they_are(bare: Path) -> None:
    text = "a: 1\r\nb: é\r\n"
    _repository(bare).commit(_action(files=(FileChange(f"{FOLDER}/crlf.yaml", None, text),)))
    stored = subprocess.run(
        ["git", "-C", str(bare), "show", f"main:{FOLDER}/crlf.yaml"], capture_output=True, check=True
    )
    assert stored.stdout == text.encode()


def test_somebody_elses_commit_is_built_upon(bare: Path, tmp_path: Path) -> None:
    repository = _repository(bare)
    repository.look()
    _push(bare, tmp_path, {"elsewhere.txt": "y\n"})
    repository.commit(_action())
    assert git(bare, "show", "main:elsewhere.txt") == "y"
    assert git(bare, "rev-list", "--count", "main") == "3"


def test_a_push_that_comes_too_late_is_made_again(
    bare: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pre-commit hook of the user's is where somebody else gets in between."""
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "-q", str(bare), str(other)], check=True)
    hooks = home / "hooks"
    hooks.mkdir()
    once = tmp_path / "once"
    (hooks / "pre-commit").write_text(
        f"#!/bin/sh\n[ -e {once} ] && exit 0\ntouch {once}\nunset $(git rev-parse --local-env-vars)\n"
        f"cd {other} && echo y > elsewhere.txt && git commit -qam theirs --no-verify\n"
        "git push -q origin main\n"
    )
    (hooks / "pre-commit").chmod(0o755)
    git(home, "config", "--global", "core.hooksPath", str(hooks))
    _repository(bare).commit(_action())
    assert once.exists()
    subjects = git(bare, "log", "--format=%s", "main").splitlines()
    assert subjects == ["Create topic x", "theirs", "seed"]


def test_a_file_that_somebody_changed_stops_it(bare: Path, tmp_path: Path) -> None:
    repository = _repository(bare)
    _push(bare, tmp_path, {f"{FOLDER}/values.yaml": "a: 3\n"})
    with pytest.raises(StoppedError, match=r"values\.yaml is not the one"):
        repository.commit(_action())
    assert git(bare, "rev-list", "--count", "main") == "2"


def test_a_file_that_somebody_added_stops_it(bare: Path, tmp_path: Path) -> None:
    repository = _repository(bare)
    _push(bare, tmp_path, {f"{FOLDER}/charts/x/Chart.yaml": "name: theirs\n"})
    with pytest.raises(StoppedError, match=r"Chart\.yaml is not the one"):
        repository.commit(_action())


def test_the_working_copy_is_never_touched(bare: Path, checkout: Path, tmp_path: Path) -> None:
    _push(bare, tmp_path, {"elsewhere.txt": "y\n"})
    before = _everything(checkout)
    repository = _repository(checkout)
    state = repository.look()
    assert (state.checkout, state.changed, state.unpushed) == (str(checkout), (), 0)
    repository.commit(_action())
    assert _everything(checkout) == before
    assert git(bare, "rev-list", "--count", "main") == "3"


def test_changes_in_the_working_copy_are_seen(checkout: Path) -> None:
    _write(checkout, {"elsewhere.txt": "changed\n", f"{FOLDER}/new.yaml": "x\n", "notes.txt": "mine\n"})
    assert _repository(checkout).look().changed == (f"{FOLDER}/new.yaml", "elsewhere.txt")


def test_unpushed_commits_are_counted(checkout: Path, bare: Path, tmp_path: Path) -> None:
    git(checkout, "commit", "-q", "--allow-empty", "-m", "mine")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "mine too")
    _push(bare, tmp_path, {"elsewhere.txt": "y\n"})
    assert _repository(checkout).look().unpushed == 2


def test_the_working_copys_hooks_and_identity_count(checkout: Path, bare: Path) -> None:
    git(checkout, "config", "user.name", "Grace")
    hook = checkout / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\ngrep -q DM- $1 || { echo 'no ticket in the message' >&2; exit 1; }\n")
    hook.chmod(0o755)
    with pytest.raises(GitError, match=r"a commit hook said no.*no ticket in the message"):
        _repository(checkout).commit(_action())
    assert git(bare, "rev-list", "--count", "main") == "1"
    _repository(checkout).commit(_action(message="DM-1: topic"))
    assert git(bare, "log", "-1", "--format=%an", "main") == "Grace"


def test_without_an_identity_nothing_is_committed(bare: Path, home: Path) -> None:
    (home / ".gitconfig").unlink()
    with pytest.raises(GitError, match="does not know who you are") as error:
        _repository(bare).commit(_action())
    assert "git config --global" in str(error.value)
    assert git(bare, "rev-list", "--count", "main") == "1"


def test_a_refused_push_says_why(bare: Path) -> None:
    hook = bare / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'main is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GitError, match="the push to main was refused: main is protected") as error:
        _repository(bare).commit(_action())
    assert "pull-request" in str(error.value)


def test_a_missing_branch_is_a_usage_error(bare: Path) -> None:
    with pytest.raises(UsageError, match="no branch nosuch"):
        _repository(bare, "nosuch").look()


def test_a_missing_repository_is_unreachable_and_shows_no_password(tmp_path: Path) -> None:
    repository = _repository(f"file://me:secret@localhost{tmp_path}/none.git")
    with pytest.raises(UnreachableError) as error:
        repository.look()
    assert "secret" not in str(error.value)
    assert "secret" not in repository.shown


def test_a_working_copy_without_a_remote_is_a_usage_error(checkout: Path) -> None:
    git(checkout, "remote", "remove", "origin")
    with pytest.raises(UsageError, match="no remote called origin"):
        _repository(checkout)


def test_the_lines_by_hand_do_the_same(bare: Path, tmp_path: Path) -> None:
    """The printed lines, run by a shell, make the same files on the branch."""
    action = _action(repository=str(bare))
    script = by_hand(action, "lab")
    subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    assert _repository(bare).look().marks.keys() == {"run-1"}
    for change in action.files:
        assert git(bare, "rev-parse", f"main:{change.path}") == change.blobs[1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a", "a\n"),
        ("a\n", "a"),
        ("a", "b"),
        ("", "x"),
        ("x\ny\n", ""),
        ("a\r\n", "a\r\nb\r\n"),
        ("a\u2028\n", "a\u2028\nb\x0c\n"),
    ],
)
def test_a_difference_applies_whatever_the_ends_of_lines(
    before: str, after: str, bare: Path, tmp_path: Path
) -> None:
    seed = tmp_path / "seed"
    (seed / f"{FOLDER}/odd.txt").write_bytes(before.encode())
    git(seed, "add", ".")
    git(seed, "commit", "-qm", "odd")
    git(seed, "push", "-q", "origin", "main")
    action = _action(repository=str(bare), files=(FileChange(f"{FOLDER}/odd.txt", before, after),))
    subprocess.run(["sh", "-e", "-c", by_hand(action, "lab")], cwd=tmp_path, check=True, capture_output=True)
    assert git(bare, "rev-parse", f"main:{FOLDER}/odd.txt") == blob(after)


def test_an_export_has_the_files_of_that_commit(bare: Path, tmp_path: Path) -> None:
    repository = _repository(bare)
    first = repository.look().head
    repository.commit(_action())
    repository.export(first, tmp_path / "out", "environments", "charts", FOLDER)
    assert (tmp_path / f"out/{FOLDER}/values.yaml").read_text() == "a: 1\n"
    assert not (tmp_path / "out/elsewhere.txt").exists()


def test_a_commit_is_taken_back_and_not_when_others_changed_its_files(bare: Path, tmp_path: Path) -> None:
    repository = _repository(bare)
    action = replace(_action(), mark="run-1")
    repository.commit(action)
    undone = replace(action.undone, mark="run-1-undo")
    repository.commit(undone)
    state = repository.look()
    assert state.files == {path: text for path, text in FILES.items() if path.startswith(FOLDER)}
    assert state.head == repository.commit(undone), "taken back once"
    _push(bare, tmp_path, {f"{FOLDER}/values.yaml": "mine\n"})
    with pytest.raises(StoppedError, match="not the one"):
        repository.commit(replace(action.undone, mark="another"))


def test_what_was_never_committed_needs_no_taking_back(bare: Path) -> None:
    head = _repository(bare).look().head
    assert _repository(bare).commit(replace(_action().undone, mark="run-1-undo")) == head
    assert _repository(bare).look().head == head


def test_a_branch_of_its_own_begins_at_its_base(bare: Path) -> None:
    repository = _repository(bare)
    head = repository.look().head
    action = replace(_action(), branch="tickets/x", base="main", mark="run-1")
    commit = repository.commit(action)
    assert repository.commit(action) == commit, "the same run does nothing twice"
    assert repository.commit(replace(action, mark="run-2")) == commit, "nor does the same change"
    assert repository.look().head == head, "the branch that is followed stays"
    assert git(bare, "rev-parse", "tickets/x") == commit
    assert git(bare, "rev-parse", "tickets/x~1") == head
    repository.commit(replace(action.undone, mark="run-1-undo"))
    assert git(bare, "diff", "--name-only", "main", "tickets/x") == ""


def test_the_tip_says_how_far_the_branch_is_and_which_operator_it_asks_for(bare: Path) -> None:
    repository = GitRepository(str(bare), "main", FOLDER)
    head = git(bare, "rev-parse", "main")
    found = repository.tip("applications/strimzi")
    assert (found.head, found.commits, found.operator) == (head, (head,), "")
    chart = """apiVersion: v2
dependencies:
  # a comment
  - name: another
    version: 9.9.9
  - repository: "@strimzi"
    name: strimzi-kafka-operator
    version: "0.51.0"  # pinned
"""
    commit = repository.commit(_action(files=(FileChange("applications/strimzi/Chart.yaml", None, chart),)))
    found = repository.tip("applications/strimzi")
    assert (found.head, found.commits, found.operator) == (commit, (commit, head), "0.51.0")
