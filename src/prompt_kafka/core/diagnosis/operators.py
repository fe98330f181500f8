"""The layer of the operators: do they run, may they act, and what do they refuse?

A stale status explains itself by whoever should have written it: while the operator is down or told to pause,
nothing it says about Kafka is news.
"""

from __future__ import annotations

from prompt_kafka.core.cause import WAITS, Cause, Kind
from prompt_kafka.core.diagnosis.evidence import Evidence, Found
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.objects import StatusCondition
from prompt_kafka.core.versions import check_kafka, key, line, supported

STALE = ("generation observed", "Kafka Ready", "version")
OPERATOR = "strimzi-cluster-operator"
ROLLER = (
    "FatalProblem",
    "UnforceableProblem",
    "ForceableProblem",
    "TimeoutException",
    "StrimziTimeoutException",
)
"""With these reasons the operator's roller gave up for this time; it begins anew at each reconciliation."""
SPEC = ("InvalidResourceException", "InvalidConfigurationException")


def cluster_operator(evidence: Evidence, found: Found) -> None:
    """Find an operator that is down, told to pause, or that refuses what it is asked for."""
    kafka, operator = evidence.nodes.kafka, evidence.nodes.operator
    if operator is not None and not operator.ready and not (evidence.down and operator.replicas):
        space = evidence.world.environment.operator_namespace
        asked = "scaled to 0" if operator.replicas == 0 else "its pod is not Ready"
        scale = f"scale deployment {OPERATOR} --replicas=1"
        mend = scale if operator.replicas == 0 else f"rollout restart deployment {OPERATOR}"
        found.add(
            Cause(
                Kind.OPERATOR_DOWN,
                (OPERATOR,),
                f"the cluster operator {OPERATOR} is down: {asked}",
                evidence.kubectl(mend, space),
                ("nothing is rolled or made anew, and the Kafka resource's status is old",),
            ),
            clauses=STALE,
        )
    if kafka.paused:
        found.add(
            Cause(
                Kind.PAUSED,
                (kafka.name,),
                f"reconciliation of Kafka {kafka.name} is paused: nothing is changed, its status is wiped",
                evidence.kubectl(f"annotate kafka {kafka.name} strimzi.io/pause-reconciliation-"),
            ),
            clauses=(*STALE, "not paused"),
        )
    refusal = kafka.condition("NotReady")
    if refusal is not None and not kafka.paused:
        _refuses(evidence, found, refusal)


def _refuses(evidence: Evidence, found: Found, refusal: StatusCondition) -> None:
    kafka = evidence.nodes.kafka
    said = f"{refusal.reason}: {refusal.message}"
    if refusal.reason == "UnsupportedKafkaVersionException":
        version = next_version(kafka.wanted_version, _operator_version(evidence))
        what, mend = f"the operator refuses this Kafka: {said}", f"upgrade kafka {version}".rstrip()
    elif refusal.reason == "KafkaUpgradeException":
        what, mend = f"the operator refuses the change of version: {said}", "diff"
    elif refusal.reason in SPEC:
        what, mend = f"the operator refuses the Kafka resource: {said}", "diff"
    else:
        return
    follows = ("Kafka runs on as it was",)
    cause = Cause(Kind.OPERATOR_REFUSES, (kafka.name,), what, evidence.command(mend), follows)
    found.add(cause, clauses=STALE)


def _operator_version(evidence: Evidence) -> str:
    operator = evidence.nodes.operator
    return operator.version if operator else evidence.nodes.kafka.operator_version


def next_version(running: str, operator: str) -> str:
    """Return the Kafka to go to from one that an operator does not run; empty when the table knows none.

    The newest patch of the oldest line that is newer: the smallest step that the operator takes.
    """
    try:
        newer = [version for version in supported(operator) if key(version) > key(running)]
    except PromptKafkaError:
        return ""
    if not newer:
        return supported(operator)[-1]
    return [version for version in newer if line(version) == line(newer[0])][-1]


def rejects(operator: str, kafka: str) -> bool:
    """Return whether an operator of this version is known not to run this Kafka."""
    try:
        supported(operator)
    except PromptKafkaError:
        return False
    try:
        check_kafka(operator, kafka)
    except PromptKafkaError:
        return True
    return False


