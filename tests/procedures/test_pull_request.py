"""A pull request in between makes two linked plans: the first ends on a branch of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prompt_kafka.core.actions import by_hand
from prompt_kafka.core.changes import CommitFiles, shortened
from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.errors import ExitCode, StoppedError, UsageError
from prompt_kafka.core.forge import Check, PullRequest, text_of
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.pull_requests import ClosePullRequest, DeleteBranch, MergePullRequest, OpenPullRequest
from prompt_kafka.core.requested import BranchGone, Mergeable, Merged, RequestClosed, Requested
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.service import Environment, PullRequests
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import BranchOf, RequestsOf, Seen, Unknown, World
from prompt_kafka.procedures import create_topic
from prompt_kafka.procedures.pull_request import (
    by_pull_request,
    how_to_open,
    looks_before,
    merged,
    merging,
    refuse_unmerged,
    standing,
)
from tests.topics import Charts, committed, means, request, service
from tests.worlds import NOW

REQUEST = request({"users": {"alert-reader": "read"}})
BRANCHES = Environment("lab", delivery="branch")
REQUESTS = Environment("lab", delivery="pull-request", pull_request=PullRequests(repository="lab/phalanx"))
BY_RUN = replace(REQUESTS, pull_request=replace(REQUESTS.pull_request, merge="run", method="squash"))


@pytest.fixture(scope="module")
def whole() -> Plan:
    return create_topic.plan(REQUEST, service(), means(Charts()))


@pytest.fixture(scope="module")
def first(whole: Plan) -> Plan:
    return by_pull_request(whole, BRANCHES)


def _commit(plan: Plan) -> CommitFiles:
    commit = plan.request_to_merge
    assert commit is not None
    return commit


def test_where_changes_are_pushed_a_plan_stays_whole(whole: Plan) -> None:
    assert by_pull_request(whole, Environment("lab")) is whole
    assert whole.ends_with == ""


def test_the_first_plan_ends_with_the_commit_to_its_own_branch(first: Plan, whole: Plan) -> None:
    assert [type(step.action) for step in first.steps] == [CommitFiles]
    commit = _commit(first)
    assert commit.base == "main"
    assert commit.branch.startswith("tickets/prompt-kafka-topic-create-")
    assert committed(first) == committed(whole)
    assert first.ends_with == f"waits for the merge of {commit.branch} into main"
    assert first.steps[0].undo is not None
    assert BranchOf(commit.branch) in first.steps[0].proof[0].needs_to_see
    assert f"then to come: {whole.steps[1].title}" in first.notes


def test_the_same_change_has_the_same_branch_and_digest(first: Plan, whole: Plan) -> None:
    again = by_pull_request(whole, BRANCHES)
    assert again.digest == first.digest
    pattern = replace(BRANCHES, branch_pattern="u/ada/{change}")
    assert _commit(by_pull_request(whole, pattern)).branch.startswith("u/ada/topic-create-")


def test_by_hand_begins_at_the_base(first: Plan) -> None:
    lines = by_hand(first.steps[0].action, "lab")
    assert "git clone -q --branch main" in lines
    assert f"HEAD:{_commit(first).branch}" in lines


@pytest.mark.parametrize(
    ("repository", "said"),
    [
        (
            "https://git.example.org/a/phalanx.git",
            "https://git.example.org/a/phalanx/compare/main...t?expand=1",
        ),
        ("git@git.example.org:a/phalanx.git", "https://git.example.org/a/phalanx/compare/main...t?expand=1"),
        (
            "ssh://git@git.example.org:22/a/phalanx",
            "https://git.example.org/a/phalanx/compare/main...t?expand=1",
        ),
        ("/srv/phalanx.git", "or merge it by hand: git merge t"),
    ],
)
def test_what_to_open(repository: str, said: str) -> None:
    assert how_to_open(CommitFiles(repository, "t", "m", (), base="main")).endswith(said)


def _record(plan: Plan) -> RunRecord:
    return RunRecord.begin("run-1", plan.marked("run-1"), "a@b", NOW, REQUEST)


def _world(**fields: object) -> World:
    world = service()
    git = world.git.known
    assert isinstance(git, GitState)
    return replace(world, git=Seen(replace(git, **fields), NOW))  # type: ignore[arg-type]


def test_before_the_merge_nothing_goes_on(first: Plan) -> None:
    with pytest.raises(StoppedError, match="not merged yet") as stopped:
        refuse_unmerged(_record(first), _world())
    assert stopped.value.exit_code == ExitCode.STOPPED
    assert "open a pull request of tickets/" in str(stopped.value)


def test_merged_by_a_merge_or_a_rebase_the_mark_is_there(first: Plan) -> None:
    refuse_unmerged(_record(first), _world(marks={"run-1": "a" * 40}))


def test_merged_by_a_squash_the_files_are_there(first: Plan) -> None:
    files = {**(service().git.known or GitState("", "", "", "")).files, **committed(first)}
    refuse_unmerged(_record(first), _world(files=files))
    assert merged(_record(first)).branch == "main"


def test_a_run_that_waits_for_nothing_is_not_continued(whole: Plan) -> None:
    with pytest.raises(StoppedError, match="waits for no merge"):
        refuse_unmerged(_record(whole), _world())


def test_after_the_merge_the_same_request_plans_the_rest(first: Plan, whole: Plan) -> None:
    files = committed(first)
    charts = Charts(files, older={})
    world = service(files=files)
    applications = world.applications.known
    assert applications is not None
    older = replace(applications[0], deployed="b" * 40, revision="b" * 40)
    fresh = service()
    world = replace(world, applications=Seen((older,), NOW), resources=fresh.resources, topics=fresh.topics)
    rest = by_pull_request(create_topic.plan(REQUEST, world, means(charts)), BRANCHES)
    assert rest.request_to_merge is None
    assert [step.title for step in rest.steps] == [step.title for step in whole.steps[1:]]


# The run opens the pull request


@pytest.fixture(scope="module")
def opening(whole: Plan) -> Plan:
    return by_pull_request(whole, REQUESTS)


def _opened(plan: Plan) -> OpenPullRequest:
    action = plan.steps[1].action
    assert isinstance(action, OpenPullRequest)
    return action


def _seen(plan: Plan, *requests: PullRequest, **fields: object) -> World:
    action = _opened(plan)
    look = RequestsOf(action.branch, action.base)
    return replace(_world(**fields), requests={look: Seen(requests, NOW)})


def _request(plan: Plan, **fields: object) -> PullRequest:
    action = _opened(plan)
    found = PullRequest(
        7, "https://x/pull/7", action.branch, "main", head="h" * 40, runs=("run-1",), ours=True
    )
    return replace(found, **{"mergeable": True, "rules": "clean", **fields})  # type: ignore[arg-type]


def test_the_first_plan_ends_with_the_pull_request(opening: Plan, whole: Plan) -> None:
    assert [type(step.action) for step in opening.steps] == [CommitFiles, OpenPullRequest]
    action = _opened(opening)
    assert action.branch == _commit(opening).branch
    assert (action.project, action.base) == ("git.example.org/lab/phalanx", "main")
    assert action.title == _commit(opening).message.partition("\n")[0]
    assert opening.steps[1].undo == ClosePullRequest(action.project, action.branch, "main")
    assert opening.ends_with == f"waits for the merge of {action.branch} into main"
    marked = opening.marked("run-1").steps[1]
    assert marked.proof == (Requested(action.branch, "main", "run-1"),)
    assert marked.given_up == RequestClosed(action.branch, "main", "run-1")
    assert by_pull_request(whole, REQUESTS).digest == opening.digest


def test_its_text_is_the_plan(opening: Plan, whole: Plan) -> None:
    body = _opened(opening).body
    assert body.startswith("Create topic")
    assert "1. change" in body and ": this pull request" in body
    for number, step in enumerate(whole.steps[1:], 2):
        assert f"{number}. {step.title} *(after the merge)*" in body
    assert f"- {whole.words[0]}" in body
    assert "kind: KafkaTopic" in body
    assert "`prompt-kafka run continue RUN -e lab`" in body


def test_without_a_token_a_person_opens_it(whole: Plan) -> None:
    plan = by_pull_request(whole, REQUESTS, closed="no token in X")
    assert [type(step.action) for step in plan.steps] == [CommitFiles]
    assert plan.notes[0] == "a person opens the pull request: no token in X"
    assert "https://git.example.org/lab/phalanx/compare/main..." in plan.notes[1]


def test_the_line_by_hand_opens_it_with_the_runs_line(opening: Plan) -> None:
    action = opening.marked("run-1").steps[1].action
    lines = by_hand(action, "lab")
    assert lines.startswith("gh pr create --repo git.example.org/lab/phalanx --base main --head tickets/")
    assert "\nPrompt-Kafka-Run: run-1\n" in lines
    assert "# or: https://git.example.org/lab/phalanx/compare/main...tickets/" in lines
    assert len(shortened(lines).splitlines()) == 2
    merge = MergePullRequest("github.com/a/b", "t", "main", 7, "c" * 40, "squash")
    assert by_hand(merge, "lab").startswith(
        "gh pr merge 7 --repo github.com/a/b --squash --match-head-commit c"
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (None, "there is no open pull request"),
        ({}, ""),
        ({"state": "merged"}, ""),
        ({"runs": (), "ours": False}, ""),
        ({"runs": ("run-0",)}, "still has the text of run run-0"),
        ({"runs": ("run-0",), "state": "merged"}, "of an earlier run is merged already"),
        ({"state": "closed"}, "there is no open pull request"),
    ],
)
def test_when_it_is_there(fields: dict[str, object] | None, said: str, opening: Plan) -> None:
    world = _seen(opening, *([] if fields is None else [_request(opening, **fields)]))
    verdict = opening.marked("run-1").steps[1].proof[0].judge(world)
    assert verdict.holds is (not said)
    assert said in verdict.because
    closed = opening.marked("run-1").steps[1].given_up
    assert closed is not None
    assert closed.judge(world).holds is (fields == {"state": "closed"})


def test_what_was_not_seen_is_unknown(opening: Plan) -> None:
    action = _opened(opening)
    look = RequestsOf(action.branch, "main")
    world = replace(_world(), requests={look: Seen(Unknown("GitHub does not answer"), NOW)})
    conditions = (
        Requested(action.branch, "main", "run-1"),
        RequestClosed(action.branch, "main", "run-1"),
        Mergeable(action.branch, "main", 7, "h"),
        Merged(action.branch, "main", 7),
        BranchGone(action.branch, "main", 7),
    )
    for condition in conditions:
        assert condition.needs_to_see == {look}
        assert condition.judge(world).answer is Answer.UNKNOWN
    with pytest.raises(StoppedError, match="is unknown, because GitHub does not answer"):
        refuse_unmerged(_record(opening), world)


@pytest.mark.parametrize(
    ("fields", "said", "waits"),
    [
        ({}, "nothing is in its way, and nobody has merged it", True),
        ({"checks": (Check("ci", "pending"),), "rules": "blocked"}, "check not done yet: ci", True),
        ({"rules": "blocked"}, "the rules of main want something more, such as an approving review", True),
        ({"mergeable": None, "rules": "unknown"}, "GitHub has not worked out yet", True),
        ({"checks": (Check("ci", "failed"),)}, "check failed: ci", False),
        ({"objections": ("grace",)}, "changes are asked for by grace", False),
        ({"mergeable": False, "rules": "dirty"}, "it conflicts with main", False),
        ({"rules": "behind"}, "must first be brought up to date with main", False),
    ],
)
def test_before_the_merge_it_is_told_what_it_waits_for(
    fields: dict[str, object], said: str, waits: bool, opening: Plan
) -> None:
    record, request = _record(opening), _request(opening, **fields)
    world = _seen(opening, request)
    assert standing(record, world).startswith("pull request #7 is not merged yet: ")
    assert said in standing(record, world)
    assert request.hopeless is not waits
    with pytest.raises(StoppedError) as stopped:
        refuse_unmerged(record, world)
    assert said in stopped.value.what and stopped.value.where == "https://x/pull/7"
    assert (merging(record, world, BY_RUN) is not None) is (not request.lacks)


def test_closed_without_a_merge_its_run_goes_on_no_more(opening: Plan) -> None:
    closed = _request(opening, state="closed", by="grace", because="not this week")
    with pytest.raises(StoppedError, match="was closed without a merge by grace: not this week") as stopped:
        refuse_unmerged(_record(opening), _seen(opening, closed))
    assert "reopen it there" in str(stopped.value)


def test_it_is_merged_by_the_run_only_where_that_is_configured(opening: Plan) -> None:
    record, world = _record(opening), _seen(opening, _request(opening))
    assert looks_before(record) >= world.requests.keys()
    assert merging(record, world, REQUESTS) is None
    plan = merging(record, world, BY_RUN)
    assert plan is not None
    step, deleting = plan.steps
    assert isinstance(step.action, MergePullRequest)
    assert isinstance(deleting.action, DeleteBranch)
    kept = replace(BY_RUN, pull_request=replace(BY_RUN.pull_request, delete_branch=False))
    shorter = merging(record, world, kept)
    assert shorter is not None and len(shorter.steps) == 1
    assert (step.action.head, step.action.method, step.action.of) == ("h" * 40, "squash", "run-1")
    assert all(need.judge(world).holds for need in step.needs)
    pushed = _seen(opening, _request(opening, head="i" * 40))
    assert "somebody has pushed" in step.needs[0].judge(pushed).because
    done = _seen(opening, _request(opening, state="merged"), marks={"run-1": "a" * 40})
    assert step.proof[0].judge(done).holds
    assert not deleting.proof[0].judge(done).holds
    gone = _seen(opening, _request(opening, state="merged", there=False))
    assert deleting.proof[0].judge(gone).holds
    assert merging(record, done, BY_RUN) is None
    refuse_unmerged(record, done)


def test_a_text_says_which_run_it_is_of() -> None:
    assert text_of("x", "").count("Prompt-Kafka-Run: by hand") == 1


def test_where_the_address_does_not_tell_the_repository_is_asked_for(whole: Plan) -> None:
    with pytest.raises(UsageError, match=r"which repository at GitHub is https://git\.example\.org/"):
        by_pull_request(whole, replace(REQUESTS, pull_request=PullRequests()))
