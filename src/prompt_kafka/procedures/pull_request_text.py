"""What a pull request says: what is planned, what comes after the merge, and what that will mean."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.plan import Plan


def body_of(plan: Plan, commit: CommitFiles, environment: str) -> str:
    """Return the plan as a pull request's text, in Markdown; the difference is there anyway.

    Parameters
    ----------
    plan
        The whole one.
    """
    return "\n".join(_lines(plan, commit, environment)) + "\n"


def _lines(plan: Plan, commit: CommitFiles, environment: str) -> Iterator[str]:
    _, _, why = commit.message.partition("\n")
    yield f"{plan.summary[:1].upper()}{plan.summary[1:]}, in environment `{environment}`."
    if why.strip():
        yield f"\n{why.strip()}"
    yield "\n## What happens\n"
    before = True
    for number, step in enumerate(plan.steps, 1):
        if before and isinstance(step.action, CommitFiles):
            yield f"{number}. change {_count(commit)}: this pull request"
            before = False
            continue
        yield f"{number}. {step.title}" + ("" if before else " *(after the merge)*")
    if any(step.disruptive for step in plan.steps):
        yield "\nClients may notice it."
    if plan.points_of_no_return:
        yield "\n**It cannot be taken back**: " + "; ".join(s.title for s in plan.points_of_no_return) + "."
    if plan.words:
        yield "\n## Who may then do what\n"
        yield from (f"- {sentence}" for sentence in plan.words)
    if plan.resources:
        yield "\n<details><summary>What it brings to the cluster</summary>\n\n```yaml"
        yield "---\n".join(plan.resources).rstrip("\n").replace("```", "` ` `")
        yield "```\n\n</details>"
    if plan.notes:
        yield "\n## Notes\n"
        yield from (f"- {note}" for note in plan.notes)
    yield f"\nAfter the merge: `prompt-kafka run continue RUN -e {environment}`, with the run below."


def _count(commit: CommitFiles) -> str:
    return f"{len(commit.files)} file{'s' if len(commit.files) != 1 else ''}"
