"""Pull requests over HTTP, against the lab's forge, which refuses as GitHub does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prompt_kafka.adapters import forge_http
from prompt_kafka.adapters.forge import Forge
from prompt_kafka.adapters.forge_http import ForgeError, ForgeHttp
from prompt_kafka.adapters.forge_token import token_of
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import PromptKafkaError, StoppedError, UnreachableError, UsageError
from prompt_kafka.core.forge import BEGIN, END, Check, Project, project_of, with_text
from prompt_kafka.core.pull_requests import ClosePullRequest, DeleteBranch, MergePullRequest, OpenPullRequest
from prompt_kafka.core.service import Environment, PullRequests
from prompt_kafka.lab import forge as lab
from prompt_kafka.lab.forge_server import Fault, Login

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
SECRET = "ghp_of-a-colleague"
BRANCH = "tickets/prompt-kafka-topic-create-12345678"


def git(folder: Path, *words: str) -> str:
    who = {f"GIT_{role}_{key}": "ada" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **who},
    )
    return done.stdout.strip()


def _commit(copy: Path, branch: str, file: str, text: str, start: str = "origin/main") -> str:
    git(copy, "fetch", "-q")
    git(copy, "checkout", "-q", "-B", branch, start)
    (copy / file).write_text(text)
    git(copy, "add", ".")
    git(copy, "commit", "-q", "-m", f"change {file}\n\nPrompt-Kafka-Run: run-1")
    git(copy, "push", "-q", "origin", branch)
    return git(copy, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seed")
    bare, copy = folder / "phalanx.git", folder / "copy"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    subprocess.run(["git", "clone", "-q", str(bare), str(copy)], check=True, capture_output=True)
    git(copy, "commit", "-q", "--allow-empty", "-m", "seed")
    git(copy, "push", "-q", "origin", "HEAD:main")
    _commit(copy, BRANCH, "a.yaml", "a: 1\n")
    git(copy, "remote", "set-url", "origin", "../phalanx.git")
    return folder


@pytest.fixture
def copy(seed: Path, tmp_path: Path) -> Path:
    shutil.copytree(seed, tmp_path, dirs_exist_ok=True)
    return tmp_path / "copy"


@pytest.fixture
def server(copy: Path, tmp_path: Path) -> Iterator[lab.Forge]:
    made = lab.Forge(tmp_path / "forge", tmp_path / "phalanx.git", 0)
    made.logins[SECRET] = Login("grace")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def forge(server: lab.Forge, clock: ManualClock) -> Iterator[Forge]:
    made = _forge(server, server.token, clock)
    yield made
    made.end()


def _forge(server: lab.Forge, token: str, clock: ManualClock | None = None) -> Forge:
    http = ForgeHttp(server.url, token, clock=clock or ManualClock(NOW))
    return Forge(Project("127.0.0.1", "lab", "phalanx"), http)


def _opening(mark: str = "run-1", **fields: str) -> OpenPullRequest:
    values = {
        "branch": BRANCH,
        "base": "main",
        "title": "Create topic x",
        "body": "## What happens\n\n1. it\n",
    }
    return OpenPullRequest("127.0.0.1/lab/phalanx", mark=mark, **{**values, **fields})


def _merging(forge: Forge, **fields: object) -> MergePullRequest:
    (found,) = forge.look(BRANCH, "main")
    action = MergePullRequest("127.0.0.1/lab/phalanx", BRANCH, "main", found.number, found.head, of="run-1")
    return replace(action, **fields)  # type: ignore[arg-type]


CLOSING = ClosePullRequest("127.0.0.1/lab/phalanx", BRANCH, "main")


def test_it_is_opened_once_and_found_by_its_branch_and_its_run(forge: Forge, server: lab.Forge) -> None:
    assert forge.look(BRANCH, "main") == ()
    forge.open(_opening())
    forge.open(_opening())
    (found,) = forge.look(BRANCH, "main")
    assert (found.number, found.state, found.runs, found.ours) == (1, "open", ("run-1",), True)
    assert found.url == f"{server.site}/lab/phalanx/pull/1"
    assert server.pulls.get(1).body.endswith(f"1. it\n\nPrompt-Kafka-Run: run-1\n{END}")
    assert sum(each.startswith("POST") for each in server.asked) == 1


@pytest.mark.parametrize("deed", ["open", "merge", "close"])
def test_a_lost_answer_is_looked_for_and_nothing_is_done_twice(
    deed: str, forge: Forge, server: lab.Forge
) -> None:
    if deed != "open":
        forge.open(_opening())
    action = {"open": _opening, "merge": lambda: _merging(forge), "close": lambda: CLOSING}[deed]()
    server.faults.append(Fault({"open": "POST", "merge": "PUT", "close": "PATCH"}[deed], lose_answer=True))
    with pytest.raises(UnreachableError, match="GitHub does not answer"):
        getattr(forge, deed)(action)
    getattr(forge, deed)(action)
    (found,) = forge.look(BRANCH, "main")
    assert found.state == {"open": "open", "merge": "merged", "close": "closed"}[deed]


def test_two_at_once_open_one(forge: Forge, server: lab.Forge) -> None:
    """GitHub's list lags: the second is told by 422, and looks again."""
    forge.open(_opening())
    listed = server.pulls.all
    late = [True]
    server.pulls.all = lambda: [] if late and late.pop() else listed()  # type: ignore[method-assign]
    forge.open(_opening())
    assert [each.number for each in listed()] == [1]
    assert sum(each.startswith("POST") for each in server.asked) == 2


