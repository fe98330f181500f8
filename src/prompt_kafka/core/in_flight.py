"""What of a run is in flight: what was asked of others goes on without the command that asked for it."""

from __future__ import annotations

from prompt_kafka.core.actions import Action, Annotate, AnnotateEach, Delete, Observe
from prompt_kafka.core.changes import CommitFiles, Manual, Refresh, Sync
from prompt_kafka.core.pull_requests import ClosePullRequest, DeleteBranch, MergePullRequest, OpenPullRequest
from prompt_kafka.core.run import RunRecord, StepState


def in_flight(record: RunRecord) -> tuple[str, ...]:
    """Return, in sentences, which step a run is in, what was asked, and what goes on without us."""
    for number, (step, done) in enumerate(zip(record.plan.steps, record.steps, strict=True), 1):
        if done.state is StepState.PROVED:
            continue
        head = f"step {number} of {len(record.steps)}, {step.title}"
        if isinstance(step.action, Observe):
            return (f"{head}: it only looks; nothing is in flight",)
        if done.state is StepState.PENDING:
            return (f"{head}: not begun; nothing is in flight",)
        if step.by_hand:
            return (f"{head}: a person was told how to do it by hand",)
        if done.state is StepState.INTENDED:
            sure = "it was about to be asked for, and may have been: whoever takes the run up looks first"
            return (f"{head}: {sure}", f"if it was asked for, {_goes_on(step.action)}")
        return (f"{head}: it was asked for and is not proved yet", _goes_on(step.action))
    return ("every step is proved; nothing is in flight",)


def resume_line(record: RunRecord) -> str:
    """Return the command that takes a run up."""
    return f"prompt-kafka run resume {record.id} -e {record.plan.target.environment}"


def _goes_on(action: Action) -> str:
    """Return what goes on without the command, as the rest of a sentence."""
    match action:
        case Annotate() | AnnotateEach():
            return "the operator goes on with it"
        case Delete(resource, name):
            return f"{resource} {name} goes, and its owner makes it anew"
        case CommitFiles(_, branch):
            return (
                f"the commit stays on {branch}; nothing else happens by itself unless Argo CD syncs by itself"
            )
        case OpenPullRequest():
            return "the pull request stays open; nothing else happens before somebody merges it"
        case MergePullRequest() | DeleteBranch() | ClosePullRequest():
            return "the forge does it at once or not at all"
        case Refresh() | Sync():
            return "Argo CD goes on with it"
        case Manual():
            return "the person goes on with it"
        case _:
            return "whoever was asked goes on with it"
