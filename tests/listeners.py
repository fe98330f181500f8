"""A service with its load balancers and its operator's namespaces, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prompt_kafka.core.changes import CommitFiles
from prompt_kafka.core.live import LiveObjects
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.world import Seen, World
from tests import topics, upgrades
from tests.worlds import NOW

VALUES = upgrades.VALUES
KEY = "metallb.io/loadBalancerIPs"
USUAL = {"bootstrap": "192.0.2.20", "3": "192.0.2.23", "4": "192.0.2.24", "5": "192.0.2.25"}
"""What the shipped values of the lab ask for."""


def load_balancer(who: str, address: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Service: ``bootstrap`` or a broker's id, the addresses that it has, and what it asks for."""
    broker = who != "bootstrap"
    name = f"prompt-kafka-kafka-{who}" if broker else "prompt-kafka-kafka-external-bootstrap"
    addresses = [address] if isinstance(address, str) else list(address or ())
    port = {"name": "tcp-external", "port": 9094}
    selector = (
        {"strimzi.io/pod-name": f"prompt-kafka-kafka-{who}"} if broker else {"strimzi.io/broker-role": "true"}
    )
    asked = fields.get("asks", addresses[0] if addresses else "")
    return {
        "metadata": {
            "name": name,
            "labels": {"strimzi.io/cluster": fields.get("cluster", "prompt-kafka")},
            "annotations": {KEY: asked} if asked else {},
        },
        "spec": {
            "type": "LoadBalancer",
            "selector": selector,
            "ports": [{**port, "nodePort": 31000} if fields.get("node_port") else port],
            "allocateLoadBalancerNodePorts": False,
        },
        "status": {"loadBalancer": {"ingress": [{"ip": each} for each in addresses]}},
    }


def service(case: Mapping[str, Any]) -> tuple[World, topics.Charts]:
    """Return the World that a case file describes.

    Parameters
    ----------
    case
        ``edits`` (of files, pairs of text), ``balancers`` (who → addresses), ``asks`` (the same for every
        load balancer; null for nothing), ``node_ports`` (who), ``namespaces`` (names of those that are
        there), ``forbidden`` (kinds that may not be listed), ``world``.
    """
    world, charts = upgrades.service(edits=case.get("edits"))
    found: dict[tuple[str, str], Any] = {}
    for who, address in {**USUAL, **(case.get("balancers") or {})}.items():
        fields = {"node_port": who in (case.get("node_ports") or ())}
        if "asks" in case:
            fields["asks"] = case["asks"] or ""
        if address != "gone":
            each = load_balancer(str(who), address, fields)
            found["Service", each["metadata"]["name"]] = each
    for name in case.get("namespaces") or ():
        found["Namespace", name] = {"metadata": {"name": name}}
    unknown = dict.fromkeys(case.get("forbidden") or (), "you may not list them")
    world = replace(world, objects=Seen(LiveObjects(found, unknown), NOW))
    return upgrades.change(world, case.get("world") or {}), charts


def lines(plan: Plan) -> dict[str, list[str]]:
    """Return the lines that a plan's commit changes."""
    found: dict[str, list[str]] = {}
    commits = [step.action for step in plan.steps if isinstance(step.action, CommitFiles)]
    for path, diff in ((each.path, each.diff) for commit in commits for each in commit.files):
        rows = diff.splitlines()
        found[path] = [row for row in rows if row[:1] in "+-" and not row.startswith(("+++", "---"))]
    return found
