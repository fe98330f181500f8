"""A pull request in between makes two linked plans: the first ends on a branch of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prompt_kafka.core.actions import by_hand
from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.errors import ExitCode, StoppedError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import BranchOf, Seen, World
from prompt_kafka.procedures import create_topic
from prompt_kafka.procedures.pull_request import by_pull_request, how_to_open, merged, refuse_unmerged
from tests.topics import Charts, committed, means, request, service
from tests.worlds import NOW

REQUEST = request({"users": {"alert-reader": "read"}})
BRANCHES = Environment("lab", delivery="branch")


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
        ("https://git.example.org/a/phalanx.git", "https://git.example.org/a/phalanx/compare/main...t"),
        ("git@git.example.org:a/phalanx.git", "https://git.example.org/a/phalanx/compare/main...t"),
        ("ssh://git@git.example.org:22/a/phalanx", "https://git.example.org/a/phalanx/compare/main...t"),
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
