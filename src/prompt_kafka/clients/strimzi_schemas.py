"""The schemas of Strimzi's resources, as the operator of a version brings them.

They are not ours to write: generated once per operator version from its published jars, and cached. The lab's
API enforces them, `check` compares charts with them.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prompt_kafka.clients import assets
from prompt_kafka.clients.files import locked, write_atomic
from prompt_kafka.core.errors import PromptKafkaError, UsageError
from prompt_kafka.core.versions import SCHEMAS

Object = dict[str, Any]

GENERATOR = "io.strimzi:crd-generator:1.2.0"
_MODELS = {
    "Kafka": "kafka.Kafka",
    "KafkaNodePool": "nodepool.KafkaNodePool",
    "KafkaTopic": "topic.KafkaTopic",
    "KafkaUser": "user.KafkaUser",
    "StrimziPodSet": "podset.StrimziPodSet",
    "KafkaRebalance": "rebalance.KafkaRebalance",
}
_OTHERS = {
    "KafkaConnect": "connect.KafkaConnect",
    "KafkaConnector": "connector.KafkaConnector",
    "KafkaMirrorMaker2": "mirrormaker2.KafkaMirrorMaker2",
    "KafkaBridge": "bridge.KafkaBridge",
}
#: Changes when the cached files would come out differently.
_FORM = 1


class SchemaError(PromptKafkaError):
    """The definitions of an operator version cannot be generated."""

    code = "strimzi-schema"


def strimzi(version: str) -> list[Object]:
    """Return Strimzi's definitions as the operator of a version brings them.

    Parameters
    ----------
    version
        Operator version, such as ``0.51.0``.

    Raises
    ------
    UsageError
        The jars of this version are not published.
    SchemaError
        The generator failed.
    """
    return _kept(version, f"strimzi-{version}-{_FORM}.json", _MODELS)


def others(version: str) -> list[Object]:
    """Return the definitions of what runs beside a cluster, which the lab does not serve; as `strimzi`."""
    return _kept(version, f"strimzi-{version}-others-{_FORM}.json", _OTHERS)


def _kept(version: str, name: str, models: Mapping[str, str]) -> list[Object]:
    if version not in SCHEMAS:
        raise UsageError(
            f"Strimzi {version}: schema not published here",
            where="io.strimzi:api",
            next=f"use one of {', '.join(SCHEMAS)}",
        )
    file = assets.cache_home() / "crds" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(file.with_suffix(".lock")):
            if not file.exists():
                write_atomic(file, json.dumps(_generate(version, models)))
    try:
        definitions = json.loads(file.read_text())
    except ValueError:
        raise SchemaError(
            "a cached file is damaged", where=str(file), next="remove the file; it is made again"
        ) from None
    assert isinstance(definitions, list)
    return definitions


def _versions(operator: str) -> tuple[str, str]:
    """Return the API versions that an operator version serves and the one that it stores."""
    major, minor = (int(part) for part in operator.split(".")[:2])
    if major >= 1:
        return "v1", "v1"
    return ("v1beta2,v1" if minor >= 49 else "v1beta2"), "v1beta2"


def _generate(version: str, wanted: Mapping[str, str]) -> list[Object]:
    models = assets.jars([f"io.strimzi:api:{version}"])
    generator = [jar for jar in assets.jars([GENERATOR]) if not jar.name.startswith("api-")]
    served, stored = _versions(version)
    with tempfile.TemporaryDirectory(prefix="prompt-kafka-crds-") as folder:
        outputs = {kind: Path(folder) / f"{kind}.yaml" for kind in wanted}
        command = [
            str(assets.java()),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            ":".join(str(jar) for jar in (*models, *generator)),
            "io.strimzi.crdgenerator.CrdGenerator",
            *("--label", "app:strimzi", "--target-kube", "1.25+", "--crd-api-version", "v1"),
            *("--api-versions", served, "--storage-version", stored, "--yaml"),
            *(f"io.strimzi.api.kafka.model.{wanted[kind]}={file}" for kind, file in outputs.items()),
        ]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        missing = [kind for kind, file in outputs.items() if not file.exists() or not file.stat().st_size]
        if ended.returncode or missing:
            said = (ended.stderr or ended.stdout).strip().splitlines()
            raise SchemaError(
                f"Strimzi's generator failed for {version}: {said[-1] if said else 'it said nothing'}",
                where=GENERATOR,
                next="remove the jars from the cache and try again",
            )
        return [_read(file) for file in outputs.values()]


def _read(file: Path) -> Object:
    from ruamel.yaml import YAML

    definition: Object = YAML(typ="safe").load(file)
    definition["metadata"].setdefault("labels", {})["strimzi.io/crd-install"] = "true"
    return definition
