"""The lab's own ``service.yaml``: how the runbook reaches it, and what in it is not the real thing.

The runbook never asks whether a service is a lab; what is simulated is told to it here, by the lab.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from prompt_kafka.clients.files import write_atomic
from prompt_kafka.lab.state import LabState

GROUPS = {"butler-writer": 60, "prompt-publication": 60}
"""Lag objectives in seconds of the service's groups."""


def simulated(state: LabState, not_run: Sequence[tuple[str, str]]) -> list[str]:
    """Return what is simulated in a lab, one sentence each."""
    settings = state.settings
    lines = [
        "Kafka is real: one process for each controller and broker, on its own address "
        f"{settings.network}.x.y with the chart's ports, TLS, SCRAM and ACLs",
        "Kubernetes API, kubelet, Argo CD, Strimzi's operators, Vault and load balancers are the lab's own",
        f"the operators' timers run {settings.timer_factor:g} times faster "
        f"(reconciliation every {120 / settings.timer_factor:g} s instead of 120 s)",
        "a load balancer has no data path: its address is that of the broker behind it; requested addresses "
        "are shown, not used",
        "Slack is the lab's own: nobody outside this machine reads what is announced",
        "heap sizes are capped, volumes are folders without a size limit, network policies are not enforced",
    ]
    if settings.delivery == "pull-request":
        lines.append(f"GitHub is the lab's own: a colleague's buttons are at {settings.forge_url}/")
    if not_run:
        lines.append(f"{len(not_run)} applications of this environment are not run")
    return lines


def write(state: LabState, not_run: Sequence[tuple[str, str]], *, cluster_id: str = "") -> None:
    """Write the file; with a `cluster_id` the lab is pinned to it."""
    name = state.settings.name
    entry = {
        "production": False,
        "context": f"lab-{name}",
        "kubeconfig": str(state.kubeconfig),
        "namespace": "prompt-kafka",
        "operator_namespace": "strimzi",
        "groups": GROUPS,
        "simulated": simulated(state, not_run),
        "repository": state.git.resolve().as_uri(),
        "branch": "main",
        "application": "prompt-kafka",
        "channel": "lab-announcements",
        "slack_url": f"{state.settings.slack_url}/api/",
        "slack_token_file": str(state.root / "slack-token"),
        "bring_back": "prompt-kafka lab up" + ("" if name == "lab" else f" --name {name}"),
    }
    if state.settings.delivery == "pull-request":
        entry["delivery"] = "pull-request"
        entry["pull_request"] = {
            "url": f"{state.settings.forge_url}/api/v3",
            "token_file": str(state.root / "forge-token"),
            "repository": "lab/phalanx",
        }
    if cluster_id:
        entry["cluster_id"] = cluster_id
    document = {"schema": 1, "environments": {name: entry}}
    # JSON is YAML: nothing needs quoting rules of its own.
    write_atomic(state.service, json.dumps(document, indent=2) + "\n")
