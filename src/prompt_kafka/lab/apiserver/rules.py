"""What makes a built-in object invalid: required fields, and what may not change once it is there."""

from __future__ import annotations

import copy
import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from typing import Any

from prompt_kafka.lab.apiserver import definitions
from prompt_kafka.lab.apiserver.errors import Cause
from prompt_kafka.lab.apiserver.resources import Resource

Object = dict[str, Any]
_QUANTITY = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")


def problems(resource: Resource, obj: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a built-in object; `old` is what it replaces."""
    function = _RULES.get((resource.group, resource.plural))
    if function is not None:
        yield from function(obj, old)


def _required(obj: Any, path: str) -> Iterator[Cause]:
    value = obj
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None or value == "" or value == [] or value == {}:
        yield Cause(path, "Required value", "FieldValueRequired")


def _immutable(path: str, new: Any, old: Any) -> Iterator[Cause]:
    if new != old:
        yield Cause(path, f"Invalid value: {json.dumps(new)}: field is immutable")


def _containers(spec: Object, path: str) -> Iterator[Cause]:
    yield from (
        (Cause(f"{path}.containers", "Required value", "FieldValueRequired"),)
        if not spec.get("containers")
        else ()
    )
    names = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or []):
            where = f"{path}.{field}[{index}]"
            name = container.get("name")
            if not name:
                yield Cause(f"{where}.name", "Required value", "FieldValueRequired")
            elif name in names:
                yield Cause(f"{where}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate")
            names.add(name)
            if not container.get("image") and path != "spec.template.spec":
                yield Cause(f"{where}.image", "Required value", "FieldValueRequired")
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    for index, container in enumerate(spec.get("containers") or []):
        for at, mount in enumerate(container.get("volumeMounts") or []):
            if mount.get("name") not in volumes:
                yield Cause(
                    f"{path}.containers[{index}].volumeMounts[{at}].name",
                    f'Not found: "{mount.get("name")}"',
                    "FieldValueNotFound",
                )


_MUTABLE_POD = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def _pod(obj: Object, old: Object | None) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    yield from _containers(spec, "spec")
    if old is None:
        return
    before, after = copy.deepcopy(old["spec"]), copy.deepcopy(spec)
    for side in (before, after):
        for field in ("containers", "initContainers"):
            for container in side.get(field) or []:
                container.pop("image", None)
        for field in ("activeDeadlineSeconds", "tolerations", "schedulingGates"):
            side.pop(field, None)
    if before != after:
        yield Cause("spec", f"Forbidden: {_MUTABLE_POD}", "FieldValueForbidden")


def _deployment(obj: Object, old: Object | None) -> Iterator[Cause]:
    yield from _required(obj, "spec.selector")
    spec = obj.get("spec") or {}
    template = spec.get("template") or {}
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        yield Cause(
            "spec.template.metadata.labels",
            f"Invalid value: {json.dumps(labels)}: `selector` does not match template `labels`",
        )
    yield from _containers(template.get("spec") or {}, "spec.template.spec")
    replicas = spec.get("replicas", 1)
    if isinstance(replicas, int) and replicas < 0:
        yield Cause("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
    if old is not None:
        yield from _immutable("spec.selector", spec.get("selector"), old["spec"].get("selector"))


def _service(obj: Object, old: Object | None) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    kinds = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    if spec.get("type") not in kinds:
        yield Cause(
            "spec.type",
            f'Unsupported value: "{spec.get("type")}": supported values: '
            + ", ".join(f'"{kind}"' for kind in kinds),
            "FieldValueNotSupported",
        )
    ports = spec.get("ports") or []
    headless = spec.get("clusterIP") == "None"
    if not ports and not headless and spec.get("type") != "ExternalName":
        yield Cause("spec.ports", "Required value", "FieldValueRequired")
    names = set()
    for index, port in enumerate(ports):
        number = port.get("port")
        if not isinstance(number, int) or not 1 <= number <= 65535:
            yield Cause(
                f"spec.ports[{index}].port",
                f"Invalid value: {number or 0}: must be between 1 and 65535, inclusive",
            )
        name = port.get("name", "")
        if not name and len(ports) > 1:
            yield Cause(f"spec.ports[{index}].name", "Required value", "FieldValueRequired")
        if name and name in names:
            yield Cause(f"spec.ports[{index}].name", f'Duplicate value: "{name}"', "FieldValueDuplicate")
        names.add(name)
    if old is not None and old["spec"].get("clusterIP") and spec.get("type") != "ExternalName":
        before, after = old["spec"]["clusterIP"], spec.get("clusterIP")
        if before != after:
            yield Cause(
                "spec.clusterIPs[0]",
                f"Invalid value: {json.dumps([after])}: may not change once set",
            )


def _map_of_strings(obj: Object, field: str) -> Iterator[Cause]:
    size = 0
    for key, value in (obj.get(field) or {}).items():
        if not re.fullmatch(r"[-._a-zA-Z0-9]+", key) or key in (".", ".."):
            yield Cause(
                f"{field}[{key}]",
                f'Invalid value: "{key}": a valid config key must consist of alphanumeric characters, '
                "'-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation "
                "is '[-._a-zA-Z0-9]+')",
            )
        size += len(str(value))
    if size > 1024 * 1024 * (4 / 3 if field == "data" and "type" in obj else 1):
        yield Cause(field or "", "Too long: may not be more than 1048576 bytes", "FieldValueTooLong")


def _config_map(obj: Object, old: Object | None) -> Iterator[Cause]:
    yield from _map_of_strings(obj, "data")
    yield from _map_of_strings(obj, "binaryData")
    if old is not None and old.get("immutable"):
        for field in ("data", "binaryData", "immutable"):
            if obj.get(field) != old.get(field):
                yield Cause(
                    field, "Forbidden: field is immutable when `immutable` is set", "FieldValueForbidden"
                )


def _secret(obj: Object, old: Object | None) -> Iterator[Cause]:
    yield from _map_of_strings(obj, "data")
    if old is not None:
        yield from _immutable("type", obj.get("type"), old.get("type"))
        if old.get("immutable") and (obj.get("data") != old.get("data") or not obj.get("immutable")):
            yield Cause(
                "data", "Forbidden: field is immutable when `immutable` is set", "FieldValueForbidden"
            )


def bad_base64(obj: Object) -> str | None:
    """Return the key of a Secret whose value is not base64."""
    for key, value in (obj.get("data") or {}).items():
        try:
            b64decode(str(value or ""), validate=True)
        except (Base64Error, ValueError):
            return str(key)
    return None


def _claim(obj: Object, old: Object | None) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    yield from _required(obj, "spec.accessModes")
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if size is None:
        yield Cause("spec.resources[storage]", "Required value", "FieldValueRequired")
        return
    if not _QUANTITY.fullmatch(str(size)):
        yield Cause("spec.resources.requests[storage]", f'Invalid value: "{size}": must be a quantity')
        return
    if old is None:
        return
    before = {**old["spec"], "resources": None, "volumeName": None, "volumeAttributesClassName": None}
    after = {**spec, "resources": None, "volumeName": None, "volumeAttributesClassName": None}
    moved = old["spec"].get("volumeName") and old["spec"].get("volumeName") != spec.get("volumeName")
    if before != after or moved:
        yield Cause(
            "spec",
            "Forbidden: spec is immutable after creation except resources.requests and "
            "volumeAttributesClassName for bound claims",
            "FieldValueForbidden",
        )
    had = old["spec"]["resources"]["requests"]["storage"]
    if quantity(str(size)) < quantity(str(had)):
        yield Cause(
            "spec.resources.requests.storage",
            "Forbidden: field can not be less than status.capacity",
            "FieldValueForbidden",
        )


def quantity(text: str) -> float:
    """Return a Kubernetes quantity as a number."""
    match = re.fullmatch(r"([+-]?[\d.]+)(.*)", text)
    if match is None:
        return 0.0
    number, unit = match.groups()
    powers = "KMGTPE"
    if unit.endswith("i"):
        return float(number) * float(1024 ** (powers.index(unit[0]) + 1))
    if unit and unit[0] in "eE" and len(unit) > 1:
        return float(number) * 10.0 ** int(unit[1:])
    scale = {"": 0, "n": -9, "u": -6, "m": -3, "k": 3}
    power = scale[unit] if unit in scale else 3 * (powers.index(unit) + 1)
    return float(number) * 10.0**power


def _role_binding(obj: Object, old: Object | None) -> Iterator[Cause]:
    yield from _required(obj, "roleRef.name")
    if old is not None and obj.get("roleRef") != old.get("roleRef"):
        yield Cause("roleRef", f"Invalid value: {json.dumps(obj.get('roleRef'))}: cannot change roleRef")


def _budget(obj: Object, old: Object | None) -> Iterator[Cause]:
    spec = obj.get("spec") or {}
    if "minAvailable" in spec and "maxUnavailable" in spec:
        yield Cause("spec", "Invalid value: minAvailable and maxUnavailable cannot be both set")


def _storage_class(obj: Object, old: Object | None) -> Iterator[Cause]:
    yield from _required(obj, "provisioner")
    if old is not None:
        for field in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
            if obj.get(field) != old.get(field):
                yield Cause(field, f"Forbidden: updates to {field} are forbidden.", "FieldValueForbidden")


_RULES: dict[tuple[str, str], Callable[[Object, Object | None], Iterator[Cause]]] = {
    ("", "pods"): _pod,
    ("", "services"): _service,
    ("", "configmaps"): _config_map,
    ("", "secrets"): _secret,
    ("", "persistentvolumeclaims"): _claim,
    ("apps", "deployments"): _deployment,
    ("apps", "replicasets"): _deployment,
    ("policy", "poddisruptionbudgets"): _budget,
    ("storage.k8s.io", "storageclasses"): _storage_class,
    ("rbac.authorization.k8s.io", "rolebindings"): _role_binding,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _role_binding,
    ("apiextensions.k8s.io", "customresourcedefinitions"): definitions.problems,
}
