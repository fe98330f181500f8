"""Why a pod is restarted, and the events that tell it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any

from prompt_kafka.lab.strimzi.model.status import iso

Object = dict[str, Any]

NOTE_BYTES = 1000


class Reason(Enum):
    """Reasons for a restart: the event's reason and its note."""

    CA_CERT_HAS_OLD_GENERATION = ("CaCertHasOldGeneration", "CA cert has old generation")
    CA_CERT_REMOVED = ("CaCertRemoved", "CA certificate removed")
    CA_CERT_RENEWED = ("CaCertRenewed", "CA certificate renewed")
    CLUSTER_CA_CERT_KEY_REPLACED = (
        "ClusterCaCertKeyReplaced",
        "trust new cluster CA certificate signed by new key",
    )
    CONFIG_CHANGE_REQUIRES_RESTART = (
        "ConfigChangeRequiresRestart",
        "Application needs to be restarted, because reconfiguration cannot be done dynamically",
    )
    FILE_SYSTEM_RESIZE_NEEDED = ("FileSystemResizeNeeded", "file system needs to be resized")
    KAFKA_CERTIFICATES_CHANGED = ("KafkaCertificatesChanged", "Broker TLS certificates have been updated")
    MANUAL_ROLLING_UPDATE = ("ManualRollingUpdate", "Pod was manually annotated to be rolled")
    POD_FORCE_RESTART_ON_ERROR = (
        "PodForceRestartOnError",
        "Pod needs to be forcibly restarted due to an error",
    )
    POD_HAS_OLD_REVISION = ("PodHasOldRevision", "Pod has old revision")
    POD_HAS_OLD_RESOURCE_REVISION = ("PodHasOldResourceRevision", "Pod has old resource revision")
    POD_STUCK = ("PodStuck", "Pod needs to be restarted, because it seems to be stuck and restart might help")
    POD_UNRESPONSIVE = (
        "PodUnresponsive",
        "Pod needs to be restarted, because it does not seem to responding to connection attempts",
    )

    @property
    def event(self) -> str:
        """The event's ``reason``."""
        return self.value[0]

    @property
    def default_note(self) -> str:
        """What is said when nothing is known in particular."""
        return self.value[1]


class Reasons(dict[Reason, str]):
    """Reasons with their notes."""

    def note(self, reason: Reason, text: str = "") -> None:
        """Add a reason; a note of its own replaces the usual one."""
        self[reason] = text or self.get(reason) or reason.default_note

    def __str__(self) -> str:
        return f"[{', '.join(self.values())}]"


def note(pod: str, text: str) -> str:
    """Return an event's note, cut to what Kubernetes takes."""
    encoded = f"Rolling Pod {pod} due to {text}".encode()
    if len(encoded) <= NOTE_BYTES:
        return encoded.decode()
    return encoded[: NOTE_BYTES - 3].decode(errors="ignore") + "..."


def events(
    kafka: str, pod: Object, reasons: Iterable[tuple[Reason, str]], operator: str, now: datetime
) -> list[Object]:
    """Return one event per reason.

    Parameters
    ----------
    kafka
        Name of the Kafka resource.
    pod
        The pod that was restarted, as it was.
    operator
        Name of the operator's instance, its host name.
    """
    metadata = pod["metadata"]
    namespace = metadata["namespace"]
    return [
        {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"generateName": "strimzi-event", "namespace": namespace},
            "eventTime": iso(now),
            "type": "Normal",
            "reason": reason.event,
            "action": "StrimziInitiatedPodRestart",
            "note": note(metadata["name"], text),
            "reportingController": "strimzi.io/cluster-operator",
            "reportingInstance": operator,
            "regarding": {"kind": "Kafka", "namespace": namespace, "name": kafka},
            "related": {
                "kind": "Pod",
                "namespace": namespace,
                "name": metadata["name"],
                "uid": metadata.get("uid", ""),
            },
        }
        for reason, text in reasons
    ]
