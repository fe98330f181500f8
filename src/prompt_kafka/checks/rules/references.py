"""What an application refers to in another one is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where, written
from prompt_kafka.checks.secrets import uses
from prompt_kafka.checks.subject import CheckInput, Item, Path, at, mapping, sequence

ABOUT = About(
    "reference-unresolved",
    Severity.ERROR,
    "Reference to a cluster, listener or user that nothing in the environment provides",
    "What connects there finds no Service; the pods that mount a Secret that no operator makes do not start.",
    "Kafka access operator: KafkaAccess spec.kafka, spec.user; Strimzi: names of Services and Secrets",
    "correct the name or the namespace, or switch the other application on in this environment",
)


_BOOTSTRAP = re.compile(
    r"(?<![\w.-])(?P<cluster>[a-z0-9][a-z0-9-]*)-kafka-(?P<service>bootstrap|brokers)(?:\.(?P<space>[a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+)?)?)?"
    r"(?::(?P<port>\d+))?(?![\w.-])"
)
_REGISTRY = re.compile(
    r"(?<![\w.-])([a-z0-9][a-z0-9-]*-schema-registry)\.([a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+)?)?(?::\d+)?(?![\w.-])"
)
_WORDS = ("-kafka-bootstrap", "-kafka-brokers", "-schema-registry.")
_CA = re.compile(r"(.+)-cluster-ca-cert")


def find(subject: CheckInput) -> Iterator[Finding]:
    """Resolve each KafkaAccess, each address of a bootstrap Service or registry, each Secret of a cluster."""
    if not subject.whole:
        return
    yield from _accesses(subject)
    yield from _addresses(subject)
    yield from _certificates(subject)


def _addresses(subject: CheckInput) -> Iterator[Finding]:
    clusters = {(each.namespace, each.item.name): each.item for each in subject.around("Kafka")}
    registries = {(each.namespace, each.item.name) for each in subject.around("StrimziSchemaRegistry")}
    made = {(subject.namespace_of(each), each.name) for each in subject.items if each.kind == "Service"}
    seen: set[str] = set()
    for item, path, text in _texts(subject):
        own = subject.namespace_of(item)
        for match in _BOOTSTRAP.finditer(text) if "-kafka-b" in text else ():
            target = (match["space"] or own, match["cluster"])
            kafka = clusters.get(target)
            if kafka is None:
                said = (
                    f"{match[0]}: nothing in this environment makes the cluster {target[1]} in namespace "
                    f"{target[0]}"
                )
                if (target[0], f"{target[1]}-kafka-{match['service']}") in made:
                    continue
            elif match["port"] and match["port"] not in (ports := _ports(kafka)):
                said = (
                    f"{match[0]}: cluster {target[1]} has no internal listener at port {match['port']} "
                    f"(there: {', '.join(ports) or 'none'})"
                )
            else:
                continue
            if said not in seen:
                seen.add(said)
                place = written(subject, item, match[0], path)
                yield ABOUT.found(said, place, subject=str(item), severity=Severity.WARNING)
        for match in _REGISTRY.finditer(text) if "-schema-registry." in text else ():
            target = (match[2], match[1])
            if target in registries or target in made or match[0] in seen:
                continue
            seen.add(match[0])
            yield ABOUT.found(
                f"{match[0]}: nothing in this environment makes the schema registry {target[1]} in "
                f"namespace {target[0]}",
                written(subject, item, match[0], path),
                subject=str(item),
                severity=Severity.INFO,
                mend="nothing, where what uses it is switched off; else correct the name or switch it on",
            )


def _certificates(subject: CheckInput) -> Iterator[Finding]:
    clusters = {(each.namespace, each.item.name) for each in subject.around("Kafka")}
    made = {item.name for item in subject.items if item.kind in ("Secret", "VaultSecret", "ExternalSecret")}
    seen: set[str] = set()
    for use in uses(subject):
        match = _CA.fullmatch(use.secret)
        namespace = subject.namespace_of(use.item)
        if not match or use.secret in made or use.secret in seen or (namespace, match[1]) in clusters:
            continue
        seen.add(use.secret)
        yield ABOUT.found(
            f"{use.item} mounts the secret {use.secret}; nothing in this environment makes the cluster "
            f"{match[1]} in namespace {namespace}",
            where(subject, use.item, *use.path),
            subject=str(use.item),
        )


def _ports(kafka: Item) -> list[str]:
    """Return the ports of the Service for clients inside the Kubernetes cluster."""
    listeners = [mapping(each) for each in sequence(at(kafka.spec, "kafka", "listeners"))]
    return [str(each.get("port")) for each in listeners if each.get("type") == "internal"]


def _texts(subject: CheckInput) -> Iterator[tuple[Item, Path, str]]:
    having = {name for name, text in subject.texts.items() if any(word in text for word in _WORDS)}
    for item in subject.items:
        if subject.texts and item.template not in having:
            continue
        yield from ((item, path, text) for path, text in _strings(item.manifest, ()))


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _strings(each, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _strings(each, (*path, str(index)))


def _accesses(subject: CheckInput) -> Iterator[Finding]:
    clusters = {(each.namespace, each.item.name): each.item for each in subject.around("Kafka")}
    users = {(each.namespace, each.item.name) for each in subject.around("KafkaUser")}
    for item in subject.items:
        if item.kind != "KafkaAccess":
            continue
        own = subject.namespace_of(item)
        kafka = mapping(item.spec.get("kafka"))
        target = (str(kafka.get("namespace") or own), str(kafka.get("name") or ""))
        if target not in clusters:
            yield ABOUT.found(
                f"nothing in this environment makes the cluster {target[1]} in namespace {target[0]}",
                where(subject, item, "spec", "kafka", "name"),
                subject=str(item),
            )
        elif kafka.get("listener"):
            listeners = [
                str(mapping(each).get("name"))
                for each in sequence(at(clusters[target].spec, "kafka", "listeners"))
            ]
            if str(kafka["listener"]) not in listeners:
                yield ABOUT.found(
                    f"cluster {target[1]} has no listener {kafka['listener']} (there: "
                    f"{', '.join(listeners)})",
                    where(subject, item, "spec", "kafka", "listener"),
                    subject=str(item),
                )
        user = mapping(item.spec.get("user"))
        named = (str(user.get("namespace") or own), str(user.get("name") or ""))
        if user and user.get("kind", "KafkaUser") == "KafkaUser" and named not in users:
            yield ABOUT.found(
                f"nothing in this environment makes the user {named[1]} in namespace {named[0]}",
                where(subject, item, "spec", "user", "name"),
                subject=str(item),
            )
