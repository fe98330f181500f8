"""The definitions of the custom resources that a lab serves.

Strimzi's are not ours to write: :mod:`prompt_kafka.clients.strimzi_schemas` has them. Those of Argo CD, the
Vault operator and the snapshot controller are minimal ones of our own, with the fields that this service
uses; everything else in their objects is kept as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from prompt_kafka.clients.strimzi_schemas import Object
from prompt_kafka.lab.apiserver.schema import Schema
from prompt_kafka.lab.minimal_crds import MINIMAL


def not_enforced(definition: Mapping[str, Any]) -> list[str]:
    """Return the rules of a definition that the lab does not evaluate (CEL), each with where it stands."""
    rules: dict[str, None] = {}
    for version in definition["spec"]["versions"]:
        schema = Schema((version.get("schema") or {}).get("openAPIV3Schema") or {})
        kind = definition["spec"]["names"]["kind"]
        for rule in schema.rules():
            rules[f"{kind} {version['name']} {rule}"] = None
    return list(rules)


def lab() -> list[Object]:
    """Return the definitions of our own: Argo CD, Vault secrets, volume snapshots."""
    return copy.deepcopy(list(MINIMAL))
