"""The layer of the nodes: which pod is itself sick, and how.

What is told apart decides what is safe: a frozen broker must be restarted and one in log recovery must not,
though both are "not Ready". Where the difference cannot be seen, the command shows it instead of acting.
"""

from __future__ import annotations

from dataclasses import replace

from prompt_kafka.core.cause import WAITS, Cause, Kind
from prompt_kafka.core.diagnosis.evidence import Evidence, Found
from prompt_kafka.core.objects import BROKER, Pod

STARTS_WITHIN_S = 120.0
"""A node that runs for less is taken for starting; Kafka itself gives up registering after 60 s."""
JUST_ENDED_S = 5.0
"""A process that ended within this is about to be started again by the kubelet."""
SETTLES_WITHIN_S = 30.0
"""A node that runs for less may still be fenced, or behind the leader."""
OOM_OR_KILLED = 137
FEW_RESTARTS = 2
IMAGE = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ImageNotInLab",
    "CreateContainerConfigError",
)

Sick = tuple[Kind, str, str]
"""Kind, what is wrong with it, and the command that mends it."""


def pods(evidence: Evidence, found: Found) -> None:
    """Find the pods that are sick themselves."""
    nodes = evidence.nodes
    sick: list[tuple[Pod | None, str, Sick]] = []
    for name in sorted({name for pod_set in nodes.pod_sets for name, _, _ in pod_set.pods}):
        pod = nodes.pod(name)
        if name in found.pods:
            continue
        said = _missing(evidence, found, name) if pod is None else _sick(evidence, found, pod)
        if said is not None:
            sick.append((pod, name, said))
    brokers = [name for pod, name, (kind, _, _) in sick if pod and pod.is_broker and kind not in WAITS]
    for pod, name, (kind, why, mend) in sick:
        several = name in brokers and len(brokers) > 1 and mend.startswith("prompt-kafka restart")
        cause = Cause(
            kind,
            (name,),
            f"{name} ({'/'.join(pod.roles)}): {why}" if pod else f"{name}: {why}",
            evidence.command("cold-startup") if several else mend,
            _follows(evidence, pod),
            _first(evidence, found, mend),
        )
        found.add(cause, pods=(name,), clauses=("pods Ready",))
    _quorum_members(evidence, found)


def restart(evidence: Evidence, *names: str) -> str:
    """Return the command that restarts pods."""
    return evidence.command(f"restart {' '.join(names)}")


def replace_pod(evidence: Evidence, name: str) -> str:
    """Return the command that replaces a pod which does nothing any more.

    By deletion: the operator would wait for it to become Ready, for five minutes at each of ten tries.
    """
    return evidence.command(f"restart {name} --by-deletion")


def _first(evidence: Evidence, found: Found, mend: str) -> str:
    if mend.startswith("kubectl") or evidence.operator_acts:
        return ""
    operator = evidence.nodes.operator
    # Nobody makes a pod anew while the operator is down: to restart one then is to lose it.
    return "" if operator is None or operator.ready else "start the cluster operator"


def _follows(evidence: Evidence, pod: Pod | None) -> tuple[str, ...]:
    if pod is None or not pod.is_broker:
        return ()
    seen = []
    if pod.node_id in evidence.fenced:
        seen.append("fenced")
    if evidence.out_of_sync[pod.node_id]:
        seen.append(f"out of sync on {evidence.out_of_sync[pod.node_id]} partitions")
    return tuple(seen)


def _missing(evidence: Evidence, found: Found, name: str) -> Sick | None:
    if found.has(Kind.OPERATOR_DOWN):
        found.pods.add(name)
        found.clauses.add("pods Ready")
        return None
    return Kind.RESTARTING, "is gone; the operator's pod set makes it anew", evidence.watch


