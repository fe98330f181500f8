"""A pull request in between makes two plans of one: the change, on a branch of its own, and later the rest.

Nothing waits in between: the first run ends, and the Lease is free. After the merge, however it was made, the
same request is planned anew, and finds its change in Git. Where the run is to merge, that is a plan too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.conditions import Condition
from prompt_kafka.core.delivered import Committed
from prompt_kafka.core.environments import EnvironmentRenders
from prompt_kafka.core.errors import StoppedError, UsageError
from prompt_kafka.core.forge import Project, PullRequest, chosen, project_of
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.pull_requests import ClosePullRequest, DeleteBranch, MergePullRequest, OpenPullRequest
from prompt_kafka.core.requested import BranchGone, Mergeable, Merged, RequestClosed, Requested
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.service import Environment, PullRequests
from prompt_kafka.core.world import Look, RequestsOf, World, unseen
from prompt_kafka.procedures.pull_request_text import body_of

OPEN_S = 120.0
UNSAID = PullRequests()


def by_pull_request(plan: Plan, environment: Environment, *, closed: str = "") -> Plan:
    """Return the first of two plans, where changes go to branches of their own; else the plan as it is.

    Parameters
    ----------
    closed
        Why the forge is closed to us: then a person opens the pull request. Empty where it is not.
    """
    index = next((i for i, step in enumerate(plan.steps) if isinstance(step.action, CommitFiles)), None)
    if environment.delivery == "push" or index is None:
        return plan
    step = plan.steps[index]
    assert isinstance(step.action, CommitFiles)
    branch = environment.branch_pattern.format(change=_change(plan, step.action))
    own = replace(step.action, branch=branch, base=step.action.branch)
    opens = environment.delivery == "pull-request" and not closed
    first = [_on_branch(step, own), *([_opening(plan, own, environment)] if opens else [])]
    by_person = () if opens else (how_to_open(own, environment.pull_request),)
    notes = (
        *((f"a person opens the pull request: {closed}",) if closed else ()),
        *by_person,
        f"this plan ends there; after the merge: prompt-kafka run continue RUN -e {environment.name}",
        *(f"then to come: {each.title}" for each in plan.steps[index + 1 :]),
        *plan.notes,
    )
    return replace(plan, steps=(*plan.steps[:index], *first), notes=notes)


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


def _opening(plan: Plan, own: CommitFiles, environment: Environment) -> Step:
    """Return the step that opens the pull request."""
    project = str(_project(own.repository, environment.pull_request))
    title = own.message.partition("\n")[0]
    return Step(
        title=f"open a pull request of {own.branch} into {own.base}",
        why="somebody else reads the change before it reaches the service",
        action=OpenPullRequest(project, own.branch, own.base, title, body_of(plan, own, environment.name)),
        proof=(Requested(own.branch, own.base),),
        given_up=RequestClosed(own.branch, own.base),
        lost="reopen it and resume the run; or abort the run",
        timeout_s=OPEN_S,
        undo=ClosePullRequest(project, own.branch, own.base),
    )


def _project(address: str, terms: PullRequests) -> Project:
    found = project_of(address, terms.repository, terms.url)
    if found is None:
        raise UsageError(
            f"which repository at GitHub is {address}?",
            next="set `pull_request.repository` (owner/name) in service.yaml",
        )
    return found


def how_to_open(commit: CommitFiles, terms: PullRequests = UNSAID) -> str:
    """Return what a person does with the branch: a link where the repository's host is known."""
    into = f"open a pull request of {commit.branch} into {commit.base}"
    project = project_of(commit.repository, terms.repository, terms.url)
    if project is None:
        return f"{into}; or merge it by hand: git merge {commit.branch}"
    return f"{into}: {project.comparison(commit.base, commit.branch)}"


