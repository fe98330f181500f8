"""Where the addresses of a listener's load balancers stand in the values: found by changing and rendering.

A chart may read an annotation or ``loadBalancerIP``; what the rendered Kafka resource then says decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.listeners import ANNOTATIONS, Balancer
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.leaves import leaves
from prompt_kafka.procedures.authoring.tree import Path, load
from prompt_kafka.procedures.authoring.values import set_value
from prompt_kafka.procedures.rendered import Manifest, of_kind

PLACE = "externalListener"
NODE_PORTS = "allocateLoadBalancerNodePorts"

Rendered = Callable[[Mapping[str, str]], tuple[Manifest, ...]]


def listener_of(manifests: tuple[Manifest, ...], cluster: str, name: str) -> Mapping[str, Any]:
    """Return a listener as the charts make it; nothing where there is none."""
    kafka = of_kind(manifests, "Kafka").get(cluster) or {}
    listeners = ((kafka.get("spec") or {}).get("kafka") or {}).get("listeners") or ()
    return next((each for each in listeners if each.get("name") == name), {})


def asked(listener: Mapping[str, Any]) -> dict[int | None, str]:
    """Return the address that a rendered listener asks for, by broker; None for the bootstrap."""
    configuration = listener.get("configuration") or {}
    found: dict[int | None, str] = {None: _address(configuration.get("bootstrap") or {})}
    for each in configuration.get("brokers") or ():
        found[int(each["broker"])] = _address(each)
    return {broker: address for broker, address in found.items() if address}


def _address(part: Mapping[str, Any]) -> str:
    annotations = part.get("annotations") or {}
    key = next((each for each in ANNOTATIONS if annotations.get(each)), "")
    return str(annotations.get(key) or part.get("loadBalancerIP") or "")


def pinned(
    files: Mapping[str, str],
    folder: str,
    file: str,
    wanted: tuple[tuple[Balancer, str], ...],
    seen: Callable[[Mapping[str, str]], Mapping[str, Any]],
) -> dict[str, str]:
    """Return the environment's values with the addresses written where the template reads them.

    Parameters
    ----------
    file
        The environment's values of the application.
    wanted
        Each load balancer and its address.
    seen
        Renders the listener with files in place.

    Raises
    ------
    RefusedError
        ``cannot-edit``: nothing that was tried drives the listener; ``node-ports``.
    """
    text = files.get(file, "")
    goal = {each.broker: address for each, address in wanted}
    key = next((each.annotation for each, _ in wanted if each.annotation), _key(files, folder))
    for place in dict.fromkeys(_places(files, folder, file)):
        ways = [("annotations", key), ("loadBalancerIP",)]
        for inner in reversed(ways) if any(e.asked and not e.annotation for e, _ in wanted) else ways:
            try:
                new = text
                for each, address in wanted:
                    new = _put(new, file, place, each.broker, inner, address)
            except RefusedError:
                continue
            if asked(listener := seen({file: new})) == goal:
                return _without_node_ports(files, folder, file, new, text, place, listener, seen)
    raise RefusedError(
        "cannot-edit",
        f"no value below {PLACE} drives the addresses of the listener",
        where=file,
        next="have the template read bootstrap.annotations and brokers[].annotations, or edit it by hand",
    )


def _key(files: Mapping[str, str], folder: str) -> str:
    """Return the annotation that the values have already, else MetalLB's."""
    texts = [text for path, text in files.items() if path.startswith(f"{folder}/values")]
    return next((key for key in ANNOTATIONS if any(key in text for text in texts)), ANNOTATIONS[0])


def _places(files: Mapping[str, str], folder: str, file: str) -> Iterator[Path]:
    """Yield the paths at which the values have the settings of an external listener."""
    for path in (file, f"{folder}/values.yaml"):
        for root in load(files.get(path, ""), path)[:1]:
            yield from _below(root, ())
    for path in sorted(files):
        parts = path.removeprefix(f"{folder}/charts/").split("/")
        if path.startswith(f"{folder}/charts/") and parts[1:] == ["values.yaml"]:
            for root in load(files[path], path)[:1]:
                yield from _below(root, (parts[0],))


def _below(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == PLACE and isinstance(each, dict):
                yield (*path, PLACE)
            yield from _below(each, (*path, str(key)))


def _put(text: str, file: str, place: Path, broker: int | None, inner: Path, address: str) -> str:
    yaml = Yaml(text, file)
    if broker is None:
        return set_value(text, file, (*place, "bootstrap", *inner), address)
    brokers = yaml.value((*place, "brokers")) or []
    at = next((n for n, each in enumerate(brokers) if int(each.get("broker", -1)) == broker), None)
    if at is not None:
        return set_value(text, file, (*place, "brokers", str(at), *inner), address)
    step = " " * yaml.indent
    body = [f"broker: {broker}", *(f"{step * n}{name}:" for n, name in enumerate(inner))]
    body[-1] += f" {address}"
    if yaml.has((*place, "brokers")):
        return yaml.add_item((*place, "brokers"), body, f"{{broker: {broker}}}")
    item = [f"{step}- {body[0]}", *(f"{step}  {line}" for line in body[1:])]
    return yaml.add_entry(place, ["brokers:", *item])


def _without_node_ports(
    files: Mapping[str, str],
    folder: str,
    file: str,
    text: str,
    before: str,
    place: Path,
    listener: Mapping[str, Any],
    seen: Callable[[Mapping[str, str]], Mapping[str, Any]],
) -> dict[str, str]:
    """Return the edited values, with node ports off where the template leaves that to the values."""
    if (listener.get("configuration") or {}).get(NODE_PORTS) is not False:
        known = [(*place, "bootstrap", NODE_PORTS), (*place, NODE_PORTS)]
        known += [leaf.path for leaf in leaves(text, file) if leaf.path[-1] == NODE_PORTS]
        for path in known:
            new = _off(text, file, path)
            if (seen({file: new}).get("configuration") or {}).get(NODE_PORTS) is False:
                return {file: new}
        raise RefusedError(
            "node-ports",
            f"no value makes the listener's {NODE_PORTS} false, and each load balancer takes node ports",
            where=f"{folder}: the template of the Kafka resource",
            next=f"add `{NODE_PORTS}: false` below `configuration:` of the listener in the template",
        )
    return {file: text} if text != before else {}


def _off(text: str, file: str, path: Path) -> str:
    yaml = Yaml(text, file)
    if yaml.has(path):
        return yaml.set_scalar(path, "false")
    return yaml.add_entry(path[:-1], [f"{path[-1]}: false"])
