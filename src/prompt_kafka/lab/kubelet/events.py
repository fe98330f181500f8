"""What the kubelet tells about a pod, as events (``kubectl describe pod``)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError


class Recorder:
    """Writes events; one that cannot be written is lost, as Kubernetes' own."""

    def __init__(self, kubernetes: Kubernetes, *, clock: Clock = SYSTEM) -> None:
        self._kubernetes = kubernetes
        self._clock = clock

    def __call__(
        self, pod: Mapping[str, Any], reason: str, note: str, *, action: str = "", warning: bool = False
    ) -> None:
        """Tell one thing about a pod."""
        metadata = pod["metadata"]
        event = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name']}.{secrets.token_hex(8)}",
                "namespace": metadata["namespace"],
            },
            "eventTime": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": "kubelet",
            "reportingInstance": pod["spec"].get("nodeName") or "lab",
            "action": action or reason,
            "reason": reason,
            "note": note[:1000],
            "type": "Warning" if warning else "Normal",
            "regarding": {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
            },
        }
        try:
            self._kubernetes.create(event)
        except PromptKafkaError:
            pass
