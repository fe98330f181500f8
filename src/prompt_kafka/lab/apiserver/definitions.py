"""Custom resource definitions: what makes one valid, what it serves, and what its status says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prompt_kafka.lab.apiserver.errors import Cause
from prompt_kafka.lab.apiserver.metadata import now
from prompt_kafka.lab.apiserver.resources import Column, Resource, Scale
from prompt_kafka.lab.apiserver.schema import Schema

Object = dict[str, Any]

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_AGE = Column("Age", "date", ".metadata.creationTimestamp")


_ANY: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_TEXTS: Object = {"type": "array", "items": {"type": "string"}}


def _object(**properties: Object) -> Object:
    return {**_ANY, "properties": properties}


_TEXT: Object = {"type": "string"}
_FLAG: Object = {"type": "boolean"}
_SCALE = _object(specReplicasPath=_TEXT, statusReplicasPath=_TEXT, labelSelectorPath=_TEXT)
_COLUMN = _object(name=_TEXT, type=_TEXT, jsonPath=_TEXT, priority={"type": "integer"})
_VERSION = {
    **_object(
        name=_TEXT,
        served=_FLAG,
        storage=_FLAG,
        deprecated=_FLAG,
        schema=_object(openAPIV3Schema=_ANY),
        subresources=_object(status=_ANY, scale=_SCALE),
        additionalPrinterColumns={"type": "array", "items": _COLUMN},
    ),
    "required": ["name"],
}
#: What a definition must look like before anything reads it.
SHAPE = Schema(
    _object(
        spec=_object(
            group=_TEXT,
            scope=_TEXT,
            names=_object(
                kind=_TEXT, plural=_TEXT, singular=_TEXT, listKind=_TEXT, shortNames=_TEXTS, categories=_TEXTS
            ),
            conversion=_object(strategy=_TEXT),
            versions={"type": "array", "items": _VERSION},
        ),
        status=_object(
            storedVersions=_TEXTS,
            conditions={"type": "array", "items": {**_object(type=_TEXT), "required": ["type"]}},
        ),
    )
)


def default(definition: Object) -> None:
    """Fill in what a definition may leave out."""
    spec = definition.get("spec")
    if not isinstance(spec, dict) or not isinstance(spec.get("names"), dict):
        return
    names = spec["names"]
    kind = names.get("kind", "")
    names.setdefault("singular", str(kind).lower())
    names.setdefault("listKind", f"{kind}List")
    spec.setdefault("conversion", {"strategy": "None"})


def problems(definition: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a definition."""
    spec = definition.get("spec")
    if not isinstance(spec, dict):
        yield Cause("spec", "Required value", "FieldValueRequired")
        return
    names = spec.get("names") or {}
    group, plural = spec.get("group"), names.get("plural")
    for field, value in (
        ("spec.group", group),
        ("spec.names.plural", plural),
        ("spec.names.kind", names.get("kind")),
    ):
        if not value:
            yield Cause(field, "Required value", "FieldValueRequired")
    if group and plural and definition["metadata"].get("name") != f"{plural}.{group}":
        yield Cause(
            "metadata.name",
            f'Invalid value: "{definition["metadata"].get("name")}": must be '
            'spec.names.plural+"."+spec.group',
        )
    if spec.get("scope") not in ("Namespaced", "Cluster"):
        yield Cause(
            "spec.scope",
            f'Unsupported value: "{spec.get("scope", "")}": supported values: "Cluster", "Namespaced"',
            "FieldValueNotSupported",
        )
    versions = spec.get("versions") or []
    stored = [version for version in versions if version.get("storage")]
    if len(stored) != 1:
        yield Cause(
            "spec.versions",
            f"Invalid value: {len(stored)}: must have exactly one version marked as storage version",
        )
    for index, version in enumerate(versions):
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            yield Cause(
                f"spec.versions[{index}].schema.openAPIV3Schema",
                "Required value: schemas are required",
                "FieldValueRequired",
            )
    if (spec.get("conversion") or {}).get("strategy", "None") != "None":
        yield Cause(
            "spec.conversion.strategy",
            'Unsupported value: supported values: "None"',
            "FieldValueNotSupported",
        )
    if old is None:
        return
    served = {version.get("name") for version in versions}
    for index, version in enumerate((old.get("status") or {}).get("storedVersions") or []):
        if version not in served:
            yield Cause(
                f"status.storedVersions[{index}]",
                f'Invalid value: "{version}": missing from spec.versions; {version} was previously a storage '
                "version, and must remain in spec.versions until a storage migration ensures no data remains "
                f"persisted in {version} and removes {version} from status.storedVersions",
            )
    for field in ("group", "scope"):
        if old["spec"].get(field) != spec.get(field):
            yield Cause(f"spec.{field}", f'Invalid value: "{spec.get(field)}": field is immutable')
    for field in ("kind", "plural"):
        if old["spec"]["names"].get(field) != names.get(field):
            yield Cause(f"spec.names.{field}", f'Invalid value: "{names.get(field)}": field is immutable')


