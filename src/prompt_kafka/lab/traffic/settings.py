"""What a run of traffic needs to know: where, as whom, how much."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.clients.kafka import KafkaConnection, Sasl, Tls
from prompt_kafka.core.errors import UsageError

PRODUCER = "prompt-processing"
WRITER = "butler-writer"
READER = "prompt-publication-consumer"
USERS = (PRODUCER, WRITER, READER)

RESULTS = "butler-writer"
EVENTS = "butler-writer-ingestion-events"
WRITER_GROUP = "butler-writer"
READER_GROUP = "prompt-publication"
TRANSACTIONAL_ID = "butler-writer-output"

DETECTORS = 189
VISIT_EVERY_S = 5.0

# librdkafka would print its log over our output; errors reach us through callbacks.
_SILENT = logging.getLogger("prompt_kafka.lab.traffic.librdkafka")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
_SILENT.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSettings:
    """One run of traffic.

    Parameters
    ----------
    bootstrap
        Addresses of the external listener, ``(host, port)``.
    passwords
        Password of each of `USERS`; kept in memory only.
    ca_pem
        The cluster's CA, ``None`` for a listener without TLS.
    check_hostname
        Compare certificates with the brokers' names.
    rate
        Messages per second; 189 of them are a visit.
    duration
        Seconds of sending; ``None`` until it is stopped.
    delivery_timeout
        Seconds after which the client gives a message up: only then is it *failed*.
    batch_size, batch_wait
        The writer takes up to so many messages, or what came in so many seconds (the service: 500, 30 s).
    drain_timeout
        Seconds without progress after which the consumers are no longer waited for at the end.
    seed
        Of the messages' contents.
    """

    bootstrap: tuple[tuple[str, int], ...]
    passwords: Mapping[str, str] = field(repr=False, hash=False)
    ca_pem: str | None = field(default=None, repr=False)
    check_hostname: bool = True
    rate: float = DETECTORS / VISIT_EVERY_S
    duration: float | None = None
    delivery_timeout: float = 60.0
    batch_size: int = 500
    batch_wait: float = 1.0
    drain_timeout: float = 60.0
    seed: int = 0

    def __post_init__(self) -> None:
        missing = [user for user in USERS if not self.passwords.get(user)]
        if missing:
            raise UsageError(f"no password for {', '.join(missing)}", next="are their KafkaUsers Ready?")
        if self.rate <= 0:
            raise UsageError("the rate is in messages per second and above 0")
        if self.duration is not None and self.duration < 0:
            raise UsageError("the duration is in seconds and not below 0")

    def client(self, user: str, **more: Any) -> dict[str, Any]:
        """Return librdkafka's settings for `user`."""
        common: dict[str, Any] = {
            "bootstrap.servers": ",".join(f"{host}:{port}" for host, port in self.bootstrap),
            "client.id": f"lab-traffic-{user}",
            "security.protocol": "SASL_SSL" if self.ca_pem else "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": self.passwords[user],
            "reconnect.backoff.max.ms": 1000,
            "topic.metadata.refresh.interval.ms": 30_000,
            "logger": _SILENT,
        }
        if self.ca_pem:
            common["ssl.ca.pem"] = self.ca_pem
            common["ssl.endpoint.identification.algorithm"] = "https" if self.check_hostname else "none"
        return {**common, **more}

    def connection(self, user: str) -> KafkaConnection:
        """Return a read-only connection as `user`."""
        return KafkaConnection(
            self.bootstrap,
            tls=Tls(self.ca_pem, check_hostname=self.check_hostname) if self.ca_pem else None,
            sasl=Sasl(user, self.passwords[user]),
            client_id=f"lab-traffic-{user}",
            timeout=15.0,
            read_only=True,
        )