def where_to_merge(record: RunRecord) -> str:
    """Return where a run's change waits: its pull request, or how to open one."""
    for step, done in zip(record.plan.steps, record.steps, strict=True):
        if isinstance(step.action, OpenPullRequest):
            return "; ".join(done.evidence)
    commit = record.plan.request_to_merge
    return how_to_open(commit) if commit else ""


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


def looks_before(record: RunRecord) -> frozenset[Look]:
    """Return what is looked at to know whether a run's change is merged, and what it waits for."""
    opened = _opened(record)
    asked: frozenset[Look] = frozenset({RequestsOf(opened.branch, opened.base)}) if opened else frozenset()
    return merged(record).needs_to_see | asked


def _opened(record: RunRecord) -> OpenPullRequest | None:
    actions = (step.action for step in record.plan.steps)
    return next((each for each in actions if isinstance(each, OpenPullRequest)), None)


def request_of(record: RunRecord, world: World) -> PullRequest | None:
    """Return a run's pull request as it stands; None where it has opened none, or it was not seen."""
    opened = _opened(record)
    if opened is None:
        return None
    seen = world.requests.get(RequestsOf(opened.branch, opened.base), unseen())
    return chosen(seen.known or (), record.id)


def standing(record: RunRecord, world: World) -> str:
    """Return, in a sentence, what a run's change waits for."""
    found = request_of(record, world)
    if found is None or found.state != "open":
        return merged(record).judge(world).because
    said = "; ".join(found.lacks) or "nothing is in its way, and nobody has merged it"
    return f"{found} is not merged yet: {said}"


def refuse_unmerged(record: RunRecord, world: World) -> None:
    """Refuse to go on before the change is merged.

    Raises
    ------
    StoppedError
        Neither a commit with the run's mark is there, nor the files as they were to be: with what the pull
        request waits for, or how it was closed.
    """
    commit, verdict = record.plan.request_to_merge, merged(record).judge(world)
    if verdict.holds or commit is None:
        return
    found = request_of(record, world)
    if found is not None and found.state == "closed":
        raise StoppedError(
            f"{found} {found.closed}",
            where=found.url,
            next="reopen it there and continue again; or ask for the change anew, as you want it now",
        )
    if found is not None and found.state == "open":
        raise StoppedError(
            standing(record, world),
            where=found.url,
            next="continue after the merge, or give --wait 2h",
        )
    because = verdict.because
    if found is None and (opened := _opened(record)) is not None:
        seen = world.requests.get(RequestsOf(opened.branch, opened.base), unseen())
        because += f"; its pull request is unknown, because {seen.because}" if seen.because else ""
    raise StoppedError(f"not merged yet: {because}", where=commit.repository, next=how_to_open(commit))


def merging(record: RunRecord, world: World, environment: Environment) -> Plan | None:
    """Return the plan by which a run's pull request is merged; None where a person does, or not yet."""
    found, opened, terms = request_of(record, world), _opened(record), environment.pull_request
    if found is None or opened is None or terms.merge != "run" or merged(record).judge(world).holds:
        return None
    if found.state != "open" or found.lacks:
        return None
    branch, base, number = opened.branch, opened.base, found.number
    merge = Step(
        title=f"merge {found} into {base}",
        why="its checks have passed, and the rules of the branch allow it",
        action=MergePullRequest(opened.project, branch, base, number, found.head, terms.method, record.id),
        needs=(Mergeable(branch, base, number, found.head),),
        proof=(Merged(branch, base, number),),
        timeout_s=OPEN_S,
    )
    commit = record.plan.request_to_merge
    delete = Step(
        title=f"delete branch {branch}",
        why="what is on it is merged",
        action=DeleteBranch(opened.project, commit.repository if commit else "", branch, found.head),
        proof=(BranchGone(branch, base, number),),
        timeout_s=OPEN_S,
    )
    steps = (merge, delete) if terms.delete_branch else (merge,)
    notes = (f"{found.url}, of run {record.id}",)
    return Plan("merge", record.plan.target, f"{found}: {found.title}", steps=steps, notes=notes)
