"""The load balancers of a listener as they are in the cluster, and conditions on them and on who watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from prompt_kafka.core.verdict import Verdict, judge, no, unknown, yes
from prompt_kafka.core.world import Look, ObjectsOf, Part, World

SERVICES = ObjectsOf((("v1", "Service"),))
ANNOTATIONS = ("metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs")
"""By which a Service asks MetalLB for an address."""

_POD = ("strimzi.io/pod-name", "statefulset.kubernetes.io/pod-name")


@dataclass(frozen=True, slots=True)
class Balancer:
    """A Service of type LoadBalancer that belongs to a listener.

    Attributes
    ----------
    broker
        The node id; None for the bootstrap Service.
    addresses
        What it has.
    asked
        What it asks for, and under which annotation.
    node_ports
        It holds node ports, which nobody needs and which only a new Service does without.
    """

    name: str
    broker: int | None
    addresses: tuple[str, ...]
    asked: str = ""
    annotation: str = ""
    node_ports: bool = False

    @property
    def what(self) -> str:
        """The bootstrap, or which broker, for people."""
        return "bootstrap" if self.broker is None else f"broker {self.broker}"


def balancers(world: World, cluster: str, listener: str) -> tuple[Balancer, ...] | None:
    """Return the load balancers of a listener, the bootstrap first; None when they were not seen."""
    seen = world.objects.known
    if seen is None or "Service" in seen.unknown:
        return None
    found = [
        _balancer(each)
        for (kind, _), each in seen.found.items()
        if kind == "Service" and _belongs(each, cluster, listener)
    ]
    return tuple(sorted(found, key=lambda each: -1 if each.broker is None else each.broker))


def _belongs(service: Mapping[str, Any], cluster: str, listener: str) -> bool:
    spec, labels = service.get("spec") or {}, service["metadata"].get("labels") or {}
    mine = labels.get("strimzi.io/cluster") == cluster and spec.get("type") == "LoadBalancer"
    ports = {str(port.get("name")) for port in spec.get("ports") or ()}
    return mine and f"tcp-{listener}" in ports


def _balancer(service: Mapping[str, Any]) -> Balancer:
    spec, metadata = service["spec"], service["metadata"]
    selector, annotations = spec.get("selector") or {}, metadata.get("annotations") or {}
    pod = next((str(selector[label]) for label in _POD if label in selector), "")
    status = (service.get("status") or {}).get("loadBalancer") or {}
    key = next((each for each in ANNOTATIONS if annotations.get(each)), "")
    held = any(port.get("nodePort") for port in spec.get("ports") or ())
    return Balancer(
        name=str(metadata["name"]),
        broker=int(pod.rpartition("-")[2]) if pod else None,
        addresses=tuple(str(each["ip"]) for each in status.get("ingress") or () if each.get("ip")),
        asked=str(annotations.get(key) or spec.get("loadBalancerIP") or ""),
        annotation=key,
        node_ports=held or spec.get("allocateLoadBalancerNodePorts") is not False,
    )


@dataclass(frozen=True, slots=True)
class ServicesHave:
    """The load balancers ask for these addresses, and have them.

    Attributes
    ----------
    addresses
        Name of each Service and its address.
    """

    cluster: str
    listener: str
    addresses: tuple[tuple[str, str], ...]

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({SERVICES})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen = balancers(world, self.cluster, self.listener)
        if seen is None:
            return unknown(world.objects if world.objects.known is None else "Services may not be listed")
        there = {each.name: each for each in seen}
        wrong = []
        for name, address in self.addresses:
            found = there.get(name)
            if found is None:
                wrong.append(f"there is no Service {name}")
            elif found.asked != address:
                wrong.append(f"{name} asks for {found.asked or 'no address'}")
            elif address not in found.addresses:
                wrong.append(f"{name} has {', '.join(found.addresses) or 'no address'}")
        return judge(wrong, f"{len(self.addresses)} load balancers ask for the addresses that they have")


@dataclass(frozen=True, slots=True)
class Watches:
    """The operator, as it runs, watches a namespace, or does not."""

    namespace: str
    wanted: bool = True

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.INSTALLATION})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        seen = world.installation.known
        if seen is None:
            return unknown(world.installation)
        operator = seen.operator
        if operator is None or not (operator.ready and operator.settled):
            return no("the operator is being rolled out" if operator else "there is no operator")
        watched = not seen.watched or self.namespace in seen.watched
        said = f"the operator {'watches' if watched else 'does not watch'} {self.namespace}"
        return yes(said) if watched is self.wanted else no(said)
