"""Addresses that load balancers were given, written into Git: clients have them in their settings.

Read from the live Services, never made up; refused where two would share one, where it lies outside of the
pool, or where a Service belongs to no broker. Nothing rolls for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from prompt_kafka.core.actions import Observe
from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.conditions import TargetIs
from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.listeners import SERVICES, Balancer, ServicesHave, balancers
from prompt_kafka.core.objects import BROKER, Nodes
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request_tree import ListenerPinRequest
from prompt_kafka.core.world import INSTANT, Look, Part, World
from prompt_kafka.procedures import delivery, git_guards, guards, proof
from prompt_kafka.procedures.authoring.leaves import leaves
from prompt_kafka.procedures.environment_rules import addresses
from prompt_kafka.procedures.listener_values import asked, listener_of, pinned
from prompt_kafka.procedures.table import Means

LOOKS: frozenset[Look] = frozenset({Part.NODES, Part.GIT, SERVICES})
PROOF_S = 300.0


def needs_to_see(request: ListenerPinRequest) -> frozenset[Look]:
    """Return what must be in the World."""
    return INSTANT | LOOKS | {Part.APPLICATIONS}


def plan(request: ListenerPinRequest, world: World, means: Means) -> Plan:
    """Plan to pin the addresses of the external listener.

    Raises
    ------
    RefusedError
        ``no-load-balancers``, ``no-address``, ``several-addresses``, ``duplicate-address``, ``outside-pool``,
        ``broker-not-in-pool``, ``node-ports``, ``cannot-edit``, and the rules of changes through Git.
    """
    guards.right_cluster(world)
    guards.seen(
        world,
        ("pods", world.nodes),
        ("Git", world.git),
        ("Argo CD's applications", world.applications),
        ("Services", world.objects),
    )
    nodes, git = world.nodes.known, world.git.known
    assert nodes is not None and git is not None
    argo = git_guards.reached(git, world, means.environment.application)
    here = argo.environment or world.target.environment
    name, cluster = means.environment.kafka.listener, nodes.kafka.name
    found = _balancers(world, cluster, name)
    wanted = _wanted(found, nodes, git, here, request.pool)
    file = f"{git.folder}/values-{here}.yaml"

    def seen(files: Mapping[str, str]) -> Mapping[str, Any]:
        return listener_of(means.render(here, files), cluster, name)

    edits = pinned(git.files, git.folder, file, wanted, seen)
    summary = f"pin {len(wanted)} addresses of listener {name}"
    have = ServicesHave(cluster, name, tuple((each.name, address) for each, address in wanted))
    if not edits and have.judge(world).holds:
        because = f"{have.judge(world).because}, and Git says so"
        notes = tuple(_notes(request, found, world, means))
        return Plan("listener pin", world.target, summary, nothing_because=because, notes=notes)
    if not request.with_undeployed:
        git_guards.nothing_else_comes(git, argo, here, means.render, frozenset({("Kafka", cluster)}))
    needs = (TargetIs(world.target.cluster_id),)
    steps = []
    if edits:
        message = f"Pin the addresses of listener {name}\n\nThey are those that the load balancers have."
        changes = tuple(FileChange(path, git.files.get(path), text) for path, text in edits.items())
        steps.append(delivery.commit(git, message, changes, needs))
    steps += [delivery.compare(argo, needs), delivery.sync_everything(argo, git, needs)]
    end = Step(
        title="prove that each load balancer asks for the address that it has",
        why="the operator writes the annotations on the Services; no pod restarts for it",
        action=Observe(),
        proof=(have, proof.finished(world, canary=means.canary, stable_s=request.stable_s)),
        timeout_s=PROOF_S,
    )
    notes = (*_notes(request, found, world, means), *proof.notes_of(end))
    return Plan("listener pin", world.target, summary, steps=(*steps, end), notes=notes)


def _balancers(world: World, cluster: str, listener: str) -> tuple[Balancer, ...]:
    found = balancers(world, cluster, listener)
    if found is None:
        because = (world.objects.known.unknown if world.objects.known else {}).get("Service", "")
        raise RefusedError("not-seen", f"the Services of Kafka {cluster} are unknown, because {because}")
    if not found:
        raise RefusedError(
            "no-load-balancers",
            f"listener {listener} of Kafka {cluster} has no load balancers",
            where=f"context {world.target.context}",
            next="switch the listener on, deploy it, and name it in service.yaml (kafka.listener)",
        )
    return found


def _wanted(
    found: tuple[Balancer, ...], nodes: Nodes, git: GitState, here: str, pool: str
) -> tuple[tuple[Balancer, str], ...]:
    """Return each load balancer with the address to pin."""
    network = _network(pool)
    ids = {each for one in nodes.pools if BROKER in one.roles for each in one.node_ids}
    taken = dict(_of_others(git, here))
    mine: dict[str, Balancer] = {}
    for each in found:
        if each.broker is not None and each.broker not in ids:
            raise RefusedError(
                "broker-not-in-pool",
                f"Service {each.name} is for broker {each.broker}, and no pool has such a node",
                where=f"pools of brokers: {', '.join(map(str, sorted(ids)))}",
                next="wait until the operator has taken it away, or see why it does not",
            )
        if len(each.addresses) != 1:
            many = len(each.addresses)
            raise RefusedError(
                "several-addresses" if many else "no-address",
                f"Service {each.name} has {', '.join(each.addresses) if many else 'no address yet'}",
                next="pin by hand the one that is meant" if many else "see the load balancer's controller",
            )
        address = each.addresses[0]
        other = mine[address].name if address in mine else taken.get(address)
        if other:
            raise RefusedError(
                "duplicate-address",
                f"{address} of Service {each.name} is taken by {other}",
                next="two that ask for one address: only one gets it; find out whose it is",
            )
        if network is not None and ipaddress.ip_address(address) not in network:
            raise RefusedError(
                "outside-pool",
                f"{address} of Service {each.name} is not in {network}",
                next="give the pool that is meant, or have the Service moved to it",
            )
        mine[address] = each
    lacking = sorted(ids - {each.broker for each in found if each.broker is not None})
    if lacking:
        raise RefusedError(
            "no-address",
            f"broker {lacking[0]} has no load balancer yet, and the chart lists all brokers or none",
            next="wait until the operator has made it",
        )
    return tuple((each, address) for address, each in mine.items())


def _network(pool: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(pool, strict=False) if pool else None
    except ValueError:
        raise UsageError(f"--pool {pool!r} is no range of addresses", next="write 172.24.10.0/24") from None


def _of_others(git: GitState, here: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses that other environments ask for, each with where."""
    for other in git.environments:
        path = f"{git.folder}/values-{other}.yaml"
        for leaf in leaves(git.files[path], path) if other != here and path in git.files else ():
            for address in addresses(leaf.text):
                yield address, f"{other} ({path}:{leaf.node.start[0] + 1})"


