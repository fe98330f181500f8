"""The settings of a lab: one frozen, versioned document that all its processes share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from prompt_kafka.core.errors import PromptKafkaError, UsageError

SCHEMA = 1
TIMER_FACTOR = 20.0

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")

#: One step per schema version: the document of version N in, the document of version N + 1 out.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


class LabStateError(PromptKafkaError):
    """The state folder cannot be used as it is."""

    code = "lab-state"


@dataclass(frozen=True, slots=True)
class LabSettings:
    """What the processes of one lab share (``lab.json``).

    Parameters
    ----------
    name
        Name of the lab.
    network
        The first two numbers of its loopback network, ``127.64``.
    api_port, slack_port
        Ports on 127.0.0.1, chosen once.
    environment
        The environment of the repository that the lab reproduces.
    repo
        GitOps checkout it was seeded from; None for the tree that is shipped with the package.
    kafka_version, strimzi_version
        Versions that were put into the lab's Git when it was made; None for those of the charts.
    delivery
        How changes go: ``push``, or ``pull-request`` at the lab's own forge.
    timer_factor
        The operator's timers and the kubelet's probe and restart delays are divided by it.
    schema
        Version of this document.
    """

    name: str
    network: str
    api_port: int
    slack_port: int
    environment: str = "lab"
    repo: str | None = None
    kafka_version: str | None = None
    strimzi_version: str | None = None
    delivery: str = "push"
    timer_factor: float = TIMER_FACTOR
    schema: int = SCHEMA

    @property
    def api_url(self) -> str:
        """Address of the lab's Kubernetes API."""
        return f"https://127.0.0.1:{self.api_port}"

    @property
    def slack_url(self) -> str:
        """Address of the lab's Slack."""
        return f"http://127.0.0.1:{self.slack_port}"

    @property
    def forge_port(self) -> int:
        """Port of the lab's forge on 127.0.0.1; it follows from the network."""
        return 19000 + int(self.network.partition(".")[2])

    @property
    def forge_url(self) -> str:
        """Address of the lab's forge."""
        return f"http://127.0.0.1:{self.forge_port}"

    @property
    def argocd_port(self) -> int:
        """Port of the lab's Argo CD API on 127.0.0.1; it follows from the network."""
        return 18000 + int(self.network.partition(".")[2])

    @property
    def argocd_server(self) -> str:
        """Address of the lab's Argo CD API, as in ``ARGOCD_SERVER``."""
        return f"127.0.0.1:{self.argocd_port}"

    def to_json(self) -> str:
        """Return the document as it is stored."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "lab.json") -> Self:
        """Read a stored document of this or an older version.

        Raises
        ------
        LabStateError
            If it is damaged, or was written by a newer version of the product.
        """
        again = "`prompt-kafka lab down --purge` removes the lab with its data"
        try:
            document = json.loads(text)
            if not isinstance(document, dict) or not isinstance(document.get("schema"), int):
                raise ValueError("no schema version in it")
            document = migrate(document)
            unknown = sorted(set(document) - {field.name for field in fields(cls)})
            if unknown:
                raise ValueError(f"unknown settings {', '.join(unknown)}")
            settings = cls(**document)
            settings._check()
        except _NewerError as error:
            raise LabStateError(
                str(error), where=where, next=f"use that version, or start over: {again}"
            ) from None
        except (ValueError, TypeError) as error:
            raise LabStateError(
                f"the settings of the lab are damaged: {error}",
                where=where,
                next=f"put the file back from a copy; or, if there is none, {again}",
            ) from None
        return settings

    def _check(self) -> None:
        for field, kinds in (
            ("name", str),
            ("network", str),
            ("api_port", int),
            ("slack_port", int),
            ("environment", str),
            ("delivery", str),
            ("timer_factor", (int, float)),
        ):
            if not isinstance(getattr(self, field), kinds):
                raise ValueError(f"{field} is {getattr(self, field)!r}")
        for field in ("repo", "kafka_version", "strimzi_version"):
            if not isinstance(getattr(self, field), str | None):
                raise ValueError(f"{field} is {getattr(self, field)!r}")
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name is {self.name!r}")
        if not re.fullmatch(r"127\.\d{1,3}", self.network) or self.timer_factor <= 0:
            raise ValueError(f"network is {self.network!r}, timer_factor {self.timer_factor!r}")


class _NewerError(ValueError):
    pass


def migrate(
    document: dict[str, Any],
    steps: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
    current: int = SCHEMA,
) -> dict[str, Any]:
    """Bring a stored document to the `current` schema, one version at a time.

    Raises
    ------
    ValueError
        If the document is newer than `current`, or a step is missing.
    """
    steps = MIGRATIONS if steps is None else steps
    version = int(document["schema"])
    if version > current:
        raise _NewerError(
            f"the lab was written by a newer prompt-kafka (schema {version}, this one knows {current})"
        )
    while version < current:
        if version not in steps:
            raise ValueError(f"schema {version} is not known")
        document = {**steps[version](dict(document)), "schema": version + 1}
        version += 1
    return document


def check_name(name: str) -> str:
    """Return `name` if a lab may be called so.

    Raises
    ------
    UsageError
        If it is not 1 to 32 lower-case letters, digits and inner hyphens.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a name for a lab",
            next="use up to 32 lower-case letters, digits and inner hyphens",
        )
    return name
