"""Which operator is in force in an environment, and what its definitions say."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from prompt_kafka.checks.lines import layout
from prompt_kafka.checks.subject import Operator
from prompt_kafka.clients import documents, helm, strimzi_schemas
from prompt_kafka.clients.gitops import Environment, Repository
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.versions import SCHEMAS, key

CHART = "strimzi-kafka-operator"

Schemas = Mapping[tuple[str, str], Mapping[str, Any]]


def operator(
    repository: Repository, environment: Environment, namespaces: Mapping[str, str]
) -> tuple[Operator | None, list[str]]:
    """Return the environment's operator, and what could not be told of it.

    Parameters
    ----------
    namespaces
        Of the applications that the environment has.
    """
    unseen: list[str] = []
    pinned = environment.values.get("revisions") or {}
    for application in sorted(namespaces):
        dependency = next(
            (each for each in repository.chart_dependencies(application) if each.name == CHART), None
        )
        if dependency is None:
            continue
        if pinned.get(application):
            return None, [
                f"the operator: {application} is pinned to {pinned[application]}, which this checkout is not"
            ]
        version = dependency.version.removeprefix("v")
        try:
            key(version)
        except PromptKafkaError:
            return None, [f"the operator: {dependency.version!r} is no version"]
        values: dict[str, Any] = {}
        folder = repository.chart(application)
        for name in ("values.yaml", f"values-{environment.name}.yaml"):
            if (folder / name).is_file():
                values = helm.merge(values, documents.read(folder / name))
        own = values.get(dependency.values_key) or {}
        watched: frozenset[str] | None = None
        if own.get("watchAnyNamespace") is not True:
            watched = frozenset({*map(str, own.get("watchNamespaces") or ()), namespaces[application]})
            watched = None if "*" in watched else watched
        file = folder / "Chart.yaml"
        entries = layout(file.read_text(encoding="utf-8")).entries
        line = next(
            (each.line for each in entries if each.path[-1:] == ("version",) and len(each.path) > 1), 0
        )
        newer = [each for each in SCHEMAS if key(each) > key(version)]
        now = schemas(version, unseen)
        later = schemas(newer[0], unseen) if newer else {}
        place = (str(file.relative_to(repository.path)), line)
        return Operator(version, watched, place, now, newer[0] if newer else "", later), unseen
    return None, ["the operator: no application of this environment brings it"]


def schemas(version: str, unseen: list[str]) -> Schemas:
    """Return the definitions of a version by kind and API version; empty, and said so, when not to be had."""
    try:
        return _schemas(version)
    except PromptKafkaError as error:
        unseen.append(error.what)
        return {}


@cache
def _schemas(version: str) -> Schemas:
    return {
        (definition["spec"]["names"]["kind"], each["name"]): each["schema"]["openAPIV3Schema"]
        for definition in (*strimzi_schemas.strimzi(version), *strimzi_schemas.others(version))
        for each in definition["spec"]["versions"]
        if each.get("served") and each.get("schema")
    }