def test_one_of_an_earlier_run_is_taken_with_its_text_brought_up(forge: Forge, server: lab.Forge) -> None:
    forge.open(_opening("run-1"))
    with server.pulls.changing():
        server.pulls.get(1).body = f"Please read, Grace.\n\n{server.pulls.get(1).body}\n\nThanks."
    forge.open(_opening("run-2", body="another plan", title="Create topic x, with care"))
    (found,) = forge.look(BRANCH, "main")
    assert (found.runs, found.title) == (("run-2",), "Create topic x, with care")
    body = server.pulls.get(1).body
    assert body.startswith("Please read, Grace.") and body.endswith("Thanks.")
    assert "another plan" in body and body.count(BEGIN) == 1


def test_one_that_a_person_has_opened_is_taken_as_it_is(forge: Forge, server: lab.Forge) -> None:
    server.pulls.open("mine", "my words", BRANCH, "main", "grace")
    forge.open(_opening())
    assert [(each.title, each.body) for each in server.pulls.all()] == [("mine", "my words")]
    forge.close(CLOSING)
    assert server.pulls.get(1).state == "open", "it is not ours to close"


def test_one_that_was_closed_stops_its_run_and_not_the_next(forge: Forge, server: lab.Forge) -> None:
    forge.open(_opening("run-1"))
    server.pulls.change(1, user="grace", state="closed")
    with server.pulls.changing():
        server.pulls.get(1).comments.append(("grace", "not\nthis week"))
    with pytest.raises(StoppedError, match="was closed without a merge by grace: not this week") as stopped:
        forge.open(_opening("run-1"))
    assert stopped.value.where == f"{server.site}/lab/phalanx/pull/1"
    forge.open(_opening("run-2"))
    assert [(each.number, each.state) for each in forge.look(BRANCH, "main")] == [(2, "open"), (1, "closed")]


def test_a_branch_that_is_deleted_closes_it(forge: Forge, server: lab.Forge) -> None:
    forge.open(_opening())
    server.pulls.delete_branch(BRANCH)
    (found,) = forge.look(BRANCH, "main")
    assert found.closed == "was closed without a merge by prompt-kafka: its branch was deleted"


def test_it_is_closed_with_its_branch(forge: Forge, server: lab.Forge) -> None:
    forge.open(_opening())
    forge.close(CLOSING)
    forge.close(CLOSING)
    assert server.pulls.get(1).state == "closed"
    assert server.pulls.commit(BRANCH) == ""


