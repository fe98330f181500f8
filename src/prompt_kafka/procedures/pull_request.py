"""A pull request in between makes two plans of one: the change, on a branch of its own, and later the rest.

Nothing waits in between: the first run ends, and the Lease is free. After the merge, however it was made, the
same request is planned anew, and finds its change in Git.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.conditions import Condition
from prompt_kafka.core.delivered import Committed
from prompt_kafka.core.environments import EnvironmentRenders
from prompt_kafka.core.errors import StoppedError
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import World

_HOSTED = re.compile(
    r"(?:https://(?:[^@/]*@)?|ssh://(?:[^@/]*@)?|[\w.-]+@)([\w.-]+)(?::\d+)?[:/](.+?)(?:\.git)?/?"
)


def by_pull_request(plan: Plan, environment: Environment) -> Plan:
    """Return the first of two plans, where changes go to branches of their own; else the plan as it is."""
    index = next((i for i, step in enumerate(plan.steps) if isinstance(step.action, CommitFiles)), None)
    if environment.delivery != "branch" or index is None:
        return plan
    step = plan.steps[index]
    assert isinstance(step.action, CommitFiles)
    branch = environment.branch_pattern.format(change=_change(plan, step.action))
    own = replace(step.action, branch=branch, base=step.action.branch)
    first = _on_branch(step, own)
    steps = (*plan.steps[:index], first)
    notes = (
        how_to_open(own),
        f"this plan ends there; after the merge: prompt-kafka run continue RUN -e {environment.name}",
        *(f"then to come: {each.title}" for each in plan.steps[index + 1 :]),
        *plan.notes,
    )
    return replace(plan, steps=steps, notes=notes)


def _change(plan: Plan, action: CommitFiles) -> str:
    """Return a word for a change, the same each time it is planned."""
    text = "".join(f"{each.path} {each.blobs[1]}\n" for each in action.files)
    return f"{plan.procedure.replace(' ', '-')}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _on_branch(step: Step, own: CommitFiles) -> Step:
    blobs = tuple((each.path, each.blobs[1]) for each in own.files)
    count = f"{len(own.files)} file{'s' if len(own.files) > 1 else ''}"
    return replace(
        step,
        title=f"commit {count} to {own.branch}, a branch from {own.base}",
        why="everything reaches the service through Git, and here through a pull request",
        action=own,
        proof=(Committed(own.branch, blobs, own=True), *_on(own.branch, step.proof)),
        undo=own.undone,
    )


def _on(branch: str, proof: tuple[Condition, ...]) -> Iterator[Condition]:
    """Yield what else proves the commit, on its own branch."""
    for each in proof:
        if isinstance(each, EnvironmentRenders):
            yield replace(each, branch=branch, own=True)


def how_to_open(commit: CommitFiles) -> str:
    """Return what a person does with the branch: a link where the repository's host is known."""
    into = f"open a pull request of {commit.branch} into {commit.base}"
    hosted = _HOSTED.fullmatch(commit.repository)
    if hosted is None:
        return f"{into}; or merge it by hand: git merge {commit.branch}"
    return f"{into}: https://{hosted[1]}/{hosted[2]}/compare/{commit.base}...{commit.branch}"


def merged(record: RunRecord) -> Committed:
    """Return the condition that a run's change is on the branch that Argo CD follows.

    Raises
    ------
    StoppedError
        The run waits for no merge.
    """
    commit = record.plan.request_to_merge
    if commit is None or record.request is None:
        raise StoppedError(f"run {record.id} waits for no merge", next=f"prompt-kafka run show {record.id}")
    return Committed(commit.base, tuple((each.path, each.blobs[1]) for each in commit.files), record.id)


def refuse_unmerged(record: RunRecord, world: World) -> None:
    """Refuse to go on before the change is merged.

    Raises
    ------
    StoppedError
        Neither a commit with the run's mark is there, nor the files as they were to be.
    """
    commit, verdict = record.plan.request_to_merge, merged(record).judge(world)
    if not verdict.holds and commit is not None:
        raise StoppedError(
            f"not merged yet: {verdict.because}", where=commit.repository, next=how_to_open(commit)
        )
