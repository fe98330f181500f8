"""*Deployment*, back: a Git revert of exactly what a deployment brought, synced and proved.

The application's folder becomes what it was, as one commit on top; other folders stay as they are. Argo CD's
own rollback is not used: it leaves Git ahead of the cluster, and the next sync would bring everything again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.conditions import TargetIs
from prompt_kafka.core.delivered import ApplicationSynced
from prompt_kafka.core.delivery import ROLLBACK, Application, Commit, Folder, GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import RollbackRequest
from prompt_kafka.core.world import Look, World
from prompt_kafka.procedures import delivery, rollout, rollout_guards
from prompt_kafka.procedures.proof import finished
from prompt_kafka.procedures.proof import notes as proof_notes
from prompt_kafka.procedures.rendered import by_key
from prompt_kafka.procedures.rollout import Rollout
from prompt_kafka.procedures.table import Means

RETENTION = "retention.ms"


def needs_to_see(request: RollbackRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return rollout.LOOKS


def plan(request: RollbackRequest, world: World, means: Means) -> Plan:
    """Plan a rollback.

    Raises
    ------
    RefusedError
        As a deployment; and ``nothing-to-roll-back-to``, ``not-text``, ``metadata-rise``.
    """
    git, argo = rollout.ground(world, means)
    if not request.to and (done := _rolled_back(git, argo)):
        because = f"the last deployment was a rollback to {done[:12]} already; give --to to go further back"
        return Plan("rollback", world.target, f"roll back {argo.name}", nothing_because=because)
    to = rollout_guards.known_revision(git, request.to) if request.to else _before(git, argo, means)
    _older(git, argo, to)
    edits = _edits(means.tree(git.head), means.tree(to), to)
    here = argo.environment or world.target.environment
    back = Rollout(
        world=world,
        git=git,
        argo=argo,
        canary=means.canary,
        stable_s=request.stable_s,
        before=means.render(here, {}, argo.deployed),
        after=means.render(here, edits),
    )
    levels = rollout.guard(back)
    undone = [each for each in git.log if not git.contains(to, each.id)]
    summary = f"roll back {argo.name}: {argo.deployed[:12]} → as it was at {to[:12]}"
    synced = ApplicationSynced(argo.name).judge(world)
    proof = finished(world, canary=False, stable_s=0.0).judge(world)
    if not edits and not back.due and synced.holds and proof.holds:
        because = f"{git.folder} is as at {to[:12]}; {synced.because}; {proof.because}"
        return Plan("rollback", world.target, summary, nothing_because=because)
    commit = (_commit(back, to, edits, undone),) if edits else ()
    return Plan(
        procedure="rollback",
        target=world.target,
        summary=summary,
        steps=(*commit, *rollout.steps(back, levels)),
        notes=(*levels.notes, *_notes(back, edits, undone)),
        resources=rollout.shown(back),
    )


def _rolled_back(git: GitState, argo: Application) -> str:
    """Return where the deployed commit took the folder back to; empty when it is no rollback."""
    newest = next((each for each in git.log if git.contains(argo.deployed, each.id)), None)
    return newest.restores if newest else ""


def _before(git: GitState, argo: Application, means: Means) -> str:
    """Return the commit that was deployed before, with another state of the folder."""
    if argo.deployed in git.commits:
        now = means.tree(argo.deployed)
        for revision in reversed(argo.history):
            if revision in git.commits and revision != argo.deployed and means.tree(revision) != now:
                return revision
    raise RefusedError(
        "nothing-to-roll-back-to",
        f"the history of {argo.name} has no other deployment that is on {git.branch}",
        where=f"Application {argo.namespace}/{argo.name}",
        next=f"give --to COMMIT: git log {git.branch} -- {git.folder}",
    )


def _older(git: GitState, argo: Application, to: str) -> None:
    if argo.deployed not in git.commits:
        raise RefusedError(
            "unknown-revision",
            f"what is deployed, {argo.deployed[:12] or 'nothing'}, is no commit of {git.branch}",
            where=f"Application {argo.namespace}/{argo.name}",
            next="prompt-kafka deploy",
        )
    if to != argo.deployed and git.contains(to, argo.deployed):
        raise RefusedError(
            "ahead-of-deployed",
            f"{to[:12]} is newer than what is deployed, {argo.deployed[:12]}",
            where=git.repository,
            next=f"prompt-kafka deploy --revision {to[:12]}",
        )


def _edits(now: Folder, then: Folder, to: str) -> dict[str, str | None]:
    """Return the files that are different then, None for one that was not there."""
    if odd := sorted({*now.others.items()} ^ {*then.others.items()}):
        raise RefusedError(
            "not-text",
            f"{odd[0][0]} has changed since and is no plain text file: it cannot be shown and restored here",
            next=f"git revert by hand, so that the folder is as at {to[:12]}; then prompt-kafka deploy",
        )
    paths = sorted(now.texts.keys() | then.texts.keys())
    return {path: then.texts.get(path) for path in paths if now.texts.get(path) != then.texts.get(path)}


def _commit(back: Rollout, to: str, edits: Mapping[str, str | None], undone: list[Commit]) -> Step:
    git = back.git
    files = tuple(FileChange(path, git.files.get(path), text) for path, text in edits.items())
    taken = "\n".join(f"- {each.id[:12]} {each.subject}" for each in undone)
    message = (
        f"Roll back {back.argo.name} to {to[:12]}\n\nTakes back in {git.folder}:\n{taken}\n\n{ROLLBACK}: {to}"
    )
    return delivery.commit(git, message, files, (TargetIs(back.world.target.cluster_id),))


def _notes(back: Rollout, edits: Mapping[str, str | None], undone: list[Commit]) -> Iterator[str]:
    if edits:
        yield from (f"takes back {each.id[:12]} {each.subject} ({each.author})" for each in undone)
    yield from (str(effect) for effect in back.effects)
    yield from rollout.left(back)
    yield from _lost(back)
    if back.argo.automated:
        yield f"{back.argo.name} syncs by itself: all comes at once, in Argo CD's order"
    yield from proof_notes(finished(back.world, canary=back.canary, stable_s=back.stable_s))


def _lost(back: Rollout) -> Iterator[str]:
    """Yield what no revert brings back."""
    before, after = by_key(back.before), by_key(back.after)
    for key in sorted(back.brought.changed):
        if key[0] != "KafkaTopic":
            continue
        kept = [(m[key].get("spec") or {}).get("config", {}).get(RETENTION) for m in (before, after)]
        if all(isinstance(each, int) for each in kept) and 0 <= kept[0] != kept[1] and _longer(*kept):
            yield f"cannot be undone: what the shorter retention of topic {key[1]} has deleted meanwhile"


def _longer(before: int, after: int) -> bool:
    return after < 0 or after > before