def test_what_stands_in_its_way_is_told(forge: Forge, server: lab.Forge, copy: Path) -> None:
    rules = server.pulls.rules
    rules.reviews, rules.checks = 1, ("ci",)
    forge.open(_opening())
    (found,) = forge.look(BRANCH, "main")
    assert found.lacks == ("GitHub has not worked out yet whether it can be merged",)

    def lacks() -> tuple[str, ...]:
        (found,) = forge.look(BRANCH, "main")
        return found.lacks

    assert lacks() == ("the rules of main want something more, such as an approving review",)
    checks = server.pulls.checks_of(found.head)
    checks |= {"ci": "queued", "docs": "failure"}
    assert lacks() == ("check failed: docs", "check not done yet: ci")
    checks |= {"ci": "success", "docs": "success"}
    pull = server.pulls.get(1)
    pull.reviews.append(("grace", "CHANGES_REQUESTED"))
    assert lacks() == ("changes are asked for by grace",)
    pull.reviews.append(("grace", "APPROVED"))
    assert lacks() == ()
    pull.draft = True
    assert lacks() == ("it is a draft",)
    pull.draft, rules.strict = False, True
    _commit(copy, "main", "other.yaml", "x: 1\n")
    assert lacks() == ("GitHub has not worked out yet whether it can be merged",)
    assert lacks() == ("its branch must first be brought up to date with main",)
    _commit(copy, "main", "a.yaml", "a: 2\n")
    lacks()
    assert lacks() == ("it conflicts with main",)


def test_checks_that_cannot_be_read_are_unknown(forge: Forge, server: lab.Forge) -> None:
    forge.open(_opening())
    server.faults.append(Fault(path="check-runs", status=403, message="Resource not accessible", times=9))
    forge.look(BRANCH, "main")
    (found,) = forge.look(BRANCH, "main")
    assert found.checks is None and found.lacks == ()
    server.pulls.checks_of(found.head)["ci"] = "queued"
    (found,) = forge.look(BRANCH, "main")
    assert found.lacks == ("a check has failed or is not done",)


def test_checks_of_many_pages_are_all_read(
    forge: Forge, server: lab.Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forge_http, "PAGE", 2)
    for n in range(3):
        server.pulls.open(f"to another {n}", "", BRANCH, "main", "x")
        server.pulls.change(n + 1, user="x", state="closed")
    assert len(forge.look(BRANCH, "main")) == 3


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_it_is_merged_and_the_runs_line_stays(
    method: str, forge: Forge, server: lab.Forge, copy: Path
) -> None:
    forge.open(_opening())
    action = _merging(forge, method=method)
    forge.merge(action)
    forge.merge(action)
    (found,) = forge.look(BRANCH, "main")
    assert (found.state, found.by) == ("merged", "prompt-kafka")
    git(copy, "fetch", "-q", "--prune")
    assert found.there
    forge.delete(DeleteBranch("x", "x", BRANCH, found.head))
    forge.delete(DeleteBranch("x", "x", BRANCH, found.head))
    assert not forge.look(BRANCH, "main")[0].there
    assert "Prompt-Kafka-Run: run-1" in git(
        copy, "log", "--topo-order", "--format=%(trailers)", "-3", "origin/main"
    )
    assert git(copy, "show", "origin/main:a.yaml") == "a: 1"
    assert server.pulls.commit(BRANCH) == ""


def test_a_branch_with_more_than_was_merged_stays(forge: Forge, server: lab.Forge, copy: Path) -> None:
    forge.open(_opening())
    action = _merging(forge)
    forge.merge(action)
    more = _commit(copy, BRANCH, "b.yaml", "b: 1\n", f"origin/{BRANCH}")
    with pytest.raises(StoppedError, match="has more than what was merged: it stays"):
        forge.delete(DeleteBranch("x", "x", BRANCH, action.head))
    assert server.pulls.commit(BRANCH) == more


def test_a_branch_that_the_rules_keep_is_an_error(forge: Forge, server: lab.Forge) -> None:
    forge.open(_opening())
    forge.merge(_merging(forge))
    server.faults.append(Fault("DELETE", status=403, message="Protected branches may not be deleted"))
    head = server.pulls.commit(BRANCH)
    _refused(lambda: forge.delete(DeleteBranch("x", "x", BRANCH, head)), 403, "may not be deleted")