def rolls(evidence: Evidence, found: Found) -> None:
    """Find a roll that is under way, or one that was given up; sick pods explain what they hold up."""
    nodes = evidence.nodes
    asked = [s.name for s in nodes.pod_sets if s.rolling] + [p.name for p in nodes.pods if p.rolling]
    old = [
        name
        for pod_set in nodes.pod_sets
        for name, revision, version in pod_set.pods
        if (pod := nodes.pod(name)) is not None
        and (pod.revision != revision or (version and pod.kafka_version != version))
    ]
    waiting = nodes.kafka.wanted_version and nodes.kafka.version != nodes.kafka.wanted_version
    clauses = ("pods on revision", "version", "Kafka Ready", "generation observed")
    if not (asked or old or waiting) or not evidence.operator_acts:
        if asked or old:
            found.clauses.add("pods on revision")
        return _unready(evidence, found)
    refusal = nodes.kafka.condition("NotReady")
    gave_up = refusal is not None and refusal.reason in ROLLER
    sick = [cause for cause in found.causes if not cause.is_notice and cause.kind not in WAITS]
    if found.has(Kind.OPERATOR_REFUSES) or (sick and (gave_up or found.cut)):
        found.clauses.update(clauses)
        return None
    if gave_up and not asked:
        why = (
            f"the operator gave the roll up before {', '.join(old[:3])}: {refusal.message if refusal else ''}"
        )
        mend = evidence.command("restart")
        found.add(Cause(Kind.ROLL_GIVEN_UP, tuple(old), why, mend), clauses=clauses)
        return None
    moving = [c for c in found.causes if c.kind is Kind.RESTARTING and nodes.pod(c.objects[0])]
    found.causes = [c for c in found.causes if c not in moving]
    now = f"; now {', '.join(c.objects[0] for c in moving)}" if moving else ""
    left = f"{len(old)} of {len(nodes.pods)} pods are still to go" if old else "asked for"
    names = tuple(dict.fromkeys((*asked, *old, *(c.objects[0] for c in moving))))
    what = f"a roll is under way: {left}{now}"
    found.add(Cause(Kind.ROLL_UNDER_WAY, names, what, evidence.watch), clauses=clauses)
    return None


def _unready(evidence: Evidence, found: Found) -> None:
    """Say what is left of "Kafka Ready" and "generation observed" when nothing else explains it."""
    kafka = evidence.nodes.kafka
    refusal = kafka.condition("NotReady")
    if found.causes and any(not cause.is_notice for cause in found.causes):
        found.clauses.update(("Kafka Ready", "generation observed"))
        return
    late = [
        name
        for name, generation, observed in (
            (f"Kafka {kafka.name}", kafka.generation, kafka.observed_generation),
            *((f"node pool {p.name}", p.generation, p.observed_generation) for p in evidence.nodes.pools),
        )
        if observed < generation
    ]
    if refusal is not None:
        said = f"{refusal.reason}: {refusal.message}" if refusal.message else refusal.reason
        what = f"the operator calls Kafka not Ready: {said}; it judges anew at its next reconciliation"
    elif late:
        what = f"the operator has not yet seen the present generation of {', '.join(late)}"
    else:
        return
    found.add(
        Cause(Kind.OPERATOR_BEHIND, (kafka.name,), what, evidence.watch),
        clauses=("Kafka Ready", "generation observed"),
    )


def entity_operator(evidence: Evidence, found: Found) -> None:
    """Find an entity operator that is down: topics and users are then nobody's business."""
    name = f"{evidence.nodes.kafka.name}-entity-operator"
    workload = next((w for w in evidence.world.workloads.known or () if w.name == name), None)
    if workload is None or workload.serves or (workload.wanted and (evidence.down or found.cut)):
        return
    why = "scaled to 0" if workload.wanted == 0 else "its pod is not Ready"
    mend = "scale deployment {} --replicas=1" if workload.wanted == 0 else "rollout restart deployment {}"
    found.add(
        Cause(
            Kind.ENTITY_OPERATOR_DOWN,
            (name,),
            f"the entity operator {name} is down: {why}",
            evidence.kubectl(mend.format(name)),
            ("topics and users in Git do not reach the brokers; data flows on",),
        )
    )
