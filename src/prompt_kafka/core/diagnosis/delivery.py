"""The layer of the delivery: what Git asks for and the cluster does not have."""

from __future__ import annotations

from prompt_kafka.core.cause import Cause, Kind
from prompt_kafka.core.delivery import Application
from prompt_kafka.core.diagnosis.evidence import Evidence, Found
from prompt_kafka.core.objects import ResourceState

NO_BROKER = ("timed out", "TimeoutException", "no broker", "ExecutionException", "refused", "not available")
"""Words of a refusal that says no more than that the brokers did not answer."""


def resources(evidence: Evidence, found: Found) -> None:
    """Find topics and users that their operator refuses, and a canary that is half there."""
    known = evidence.world.resources.known
    if known is None:
        return
    _canary(evidence, found, known)
    waiting = found.has(Kind.ENTITY_OPERATOR_DOWN)
    refused: dict[str, list[ResourceState]] = {}
    for each in known:
        if each.settled or (waiting and each.observed_generation < each.generation):
            continue
        why = each.message or each.reason
        if _brokers_are_away(evidence, found) and (
            not why or any(word in f"{each.reason} {why}" for word in NO_BROKER)
        ):
            continue
        refused.setdefault(why or "its operator has not answered yet", []).append(each)
    for why, group in refused.items():
        first = group[0]
        more = f" (and {len(group) - 1} more)" if len(group) > 1 else ""
        what = f"{first.kind} {first.name}{more} is not Ready: {why}"
        mend = evidence.kubectl(f"describe {first.kind.lower()} {first.name}")
        found.add(Cause(Kind.RESOURCE_REFUSED, tuple(each.name for each in group), what, mend))


def _brokers_are_away(evidence: Evidence, found: Found) -> bool:
    """Return whether it is known, or cannot be excluded, that brokers or controllers do not answer."""
    world = evidence.world
    blind = world.quorum.known is None or world.cluster.known is None or world.topics.known is None
    return blind or any(not cause.is_notice for cause in found.causes)


def _canary(evidence: Evidence, found: Found, known: tuple[ResourceState, ...]) -> None:
    access = evidence.world.environment.kafka
    there = {(each.kind, each.name) for each in known}
    topic, user = ("KafkaTopic", access.canary_topic), ("KafkaUser", access.canary_user)
    if (topic in there) == (user in there):
        return
    kind, name = user if topic in there else topic
    what = f"{kind} {name} is missing: without it a proof has no canary message"
    found.add(Cause(Kind.CANARY_MISSING, (name,), what, evidence.command("deploy")))


def applications(evidence: Evidence, found: Found) -> None:
    """Find Applications that Argo CD cannot bring to what Git says, and Git that is ahead."""
    for each in evidence.world.applications.known or ():
        cause = _of(evidence, found, each)
        if cause is not None:
            found.add(cause)
    _not_compared(evidence, found)


def _of(evidence: Evidence, found: Found, each: Application) -> Cause | None:
    operation = each.operation
    names = (each.name,)
    if each.problems:
        what = f"Argo CD cannot compare application {each.name}: {each.message}"
        return Cause(Kind.SYNC_FAILED, names, what, evidence.command("diff"))
    failed = operation is not None and operation.phase in ("Failed", "Error")
    if each.busy is None and failed and operation is not None and each.sync != "Synced":
        what = f"the last sync of application {each.name} failed: {operation.message or operation.phase}"
        return Cause(Kind.SYNC_FAILED, names, what, evidence.command("diff"))
    if each.busy is not None:
        return None
    if each.sync == "OutOfSync" and each.different:
        which = ", ".join(each.different[:3]) + (" …" if len(each.different) > 3 else "")
        if each.revision and each.deployed and each.revision != each.deployed:
            what = f"Git is ahead of application {each.name} ({each.revision[:10]} not deployed): {which}"
            return Cause(Kind.NOT_DEPLOYED, names, what, evidence.command("deploy"))
        if found.has(Kind.PAUSED, Kind.OPERATOR_DOWN, Kind.ENTITY_OPERATOR_DOWN):
            return None
        what = f"application {each.name} was changed in the cluster, past Git: {which}"
        return Cause(Kind.DRIFTED, names, what, evidence.command("diff"))
    if each.health == "Degraded" and not found.causes and not _brokers_are_away(evidence, found):
        what = f"application {each.name} is Degraded in Argo CD, and nothing in it looks sick from here"
        return Cause(Kind.DEGRADED, names, what, evidence.command("diff"))
    return None


def _not_compared(evidence: Evidence, found: Found) -> None:
    """Say that Git holds commits for our application which Argo CD has not even compared."""
    branch, ours = evidence.world.tip.known, evidence.world.environment.application
    application = next((a for a in evidence.world.applications.known or () if a.name == ours), None)
    if branch is None or application is None or not application.revision or found.has(Kind.NOT_DEPLOYED):
        return
    if application.revision == branch.head or application.revision not in branch.commits:
        return
    newer = branch.commits.index(application.revision)
    what = f"Git is {newer} commits ahead of what Argo CD has compared for application {ours}"
    found.add(Cause(Kind.NOT_DEPLOYED, (ours,), what, evidence.command("deploy")))