def test_nothing_is_merged_against_the_rules(forge: Forge, server: lab.Forge, copy: Path) -> None:
    forge.open(_opening())
    action = _merging(forge)
    rules, base = server.pulls.rules, server.pulls.commit("main")
    rules.reviews = 1
    _refused(lambda: forge.merge(action), 405, "does not merge it: At least 1 approving review is required")
    rules.reviews, rules.checks = 0, ("ci",)
    _refused(lambda: forge.merge(action), 405, 'Required status check "ci" is expected')
    rules.checks, rules.methods = (), ("squash",)
    _refused(lambda: forge.merge(action), 405, "Merge merges are not allowed")
    rules.methods = ("merge",)
    _commit(copy, BRANCH, "a.yaml", "a: 3\n", f"origin/{BRANCH}")
    _refused(lambda: forge.merge(action), 409, "it has moved: Head branch was modified")
    assert server.pulls.commit("main") == base
    server.pulls.change(1, user="grace", state="closed")
    with pytest.raises(StoppedError, match="was closed without a merge by grace"):
        forge.merge(action)


def _refused(call: object, status: int, said: str) -> ForgeError:
    with pytest.raises(ForgeError, match=said) as error:
        call()  # type: ignore[operator]
    assert error.value.status == status
    assert error.value.where and error.value.next
    assert SECRET not in str(error.value)
    return error.value


@pytest.mark.parametrize(
    ("may", "status", "said"),
    [("read", 403, "GitHub does not allow it: Resource not accessible"), ("none", 404, "may not see it")],
)
def test_a_token_with_too_few_rights(may: str, status: int, said: str, server: lab.Forge) -> None:
    server.logins[SECRET] = Login("grace", may)
    forge = _forge(server, SECRET)
    _refused(lambda: forge.open(_opening()), status, said)
    _refused(forge.examine, status, "may look at" if may == "read" else "may not see it")
    forge.end()


def test_a_token_that_is_wrong_or_missing(server: lab.Forge) -> None:
    for token, said in (("ghp_wrong", "Bad credentials"), ("", "Requires authentication")):
        forge = _forge(server, token)
        error = _refused(
            lambda forge=forge: forge.look(BRANCH, "main"), 401, f"does not take the token: {said}"
        )
        assert "ghp_wrong" not in str(error)
        forge.end()
    with pytest.raises(UsageError, match="characters that no token has") as usage:
        ForgeHttp(server.url, f"{SECRET}\nX: y")
    assert SECRET not in str(usage.value)


def test_limits_are_waited_for_within_a_bound(forge: Forge, server: lab.Forge, clock: ManualClock) -> None:
    reset = str(int(clock.now().timestamp()) + 20)
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    server.faults += [
        Fault(status=403, message="API rate limit exceeded", headers=used_up),
        Fault(status=429, message="slow down", headers={"Retry-After": "7"}),
    ]
    before = clock.now()
    assert forge.look(BRANCH, "main") == ()
    assert (clock.now() - before).total_seconds() == pytest.approx(27, abs=1)


@pytest.mark.parametrize(
    ("headers", "message", "said"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795552200"}, "API rate limit exceeded",
         "until 20:30:00 UTC: the 5000 requests of this hour are used up"),
        ({"Retry-After": "90"}, "secondary", "until 20:01:30 UTC: asked too often"),
        ({}, "You have exceeded a secondary rate limit", "until 20:01:00 UTC: asked too often"),
    ],
)  # fmt: skip
def test_a_longer_limit_is_an_error_that_says_until_when(
    headers: dict[str, str], message: str, said: str, forge: Forge, server: lab.Forge
) -> None:
    server.faults.append(Fault("POST", status=403, message=message, headers=headers))
    _refused(lambda: forge.open(_opening()), 403, said)
    forge.open(_opening())
    assert [each.number for each in server.pulls.all()] == [1]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_of_githubs_is_no_answer(status: int, forge: Forge, server: lab.Forge) -> None:
    server.faults.append(Fault(status=status, message="oops"))
    with pytest.raises(UnreachableError, match=f"GitHub failed .HTTP {status}"):
        forge.open(_opening())


@pytest.mark.parametrize(
    ("fault", "said", "mend"),
    [
        (
            Fault(status=301, headers={"Location": "http://127.0.0.9/x"}),
            "the repository has moved",
            "correct",
        ),
        (Fault(status=403, headers={"X-GitHub-SSO": "required; url=x"}), "single sign-on", "Configure SSO"),
        (Fault(status=422, message="Validation Failed"), "GitHub says: Validation Failed", "doctor"),
        (Fault(status=410, message="Gone"), "GitHub says: Gone", "doctor"),
    ],
)
def test_every_refusal_says_what_next(
    fault: Fault, said: str, mend: str, forge: Forge, server: lab.Forge
) -> None:
    server.faults.append(fault)
    error = _refused(lambda: forge.look(BRANCH, "main"), fault.status, said)
    assert mend in str(error.next)