def _sick(evidence: Evidence, found: Found, pod: Pod) -> Sick | None:
    if pod.deleting:
        return Kind.RESTARTING, "is stopping, and is made anew", evidence.watch
    if pod.phase == "Pending" and not pod.host:
        if evidence.down and "not ready" in pod.why_not_ready:
            found.pods.add(pod.name)
            return None
        why = f"no machine takes it: {pod.why_not_ready or 'not scheduled'}"
        return Kind.POD_PENDING, why, evidence.kubectl(f"describe pod {pod.name}")
    if pod.running_since is None and (pod.waiting or pod.ended):
        return _not_running(evidence, pod)
    # A broker on its way up may take connections before it answers; to restart one in recovery does harm.
    coming = pod.is_broker and not pod.ready and pod.broker_state in ("", "Starting", "Recovery")
    if evidence.mute(pod) and not coming:
        return Kind.POD_FROZEN, _frozen(pod), replace_pod(evidence, pod.name)
    if not pod.ready:
        return _not_ready(evidence, found, pod)
    if evidence.refuses(pod):
        return Kind.RESTARTING, "its process has just ended, and is started again", evidence.watch
    return _ready(evidence, found, pod)


def _frozen(pod: Pod) -> str:
    state = "Ready" if pod.ready else "not Ready"
    return f"frozen: {state}, its process runs and takes connections, and answers nothing"


def _not_running(evidence: Evidence, pod: Pod) -> Sick:
    if pod.waiting in IMAGE:
        why = f"cannot start ({pod.waiting})"
        return Kind.POD_PENDING, why, evidence.kubectl(f"describe pod {pod.name}")
    ago = (evidence.now - pod.ended).total_seconds() if pod.ended else 0.0
    ended = f"its process ended with exit code {pod.last_exit}" if pod.last_exit is not None else "no process"
    if pod.waiting == "CrashLoopBackOff":
        if pod.last_exit == OOM_OR_KILLED and pod.restarts <= FEW_RESTARTS:
            return Kind.RESTARTING, f"{ended} (killed), and is started again after a back-off", evidence.watch
        why = f"keeps ending: exit code {pod.last_exit}, {pod.restarts} restarts, now in back-off"
        return Kind.POD_CRASHING, why, evidence.kubectl(f"logs {pod.name} --previous --tail=50")
    if pod.waiting or ago < JUST_ENDED_S:
        return Kind.RESTARTING, f"{ended if pod.ended else 'is being started'}, wait", evidence.watch
    why = f"down: {ended} {ago:.0f} s ago, and nothing starts it again"
    return Kind.POD_DOWN, why, replace_pod(evidence, pod.name)


def _not_ready(evidence: Evidence, found: Found, pod: Pod) -> Sick | None:
    runs = evidence.runs_for(pod)
    if pod.broker_state == "Recovery":
        why = "recovers its logs after an unclean end; it must not be restarted"
        return Kind.LOG_RECOVERY, why, evidence.watch
    if pod.is_broker and evidence.leaderless:
        return _waits_for_quorum(evidence, found, pod)
    if pod.broker_state in ("", "Starting", "ShuttingDown") and runs < STARTS_WITHIN_S:
        return Kind.RESTARTING, f"starts since {runs:.0f} s", evidence.watch
    if pod.broker_state == "Starting":
        why = f"hangs at its start since {runs:.0f} s"
        return Kind.BROKER_UNREGISTERED, why, evidence.kubectl(f"logs {pod.name} --tail=50")
    if pod.broker_state == "Running":
        return Kind.POD_FROZEN, _frozen(pod), replace_pod(evidence, pod.name)
    why = f"runs since {runs:.0f} s and is not Ready; whether it recovers its logs could not be seen"
    return Kind.POD_DOWN, why, evidence.kubectl(f"logs {pod.name} --tail=50")


def _waits_for_quorum(evidence: Evidence, found: Found, pod: Pod) -> Sick | None:
    if pod.broker_state == "Running":
        return Kind.POD_FROZEN, _frozen(pod), replace_pod(evidence, pod.name)
    found.pods.add(pod.name)
    found.clauses.add("pods Ready")
    return None


