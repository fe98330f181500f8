"""Static addresses of load balancers are given to each broker, and each to one only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prompt_kafka.checks.cluster import brokers_of, is_broker, pools_of
from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, Item, Path, at, mapping, number, sequence

ABOUT = About(
    "static-address",
    Severity.ERROR,
    "Static address that is missing, given twice, or for a broker that does not exist",
    "Two Services cannot have one address: the second stays pending and the operator waits for it before "
    "it makes "
    "any pod. A broker without one gets whatever is free, and clients behind a firewall do not reach it.",
    "Strimzi documentation, loadbalancer listeners; issue 11280",
    "give bootstrap and every broker an address of its own: `prompt-kafka listener pin`",
)

_KEYS = (
    "metallb.io/loadBalancerIPs",
    "metallb.universe.tf/loadBalancerIPs",
    "loadBalancerIP",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look at the load balancers of each cluster, and at those of the whole environment."""
    mine = [(kafka, *each) for kafka in subject.of("Kafka") for each in _addresses(kafka)]
    taken: dict[str, str] = {}
    for each in subject.around("Kafka"):
        if (each.application, each.namespace) == (subject.application, subject.namespace):
            continue
        for address, _, whose in _addresses(each.item):
            taken.setdefault(address, f"{whose} of {each.item.name} in {each.namespace}")
    for kafka, address, path, whose in mine:
        if address in taken:
            yield ABOUT.found(
                f"{address} is given to {whose} of {kafka.name} and to {taken[address]}",
                where(subject, kafka, *path),
                subject=str(kafka),
            )
        taken.setdefault(address, f"{whose} of {kafka.name}")
    for kafka in subject.of("Kafka"):
        yield from _complete(subject, kafka)


def _complete(subject: CheckInput, kafka: Item) -> Iterator[Finding]:
    namespace = subject.namespace_of(kafka)
    brokers = brokers_of(subject, kafka.name, namespace)
    pools = pools_of(subject, kafka.name, namespace)
    nodes = sum(number(each.spec.get("replicas")) or 0 for each in pools)
    free = any("strimzi.io/next-node-ids" in each.annotations for each in pools)
    meant = _meant([each for each in pools if is_broker(each)])
    for at_, listener in enumerate(sequence(at(kafka.spec, "kafka", "listeners"))):
        entries = sequence(at(listener, "configuration", "brokers"))
        if not entries or not brokers:
            continue
        path = ("spec", "kafka", "listeners", str(at_), "configuration", "brokers")
        ids = [number(mapping(each).get("broker")) for each in entries]
        for position, broker in enumerate(ids):
            if broker is not None and ids.index(broker) != position:
                yield ABOUT.found(
                    f"broker {broker} is there twice in listener {mapping(listener).get('name')}",
                    where(subject, kafka, *path, str(position), "broker"),
                    subject=str(kafka),
                )
            if broker is not None and pools and broker >= nodes and not free:
                yield ABOUT.found(
                    f"listener {mapping(listener).get('name')} names broker {broker}; the pools of "
                    f"{kafka.name} "
                    f"have {nodes} nodes, numbered from 0",
                    where(subject, kafka, *path, str(position), "broker"),
                    subject=str(kafka),
                    severity=Severity.WARNING,
                )
            elif broker is not None and meant is not None and broker not in meant:
                yield ABOUT.found(
                    f"listener {mapping(listener).get('name')} names broker {broker}; the pools of "
                    f"{kafka.name} number their brokers {_ranges(meant)}",
                    where(subject, kafka, *path, str(position), "broker"),
                    subject=str(kafka),
                    severity=Severity.WARNING,
                )
        pinned = {broker for broker, each in zip(ids, entries, strict=True) if _address(mapping(each))}
        bootstrap = _address(mapping(at(listener, "configuration", "bootstrap")))
        if not (pinned or bootstrap):
            continue
        missing = brokers - len(pinned)
        if pinned and missing > 0:
            yield ABOUT.found(
                f"listener {mapping(listener).get('name')} has static addresses for {len(pinned)} of "
                f"{brokers} "
                "brokers",
                where(subject, kafka, *path),
                subject=str(kafka),
                severity=Severity.WARNING,
            )
        elif pinned and not bootstrap:
            yield ABOUT.found(
                f"listener {mapping(listener).get('name')} has static addresses for its brokers and none for "
                "the bootstrap",
                where(subject, kafka, *path[:-1], "bootstrap"),
                subject=str(kafka),
                severity=Severity.WARNING,
            )


def _meant(pools: list[Item]) -> set[int] | None:
    """Return the numbers that brokers are to have; None where a pool does not say."""
    found: set[int] = set()
    for pool in pools:
        text = str(pool.annotations.get("strimzi.io/next-node-ids") or "").strip()
        parts = [part.strip() for part in text.strip("[]").split(",")] if text else []
        ids: set[int] = set()
        for part in parts:
            match = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", part)
            if not match:
                return None
            ends = sorted((int(match[1]), int(match[2] or match[1])))
            ids |= set(range(ends[0], min(ends[1], ends[0] + 100_000) + 1))
        if len(ids) < (number(pool.spec.get("replicas")) or 0) or not ids:
            return None  # used up: the lowest free numbers follow
        found |= ids
    return found or None


def _ranges(ids: set[int]) -> str:
    return f"from {min(ids)} to {max(ids)}"


def _addresses(kafka: Item) -> Iterator[tuple[str, Path, str]]:
    for number_, listener in enumerate(sequence(at(kafka.spec, "kafka", "listeners"))):
        path: Path = ("spec", "kafka", "listeners", str(number_), "configuration")
        configuration = mapping(mapping(listener).get("configuration"))
        found = _address(mapping(configuration.get("bootstrap")))
        if found:
            yield found, (*path, "bootstrap"), "the bootstrap"
        for position, each in enumerate(sequence(configuration.get("brokers"))):
            found = _address(mapping(each))
            if found:
                yield found, (*path, "brokers", str(position)), f"broker {mapping(each).get('broker')}"


def _address(entry: Mapping[str, Any]) -> str:
    if entry.get("loadBalancerIP"):
        return str(entry["loadBalancerIP"])
    annotations = mapping(entry.get("annotations"))
    return next((str(annotations[key]) for key in _KEYS if annotations.get(key)), "")
