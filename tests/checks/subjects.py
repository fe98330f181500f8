"""A case of a rule as what the rule looks at: manifests and files in, a CheckInput out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from prompt_kafka.checks.subject import Chart, CheckInput, Failure, Item, Neighbour, Operator, Secrets

CASES = Path(__file__).parent / "cases"


def load(text: str) -> list[Any]:
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    return [each for each in yaml.load_all(text) if each]


def subject(case: Mapping[str, Any]) -> CheckInput:
    items = tuple(Item(each, case.get("template", ""), 1) for each in load(case.get("manifests", "")))
    others = tuple(
        Neighbour("other", str(each["metadata"].get("namespace")), Item(each))
        for each in load(case.get("others", ""))
    )
    own = tuple(Neighbour("app", str(i.metadata.get("namespace") or "kafka"), i) for i in items)
    files = dict(case.get("files") or {})
    charts = [
        Chart(
            folder,
            tuple(tuple(scope) for scope in each.get("scope", [[]])),
            tuple({k: str(v) for k, v in d.items()} for d in each.get("dependencies", [])),
            each.get("values", {}),
        )
        for folder, each in (case.get("charts") or {"": {}}).items()
    ]
    operator = case.get("operator")
    secrets = case.get("secrets")
    return CheckInput(
        "prod",
        "app",
        "kafka",
        folder="applications/app",
        items=items,
        files=files,
        values=case.get("values") or {},
        charts=tuple(charts),
        texts=dict(case.get("texts") or {}),
        operator=Operator(
            str(operator["version"]),
            frozenset(operator["namespaces"]) if "namespaces" in operator else None,
            schemas={("Kafka", "v1"): operator["schema"]} if "schema" in operator else {},
            next_version=str(operator.get("next", "")),
            next_schemas={("Kafka", "v1"): operator["next_schema"]} if "next_schema" in operator else {},
        )
        if operator
        else None,
        secrets=Secrets(
            {key: ("secrets.yaml", n) for n, key in enumerate(secrets["declared"], 1)},
            frozenset(secrets.get("wanted", secrets["declared"])),
            frozenset(secrets.get("copied", ())),
        )
        if secrets
        else None,
        vault_secret=case.get("vault", ""),
        neighbours=own + others,
        groups=frozenset(case["groups"]) if "groups" in case else None,
        whole=case.get("whole", True),
        unread=tuple(tuple(path) for path in case.get("unread", [])),
        failures=tuple(
            Failure(tuple(f["switch"]), f["turned"], f["said"], f.get("template", ""), f.get("line", 0))
            for f in case.get("failures", [])
        ),
        label_tracking=case.get("label_tracking"),
    )