def _ready(evidence: Evidence, found: Found, pod: Pod) -> Sick | None:
    runs = evidence.runs_for(pod) or STARTS_WITHIN_S
    if pod.is_broker and not evidence.leaderless:
        if pod.node_id in evidence.fenced:
            if runs < SETTLES_WITHIN_S:
                return Kind.RESTARTING, f"is back since {runs:.0f} s, still fenced", evidence.watch
            why = "Ready, and fenced: the controllers do not hear it, so it leads and holds nothing"
            return Kind.BROKER_FENCED, why, restart(evidence, pod.name)
        if evidence.registered is not None and pod.node_id in (
            evidence.nodes.wanted_ids(BROKER) - evidence.registered
        ):
            if runs < SETTLES_WITHIN_S:
                return Kind.RESTARTING, f"is back since {runs:.0f} s, not registered yet", evidence.watch
            return Kind.BROKER_UNREGISTERED, "Ready, and not registered", restart(evidence, pod.name)
    if pod.is_controller and pod.node_id in evidence.behind:
        if runs < SETTLES_WITHIN_S:
            return Kind.RESTARTING, f"is back since {runs:.0f} s, catching up", evidence.watch
        why = "behind the quorum's leader, though it answers"
        return Kind.CONTROLLER_BEHIND, why, restart(evidence, pod.name)
    return None


def _quorum_members(evidence: Evidence, found: Found) -> None:
    """Make one cause of the controllers whose loss took the quorum, and say when all are there."""
    if not evidence.leaderless or found.cut:
        return
    controllers = evidence.nodes.controllers
    wanted = max(len(evidence.world.quorum.known or ()), len(controllers))
    names = {pod.name for pod in controllers}
    lost = [c for c in found.causes if set(c.objects) & names]
    hosts = [c for c in found.causes if c.kind is Kind.HOST_DOWN]
    away = sum(pod.name in found.pods for pod in controllers) + wanted - len(controllers)
    clauses = ("quorum led", "voters caught up", "brokers registered", "Kafka Ready")
    found.clauses.update(clauses)
    if 2 * (wanted - away) > wanted:
        _majority_is_there(evidence, found, lost)
        return
    if hosts and not lost:
        found.cut = "quorum lost"
        return
    found.causes = [c for c in found.causes if c not in lost]
    which = ", ".join(name for c in lost for name in c.objects if name in names)
    waits = all(cause.waits for cause in lost)
    kinds = ", ".join(dict.fromkeys(c.kind.value.removeprefix("pod ") for c in lost))
    found.add(
        Cause(
            Kind.QUORUM_FORMING if waits else Kind.QUORUM_LOST,
            tuple(name for c in lost for name in c.objects),
            f"{'the quorum forms again' if waits else 'no majority of the controllers'}: {which} ({kinds})",
            evidence.watch if waits else evidence.command("cold-startup"),
            ("no leader: brokers can neither register nor change what they lead",),
            next((c.first for c in lost if c.first), ""),
        ),
        clauses=clauses,
    )
    found.cut = "quorum lost"


def _majority_is_there(evidence: Evidence, found: Found, lost: list[Cause]) -> None:
    answers = evidence.world.quorum.known or ()
    followed = {a.leader_id for a in answers if a.leader_id is not None}
    gone = {pod.node_id for pod in evidence.nodes.controllers if pod.name in found.pods}
    if followed and followed <= gone and lost:
        election = "its followers elect another leader, which takes seconds"
        found.causes = [replace(c, follows=(*c.follows, election)) if c in lost else c for c in found.causes]
        return
    young = [p for p in evidence.nodes.controllers if 0 < evidence.runs_for(p) < SETTLES_WITHIN_S]
    names = tuple(pod.name for pod in evidence.nodes.controllers if pod.name not in found.pods)
    if len(young) * 2 > len(evidence.nodes.controllers):
        what = "the controllers are just back and elect a leader"
        found.add(Cause(Kind.QUORUM_FORMING, names, what, evidence.watch))
    else:
        what = f"the quorum is wedged: {', '.join(names)} are Ready and answer, and none leads"
        follows = ("pods are Ready all the same; brokers can neither register nor change what they lead",)
        mend = evidence.command("cold-startup")
        found.add(Cause(Kind.QUORUM_WEDGED, names, what, mend, follows))
    found.cut = "quorum wedged"