def test_a_branch_that_is_not_there_or_has_nothing_new(forge: Forge, server: lab.Forge, copy: Path) -> None:
    _refused(lambda: forge.open(_opening(branch="nosuch")), 422, "head is invalid")
    git(copy, "push", "-q", "origin", "origin/main:refs/heads/same")
    _refused(lambda: forge.open(_opening(branch="same")), 422, "No commits between main and same")


def test_a_text_that_is_too_long_is_cut(forge: Forge, server: lab.Forge) -> None:
    forge.open(_opening(body="a line of a plan\n" * 10_000))
    body = server.pulls.get(1).body
    assert len(body) < 65_536
    assert "… cut here: `prompt-kafka run show run-1` has it all" in body
    assert body.endswith(f"Prompt-Kafka-Run: run-1\n{END}")


def test_what_has_not_changed_is_not_sent_again(forge: Forge, server: lab.Forge) -> None:
    forge.open(_opening())
    forge.look(BRANCH, "main")
    first = forge.look(BRANCH, "main")
    assert forge.look(BRANCH, "main") == first
    assert first[0].checks == ()
    server.pulls.checks_of(first[0].head)["ci"] = "success"
    assert forge.look(BRANCH, "main")[0].checks == (Check("ci", "passed"),)


def test_nobody_there_is_unreachable(server: lab.Forge) -> None:
    server.stop()
    forge = _forge(server, SECRET)
    with pytest.raises(UnreachableError, match="GitHub does not answer") as error:
        forge.look(BRANCH, "main")
    assert "pull_request.url" in str(error.value) and SECRET not in str(error.value)


def test_the_token_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    environment = Environment("x", pull_request=PullRequests(token_file=str(file)))
    assert token_of(environment, {"PROMPT_KAFKA_GITHUB_TOKEN": SECRET})[1].startswith("the token file")
    file.write_text(f"{SECRET}\n")
    assert token_of(environment, {}) == (SECRET, "")
    assert token_of(Environment("x"), {"PROMPT_KAFKA_GITHUB_TOKEN": SECRET}) == (SECRET, "")
    assert token_of(Environment("x"), {}) == ("", "no token in PROMPT_KAFKA_GITHUB_TOKEN")


@pytest.mark.parametrize(
    ("address", "named", "found"),
    [
        ("https://github.com/lsst-sqre/phalanx.git", "", "github.com/lsst-sqre/phalanx"),
        ("git@github.com:lsst-sqre/phalanx.git", "", "github.com/lsst-sqre/phalanx"),
        ("https://github.example.org/a/b", "", "github.example.org/a/b"),
        ("ssh://git@github.example.org:22/a/b.git", "me/mine", "github.example.org/me/mine"),
        ("/srv/phalanx.git", "ghe.example.org/a/b", "ghe.example.org/a/b"),
        ("/srv/phalanx.git", "a/b", "github.com/a/b"),
        ("/srv/phalanx.git", "", None),
        ("https://git.example.org/scm/team/phalanx.git", "", None),
    ],
)
def test_which_repository_is_meant(address: str, named: str, found: str | None) -> None:
    project = project_of(address, named)
    assert (str(project) if project else None) == found


def test_where_the_repository_cannot_be_told_it_is_asked_for() -> None:
    environment = Environment("x", repository="/srv/phalanx.git", delivery="pull-request")
    with pytest.raises(PromptKafkaError, match="which repository at GitHub"):
        Forge.of(environment, "/srv/phalanx.git", {})


def test_an_enterprise_server_has_its_own_address() -> None:
    for address, url in (
        ("https://github.com/a/b", "https://api.github.com"),
        ("git@ghe.example.org:a/b.git", "https://ghe.example.org/api/v3"),
    ):
        made = Forge.of(Environment("x"), address, {})
        assert made._http.url == url
        made.end()


def test_a_text_without_our_part_gets_it_at_its_end() -> None:
    assert with_text("", "ours") == "ours"
    assert with_text("theirs\n", "ours") == "theirs\n\nours"