def accept(definition: Object) -> None:
    """Write the status of a definition that is served from now on."""
    spec = definition["spec"]
    status = definition.setdefault("status", {})
    stored = [version["name"] for version in spec["versions"] if version.get("storage")]
    versions = status.setdefault("storedVersions", [])
    versions += [version for version in stored if version not in versions]
    status["acceptedNames"] = dict(spec["names"])
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    for kind, reason, message in (
        ("NamesAccepted", "NoConflicts", "no conflicts found"),
        ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ):
        if kind not in conditions:
            conditions[kind] = {
                "lastTransitionTime": now(),
                "message": message,
                "reason": reason,
                "status": "True",
                "type": kind,
            }
    status["conditions"] = list(conditions.values())


def resources(definition: Object) -> list[Resource]:
    """Return what a definition serves, the version of highest priority first."""
    spec = definition["spec"]
    names = spec["names"]
    storage = next(version["name"] for version in spec["versions"] if version.get("storage"))
    found = []
    for version in spec["versions"]:
        if not version.get("served"):
            continue
        below = version.get("subresources") or {}
        schema = Schema((version.get("schema") or {}).get("openAPIV3Schema") or {})
        found.append(
            Resource(
                group=spec["group"],
                version=version["name"],
                kind=names["kind"],
                plural=names["plural"],
                namespaced=spec.get("scope") == "Namespaced",
                singular=names.get("singular", ""),
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                status="status" in below,
                scale=_scale(below["scale"]) if below.get("scale") else None,
                generation=True,
                must_match=True,
                custom=True,
                storage_version=storage,
                schema=schema.without_descriptions(),
                columns=_columns(version),
                deprecation=_deprecation(spec, version),
                list_kind=names.get("listKind", ""),
            )
        )
    return sorted(found, key=lambda resource: priority(resource.version))


def priority(version: str) -> tuple[int, int, int, str]:
    """Return a key that sorts versions as discovery lists them: v2, v1, v1beta2, v1alpha1, others."""
    import re

    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if match is None:
        return (1, 0, 0, version)
    major, stage, minor = match.groups()
    level = {None: 0, "beta": 1, "alpha": 2}[stage]
    return (0, level * 1000 - int(major), -int(minor or 0), version)


def _scale(scale: Object) -> Scale:
    def steps(path: str) -> tuple[str, ...]:
        return tuple(path.strip(".").split("."))

    selector = scale.get("labelSelectorPath")
    return Scale(
        steps(scale["specReplicasPath"]),
        steps(scale["statusReplicasPath"]),
        steps(selector) if selector else None,
    )


def _columns(version: Object) -> tuple[Column, ...]:
    columns = version.get("additionalPrinterColumns") or []
    if not columns:
        return (_AGE,)
    return tuple(
        Column(
            column["name"],
            column.get("type", "string"),
            column["jsonPath"],
            column.get("format", ""),
            column.get("description", ""),
            column.get("priority", 0),
        )
        for column in columns
    )


def _deprecation(spec: Object, version: Object) -> str:
    if not version.get("deprecated"):
        return ""
    text = version.get("deprecationWarning")
    if text:
        return str(text)
    group, kind = spec["group"], spec["names"]["kind"]
    better = [
        other["name"]
        for other in sorted(spec["versions"], key=lambda other: priority(other["name"]))
        if other.get("served") and not other.get("deprecated")
    ]
    hint = f"; use {group}/{better[0]} {kind}" if better else ""
    return f"{group}/{version['name']} {kind} is deprecated{hint}"
