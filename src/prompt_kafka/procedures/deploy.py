"""*Deployment*: a commit of the branch that Argo CD follows comes to the cluster, in a safe order, proved.

The charts are rendered as they are deployed and as they are wanted, and what is different is judged before
anything is asked for. The commit that was judged is the one that is synced.
"""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.core.delivered import ApplicationSynced
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import DeployRequest
from prompt_kafka.core.world import Look, World
from prompt_kafka.procedures import rollout, rollout_guards
from prompt_kafka.procedures.proof import finished
from prompt_kafka.procedures.proof import notes as proof_notes
from prompt_kafka.procedures.rendered import difference
from prompt_kafka.procedures.rollout import Rollout
from prompt_kafka.procedures.table import Means


def needs_to_see(request: DeployRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return rollout.LOOKS


def plan(request: DeployRequest, world: World, means: Means) -> Plan:
    """Plan a deployment.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.git_guards` and
        :mod:`~prompt_kafka.procedures.rollout_guards`.
    """
    git, argo = rollout.ground(world, means)
    wanted = rollout_guards.known_revision(git, request.revision) if request.revision else git.head
    rollout_guards.not_behind(git, argo, wanted)
    rollout_guards.not_by_itself(git, argo, wanted)
    here = argo.environment or world.target.environment
    known = argo.deployed in git.commits
    after = means.render(here, {}, wanted)
    newest = means.render(here, {}, git.head) if wanted != git.head else after
    coming = Rollout(
        world=world,
        git=git,
        argo=argo,
        canary=means.canary,
        stable_s=request.stable_s,
        before=means.render(here, {}, argo.deployed) if known else (),
        after=after,
        revision=wanted,
        besides=tuple(" ".join(key) for key in difference(after, newest).all),
    )
    levels = rollout.guard(coming)
    was = argo.deployed[:12] if known else "nothing that is known"
    summary = f"deploy {argo.name}: {was} → {wanted[:12]}"
    if not coming.due:
        return _nothing_due(coming, world, summary)
    return Plan(
        procedure="deploy",
        target=world.target,
        summary=summary,
        steps=tuple(rollout.steps(coming, levels)),
        notes=(*levels.notes, *_notes(coming, known=known), *_operator(world, means)),
        resources=rollout.shown(coming),
    )


def _nothing_due(coming: Rollout, world: World, summary: str) -> Plan:
    """Return the plan where the cluster has the commit already: nothing, or only its proof."""
    argo = coming.argo
    proof = finished(world, canary=False, stable_s=0.0).judge(world)
    synced = ApplicationSynced(argo.name, revision=argo.deployed, besides=coming.besides).judge(world)
    left = tuple(rollout.left(coming))
    if not proof.holds:
        return Plan("deploy", world.target, summary, steps=(rollout.prove(coming),), notes=left)
    same = "" if argo.deployed == coming.revision else f", and {coming.revision[:12]} renders the same"
    words = synced.because if synced.holds else f"{argo.name} has {argo.deployed[:12]}"
    because = f"{words}{same}; {proof.because}"
    return Plan("deploy", world.target, summary, nothing_because="; ".join((because, *left)))


def _operator(world: World, means: Means) -> Iterator[str]:
    """Yield that the operator's own application is not as Git has it: that is not brought along."""
    name = means.environment.operator_application
    for each in world.applications.known or ():
        if each.name == name and each.different:
            yield (
                f"the operator's application {name} differs from Git too ({', '.join(each.different[:3])}): "
                "it stays as it is; prompt-kafka upgrade strimzi brings it"
            )


def _notes(coming: Rollout, *, known: bool) -> Iterator[str]:
    argo, git = coming.argo, coming.git
    if not known:
        yield "what is deployed is no commit of this branch that is known: everything is synced"
    yield from (str(effect) for effect in coming.effects)
    yield from rollout.left(coming)
    drifted = [each for each in argo.different if tuple(each.split(" ", 1)) in coming.due]
    brought = {" ".join(key) for key in coming.brought.all}
    for each in drifted:
        if each not in brought:
            yield f"{each} was changed in the cluster: it is put back (prompt-kafka diff says by whom)"
    if coming.besides:
        yield f"{git.head[:12]} is newer and stays undeployed: {', '.join(coming.besides[:5])}"
    if argo.automated:
        yield f"{argo.name} syncs by itself: all comes at once, in Argo CD's order"
    if coming.world.topics.known is None:
        yield f"not checked: whether Kafka can lay topics out so ({coming.world.topics.because})"
    yield from proof_notes(finished(coming.world, canary=coming.canary, stable_s=coming.stable_s))
