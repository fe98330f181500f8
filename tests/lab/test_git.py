import subprocess

import pytest

from prompt_kafka.lab import git as labgit
from prompt_kafka.lab.git import GitError, export, git, local, resolve, seed


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "deploy"
    (folder / "environments").mkdir(parents=True)
    (folder / "environments" / "values.yaml").write_text("a: 1\n")
    return folder


@pytest.fixture
def bare(tmp_path):
    return tmp_path / "git" / "phalanx.git"


def log(bare, ref="main"):
    return git("log", "--format=%s", ref, directory=bare).splitlines()


def commit_by_hand(bare, text="mine"):
    blob = git("hash-object", "-w", "--stdin", directory=bare, given=text)
    tree = git("mktree", directory=bare, given=f"100644 blob {blob}\tmine.txt\n")
    commit = git("commit-tree", tree, "-p", "main", "-m", "by hand", directory=bare)
    git("update-ref", "refs/heads/main", commit, directory=bare)
    return commit


def test_a_folder_becomes_the_main_branch(tree, bare, tmp_path):
    url = seed(tree, bare)
    assert url.startswith("file:///") and local(url) == bare
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", url, clone], check=True)
    assert (clone / "environments" / "values.yaml").read_text() == "a: 1\n"


def test_the_same_tree_adds_nothing(tree, bare):
    seed(tree, bare)
    seed(tree, bare)
    assert len(log(bare)) == 1


def test_a_changed_tree_is_one_commit_on_top(tree, bare):
    seed(tree, bare)
    (tree / "environments" / "values.yaml").write_text("a: 2\n")
    (tree / "new").write_text("")
    seed(tree, bare)
    assert len(log(bare)) == 2
    assert git("show", "main:environments/values.yaml", directory=bare) == "a: 2"


def test_commits_of_others_are_left_alone(tree, bare):
    said = []
    seed(tree, bare)
    mine = commit_by_hand(bare)
    seed(tree, bare, say=said.append)
    assert "commits of its own" in said[-1]
    (tree / "new").write_text("")
    seed(tree, bare, say=said.append)
    assert resolve(bare, "main") == mine
    assert "left alone" in said[-1]


def test_a_working_copy_is_taken_as_it_stands_and_not_touched(tree, bare):
    def run(*arguments):
        subprocess.run(["git", "-C", tree, *arguments], check=True, capture_output=True)

    run("init", "-q")
    run("add", "-A")
    run("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "one")
    (tree / ".gitignore").write_text("*.junk\n")
    (tree / "a.junk").write_text("")
    (tree / "environments" / "values.yaml").write_text("a: 3\n")
    before = sorted(path.name for path in (tree / ".git").iterdir())
    said = []
    seed(tree, bare, say=said.append)
    assert git("show", "main:environments/values.yaml", directory=bare) == "a: 3"
    assert "a.junk" not in git("ls-tree", "-r", "--name-only", "main", directory=bare)
    assert any("uncommitted changes" in each for each in said)
    assert "with uncommitted changes" in log(bare)[0]
    assert sorted(path.name for path in (tree / ".git").iterdir()) == before


def test_a_missing_folder_is_an_error(tmp_path, bare):
    with pytest.raises(GitError, match="no such folder"):
        seed(tmp_path / "nowhere", bare)


def test_export_lays_out_only_what_is_asked_for(tree, bare, tmp_path):
    (tree / "docs").mkdir()
    (tree / "docs" / "x").write_text("")
    seed(tree, bare)
    target = tmp_path / "out"
    target.mkdir()
    export(bare, resolve(bare, "main"), target, "environments", "applications")
    assert [path.name for path in target.iterdir()] == ["environments"]


def test_an_unknown_revision_is_an_error(tree, bare):
    seed(tree, bare)
    with pytest.raises(GitError, match="unable to resolve 'nope'"):
        resolve(bare, "nope")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/a/b.git", "/a/b.git"),
        ("file:///a%20b", "/a b"),
        ("https://x.example/y.git", None),
        ("git@x:y", None),
    ],
)
def test_only_local_urls_are_read(url, found):
    assert (str(local(url)) if local(url) else None) == found


def test_a_missing_git_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitError, match="not installed"):
        labgit.git("version")
