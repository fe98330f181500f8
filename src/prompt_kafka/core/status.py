"""*Is it healthy, and if not, what do I do?* One report from a World: the verdict, and each problem with
the command that mends it.

A look judges the instantaneous clauses of "really finished" only; it writes nothing, so it has no canary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from prompt_kafka.core.finished import Clause, clauses
from prompt_kafka.core.objects import BROKER, Nodes, Pod
from prompt_kafka.core.quorum import quorum_of
from prompt_kafka.core.verdict import Answer
from prompt_kafka.core.world import World


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong.

    Attributes
    ----------
    what
        What is wrong, one sentence.
    mend
        The command that mends it, or what to do where there is no command.
    """

    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of ``status``.

    Attributes
    ----------
    answer
        Yes, it is finished; no; or it cannot be told.
    problems
        What is wrong, the most urgent first.
    clauses
        Every clause that was judged, with its verdict.
    warnings
        What is not wrong with Kafka but will be somebody's problem: an application out of sync, a topic
        resource that its operator refuses.
    """

    answer: Answer
    problems: tuple[Problem, ...]
    clauses: tuple[Clause, ...]
    warnings: tuple[Problem, ...]


def report(world: World) -> Report:
    """Judge a World for ``status``."""
    found = clauses(world, canary=False)
    no = [clause for clause in found if clause.verdict.answer is Answer.NO]
    unsure = [clause for clause in found if clause.verdict.answer is Answer.UNKNOWN]
    answer = Answer.NO if no else Answer.UNKNOWN if unsure else Answer.YES
    return Report(answer, tuple(_problems(world, no, unsure)), found, tuple(_warnings(world)))


def _problems(world: World, no: list[Clause], unsure: list[Clause]) -> Iterator[Problem]:
    if world.target.is_another_cluster:
        yield Problem(
            f"this is cluster {world.target.cluster_id}, not {world.target.pinned_id} as pinned",
            f"check the context {world.target.context}; nothing will be changed here",
        )
    nodes = world.nodes.known
    names = {clause.name for clause in no}
    explained: set[str] = set()
    if "quorum led" in names:
        clause = next(c for c in no if c.name == "quorum led")
        yield Problem(
            f"the metadata quorum has no leader: {clause.verdict.because}",
            _command(world, "restart controllers"),
        )
        explained |= {"quorum led", "voters caught up", "brokers registered"}
    if nodes is not None:
        yield from _operator_problems(world, nodes, explained)
        for pod, why in _sick(world, nodes):
            yield Problem(
                f"{pod.name} ({'/'.join(pod.roles)}): {why}", _command(world, f"restart {pod.name}")
            )
            explained |= {
                "pods Ready",
                "voters caught up",
                "brokers registered",
                "none under-replicated",
                "none under min ISR",
                "none offline",
            }
    for clause in no:
        if clause.name not in explained:
            yield Problem(f"{clause.name}: {clause.verdict.because}", _mend(clause, world))
    for reason, group in _by_reason(unsure).items():
        yield Problem(
            f"cannot tell ({', '.join(group)}): {reason}", "mend the way there; nothing was assumed"
        )


def _by_reason(unsure: list[Clause]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for clause in unsure:
        found.setdefault(clause.verdict.because, []).append(clause.name)
    return found


def _operator_problems(world: World, nodes: Nodes, explained: set[str]) -> Iterator[Problem]:
    kafka = nodes.kafka
    failed = next((c for c in kafka.conditions if c.type == "NotReady" and c.reason != "Creating"), None)
    if nodes.operator is not None and not nodes.operator.ready:
        scale = "kubectl --context {} -n {} scale deployment strimzi-cluster-operator --replicas=1"
        yield Problem("the cluster operator is not running", scale.format(world.target.context, "strimzi"))
    if kafka.paused:
        explained |= {"not paused", "Kafka Ready", "generation observed"}
        yield Problem(
            "reconciliation is paused: the operator changes nothing and its status is wiped",
            f"kubectl --context {world.target.context} -n {kafka.namespace} annotate kafka {kafka.name} "
            "strimzi.io/pause-reconciliation-",
        )
    if failed is not None:
        explained |= {"Kafka Ready", "version"}
        mend = {
            "UnsupportedKafkaVersionException": "set a version that this operator supports in the values "
            "file, or go back to the operator before",
        }.get(failed.reason, "the operator tries again by itself; its log says more")
        yield Problem(f"the operator reports {failed.reason}: {failed.message}", mend)


def _sick(world: World, nodes: Nodes) -> Iterator[tuple[Pod, str]]:
    """Yield each pod that is itself the cause, with all that was seen of it."""
    out_of_sync: Counter[int] = Counter()
    for topic in world.topics.known or ():
        for partition in topic.partitions:
            out_of_sync.update(set(partition.replicas) - set(partition.in_sync))
    cluster = world.cluster.known
    fenced = {broker.id for broker in cluster.nodes if broker.fenced} if cluster else set()
    registered = {broker.id for broker in cluster.nodes} if cluster else None
    quorum = quorum_of(world.quorum.known or ())
    behind = set(quorum.behind(within_s=2.0)) if quorum else set()
    silent = {a.address.rpartition(":")[0]: a.unreachable for a in world.quorum.known or () if a.unreachable}
    for pod in nodes.pods:
        seen = []
        if not pod.ready and not pod.deleting:
            seen.append(f"not Ready{f' ({pod.why_not_ready})' if pod.why_not_ready else ''}")
        if pod.is_broker:
            if pod.node_id in fenced:
                seen.append("fenced")
            elif registered is not None and pod.node_id in nodes.wanted_ids(BROKER) - registered:
                seen.append("not registered")
            if out_of_sync[pod.node_id]:
                seen.append(f"out of sync on {out_of_sync[pod.node_id]} partitions")
        if pod.is_controller and quorum is not None:
            if pod.node_id in behind:
                seen.append("behind the quorum's leader")
            if pod.ip in silent:
                seen.append(f"does not answer: {silent[pod.ip]}")
        if seen:
            yield pod, ", ".join(seen)


def _command(world: World, words: str) -> str:
    return f"prompt-kafka {words} -e {world.target.environment}"


def _mend(clause: Clause, world: World) -> str:
    watch = _command(world, "status -w")
    mends = {
        "generation observed": "wait for the operator's next reconciliation; its log says what it is doing",
        "Kafka Ready": "the Kafka resource's conditions say why: kubectl describe kafka",
        "pods on revision": f"a roll is under way, or was given up: {_command(world, 'restart')}",
        "version": f"an upgrade is under way: {watch}",
        "lag within objective": f"are the group's consumers running? {_command(world, 'group list')}",
    }
    return mends.get(clause.name, f"watch it: {watch}")


def _warnings(world: World) -> Iterator[Problem]:
    for resource in world.resources.known or ():
        if not resource.settled:
            yield Problem(
                f"{resource.kind} {resource.name}: {resource.message or resource.reason or 'not Ready yet'}",
                f"kubectl --context {world.target.context} describe {resource.kind.lower()} {resource.name}",
            )
    for application in world.applications.known or ():
        if not application.ready and application.message:
            yield Problem(
                f"application {application.name}: {application.reason}: {application.message}", "Argo CD"
            )
