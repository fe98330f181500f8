"""The announced maintenance of a service: one ConfigMap beside it, so that anyone can extend or end it."""

from __future__ import annotations

import json

from prompt_kafka.clients.kinds import CONFIG_MAP
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, Kubernetes
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.maintenance import SCHEMA, Maintenance

NAME = "prompt-kafka-maintenance"


class MaintenanceStore:
    """Where the last announced maintenance is kept.

    Parameters
    ----------
    kubernetes, namespace
        Where.
    """

    def __init__(self, kubernetes: Kubernetes, namespace: str) -> None:
        self._kubernetes = kubernetes
        self._namespace = namespace
        self._version = ""

    def load(self) -> Maintenance | None:
        """Return the last one, ended or not; None when there never was one.

        Raises
        ------
        UsageError
            Another version wrote it.
        """
        found = self._kubernetes.find(CONFIG_MAP, NAME, self._namespace)
        if found is None:
            self._version = ""
            return None
        self._version = found["metadata"]["resourceVersion"]
        data = json.loads((found.get("data") or {}).get("maintenance.json", "{}"))
        if data.get("schema") != SCHEMA:
            raise UsageError(
                f"the maintenance was announced by another version (schema {data.get('schema')})",
                where=f"ConfigMap {NAME}",
                next="use that version of prompt-kafka",
            )
        maintenance = decode(data, Maintenance)
        assert isinstance(maintenance, Maintenance)
        return maintenance

    def save(self, maintenance: Maintenance) -> None:
        """Keep it.

        Raises
        ------
        RefusedError
            Somebody else has changed it since it was read (``maintenance-changed``).
        """
        data = {"maintenance.json": json.dumps(encode(maintenance))}
        try:
            if self._version:
                body = {"metadata": {"resourceVersion": self._version}, "data": data}
                saved = self._kubernetes.patch(CONFIG_MAP, NAME, self._namespace, body)
            else:
                metadata = {"name": NAME, "namespace": self._namespace}
                saved = self._kubernetes.create(
                    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
                )
        except (Conflict, AlreadyExists) as error:
            raise RefusedError(
                "maintenance-changed",
                "somebody else has just announced, extended or ended a maintenance",
                where=f"ConfigMap {self._namespace}/{NAME}",
                next="look again",
            ) from error
        self._version = saved["metadata"]["resourceVersion"]
