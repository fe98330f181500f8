"""The one table of faults: what each does, what it is about, how it ends."""

from __future__ import annotations

from dataclasses import dataclass

from prompt_kafka.lab.faults import around, powerless, sick
from prompt_kafka.lab.faults.order import Act, Lasts, Undo
from prompt_kafka.lab.faults.scene import Scene
from prompt_kafka.lab.kubelet.addresses import DNS_LATE
from prompt_kafka.lab.pace import LONG_RECOVERY, SLOW
from prompt_kafka.lab.standing import API_DOWN, Standing

POD, PODS, MAYBE_POD = "POD", "POD…", "[POD]"


def _nothing(_scene: Scene, _fault: Standing) -> None:
    """Forgetting the fault is all."""


def _always(_scene: Scene, _fault: Standing) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Attributes
    ----------
    does
        One sentence.
    act
        Brings it about.
    target
        What may be named: ``POD…`` one or more (or ``all``), ``[POD]`` none or one, else one word.
    options
        Which of ``cut_tail``, ``minority``, ``seconds`` it understands.
    undo
        Ends it; None for what happens once and is over.
    lasts
        Whether one that was brought about is still there: what a procedure has mended is not.
    """

    name: str
    does: str
    act: Act
    target: str = ""
    options: frozenset[str] = frozenset()
    undo: Undo | None = None
    lasts: Lasts = _always


_ALL = (
    Fault(
        powerless.POWER_LOSS,
        "Every Kafka process is killed at once, every node stays down; perhaps with tails cut off.",
        powerless.power_loss,
        options=frozenset({"cut_tail", "minority"}),
        undo=powerless.power_back,
    ),
    Fault(
        powerless.HOLD,
        "The process is killed and stays down until it is released or its pod is deleted.",
        powerless.hold,
        PODS,
        undo=powerless.let_go,
    ),
    Fault(
        LONG_RECOVERY,
        "An unclean stop, real recovery of a long log, then stopped in RECOVERY for --seconds (30).",
        powerless.long_recovery,
        PODS,
        options=frozenset({"seconds"}),
        undo=powerless.recovered,
        lasts=powerless.recovers,
    ),
    Fault(
        "blank-disk",
        "The data folder of a pod that is held down is emptied; nothing brings it back.",
        powerless.blank_disk,
        PODS,
    ),
    Fault("kill", "The process is killed (kill -9); the kubelet starts it again.", sick.kill, PODS),
    Fault(
        "broker-kill",
        "A broker's process is killed, the first one's when none is named.",
        sick.broker_kill,
        MAYBE_POD,
    ),
    Fault(
        "controller-leader-kill",
        "The process of the quorum's leader is killed.",
        sick.leader_kill,
    ),
    Fault(
        sick.FREEZE,
        "The process is stopped (SIGSTOP): it holds its connections and answers nobody.",
        sick.freeze,
        PODS,
        undo=sick.thaw,
        lasts=sick.frozen,
    ),
    Fault(
        SLOW,
        "The process runs a sixth of the time (SIGSTOP, SIGCONT), also after a restart.",
        sick.slow,
        PODS,
        undo=sick.quick,
    ),
    Fault(
        sick.WEDGE,
        "A majority of controllers is stopped (SIGSTOP): their pods are Ready, nobody leads.",
        sick.wedge_quorum,
        undo=sick.thaw,
        lasts=sick.frozen,
    ),
    Fault(
        DNS_LATE,
        "The names of pods and Services do not resolve; connections that are there stay.",
        around.dns_late,
        undo=around.dns_there,
    ),
    Fault("api-restart", "The API server is killed; the supervisor starts it again.", sick.api_restart),
    Fault(
        API_DOWN,
        "The API server is killed and stays down.",
        sick.api_down,
        undo=sick.api_up,
    ),
    Fault(
        "controllers-kill",
        "The process of operators, Argo CD and Slack is killed; the supervisor restarts it.",
        sick.controllers_kill,
    ),
    Fault(
        around.OPERATOR_DOWN,
        "The cluster operator's Deployment is scaled to 0.",
        around.operator_down,
        undo=around.operator_up,
        lasts=around.is_operator_down,
    ),
    Fault(
        around.CERTIFICATE_SOON,
        "The cluster CA's certificate ends in 35 days or as named; below 30 the operator renews it.",
        around.certificate_soon,
        "[DAYS]",
        undo=around.ends_late,
        lasts=around.ends_soon,
    ),
    Fault(
        around.GIT_REFUSE,
        "Git refuses every push with a message; fetching works.",
        around.git_refuse,
        undo=around.git_accept,
    ),
    Fault("slack-down", "Slack answers every call with HTTP 503.", around.slack("slack-down"), undo=_nothing),
    Fault(
        "slack-rate-limit",
        "Slack answers every call with HTTP 429, Retry-After 30 or as named.",
        around.slack_rate_limit,
        "[SECONDS]",
        undo=_nothing,
    ),
    Fault(
        "slack-error",
        "Slack answers every call with this error, such as channel_not_found.",
        around.slack("slack-error"),
        "ERROR",
        undo=_nothing,
    ),
)

CATALOGUE = {fault.name: fault for fault in _ALL}
"""All faults, by name."""