def _notes(
    request: ListenerPinRequest, found: tuple[Balancer, ...], world: World, means: Means
) -> Iterator[str]:
    if not request.pool:
        yield "whether the addresses are in the site's pool was not checked: --pool CIDR"
    held = [each.name for each in found if each.node_ports]
    if held:
        yield "these hold node ports, which only a new Service does without; delete them one at a time, after"
        yield "the sync: the operator makes each anew and it gets its pinned address; its clients reconnect:"
        space, context = means.environment.namespace, world.target.context
        for each in held:
            yield f"kubectl --context {context} delete service {each} -n {space}"


def rows(world: World, means: Means) -> tuple[tuple[Balancer, str], ...]:
    """Return each load balancer of the listener with the address that Git asks for.

    Raises
    ------
    RefusedError
        ``not-seen``, ``no-load-balancers``.
    """
    guards.seen(world, ("pods", world.nodes), ("Git", world.git), ("Services", world.objects))
    nodes = world.nodes.known
    assert nodes is not None
    cluster, name = nodes.kafka.name, means.environment.kafka.listener
    here = next(
        (e.environment for e in world.applications.known or () if e.name == means.environment.application), ""
    )
    in_git = asked(listener_of(means.render(here or world.target.environment, {}), cluster, name))
    return tuple((each, in_git.get(each.broker, "")) for each in _balancers(world, cluster, name))
