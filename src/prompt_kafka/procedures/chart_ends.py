"""What ends a change of topics or users: the deletion by name, and what the reader should know in the end."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.actions import Delete
from prompt_kafka.core.conditions import Condition, TargetIs
from prompt_kafka.core.delivered import FilesAre
from prompt_kafka.core.objects import ResourceState
from prompt_kafka.core.plan import Step
from prompt_kafka.procedures.chart_change import PROOF_S, Change
from prompt_kafka.procedures.proof import finished
from prompt_kafka.procedures.proof import notes as proof_notes
from prompt_kafka.procedures.sync_order import home


def deletion(
    change: Change,
    live: ResourceState,
    proof: Condition,
    *,
    title: str,
    why: str,
    typed: str,
    disruptive: bool,
) -> Step:
    """Return the step that deletes a topic's or user's resource by name: no sync prunes it.

    Parameters
    ----------
    live
        The resource, and only the one of its UID.
    typed
        What is typed to confirm it.
    """
    world, git = change.ground.world, change.ground.git
    needs: list[Condition] = [TargetIs(world.target.cluster_id)]
    if change.files:
        needs.append(FilesAre(git.branch, tuple((each.path, each.blobs[1]) for each in change.files)))
    return Step(
        title=title,
        why=why,
        action=Delete(live.kind.lower(), live.name, home(world), live.uid),
        needs=tuple(needs),
        proof=(proof,),
        timeout_s=PROOF_S,
        disruptive=disruptive,
        irreversible=True,
        typed=typed,
    )


def notes_of_removal(change: Change, command: str) -> Iterator[str]:
    """Yield where the objects stay although Git has them no more, and the command that ends that."""
    for environment, found in change.elsewhere.items():
        if found.removed:
            yield (
                f"Git has it no more for {environment} either; there it stays until: "
                f"prompt-kafka {command} -e {environment}"
            )


def notes_at_end(change: Change, stable_s: float) -> Iterator[str]:
    """Yield what the notes of every such change end with: other environments, the level of the proof."""
    yield from notes_of_others(change)
    world, canary = change.ground.world, change.ground.means.canary
    yield from proof_notes(finished(world, canary=canary, stable_s=stable_s))


def notes_of_others(change: Change) -> Iterator[str]:
    """Yield what the edit does in other environments, and that Argo CD may be quicker."""
    for name, there in change.elsewhere.items():
        kept = [f"{kind} {each}" for kind, each in there.all if (kind, each) not in there.removed]
        if kept:
            yield f"{name} gets it too, with its next sync: {', '.join(kept)}"
    if change.ground.argo.automated:
        yield f"{change.ground.argo.name} syncs by itself: Argo CD may be quicker, and then does all at once"
