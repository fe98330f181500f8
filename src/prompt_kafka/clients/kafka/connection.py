"""One way to a Kafka cluster, shared by the runbook, the message reader and the lab.

It wraps kafka-python's admin client and its protocol messages. What comes out are the values of
``core.kafka``; what goes wrong comes out as one of this tool's errors with the address that was asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from prompt_kafka.clients.kafka.errors import translate
from prompt_kafka.clients.kafka.lazy import preload
from prompt_kafka.clients.kafka.security import Hidden, Sasl, Tls
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import UnreachableError

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.fetch import Fetched
    from prompt_kafka.core.configured import Access, BrokerSettings
    from prompt_kafka.core.kafka import Broker, Cluster, Features, Group, Offsets, Quorum, TopicState

Address = tuple[str, int]


class KafkaConnection:
    """A connection to the brokers of one cluster. Thread-safe; connects on first use.

    Parameters
    ----------
    bootstrap
        Addresses of some brokers' listener, ``(host, port)``.
    tls, sasl
        How to talk and who we are; ``None`` for a plain listener.
    resolve
        Maps ``(host, port)`` as the cluster advertises them to the address that leads there from here.
    client_id
        Name in the brokers' request logs.
    timeout
        Seconds for one call as a whole; one node that is silent costs a third of it.
    read_only
        Refuse every request that is not a read (`ReadOnlyError`).
    """

    def __init__(
        self,
        bootstrap: Sequence[Address],
        *,
        tls: Tls | None = None,
        sasl: Sasl | None = None,
        resolve: Callable[[str, int], Address] | None = None,
        client_id: str = "prompt-kafka",
        timeout: float = 10.0,
        read_only: bool = False,
        clock: Clock = SYSTEM,
    ) -> None:
        preload()
        self.bootstrap = tuple(bootstrap)
        self.timeout = timeout
        self.clock = clock
        self.read_only = read_only
        self._tls, self._sasl, self._resolve, self.client_id = tls, sasl, resolve, client_id
        self._lock = threading.Lock()
        self._admin: Any = None
        self._leaders: dict[str, dict[int, int]] = {}

    def __repr__(self) -> str:
        return f"KafkaConnection({self.where!r})"

    @property
    def where(self) -> str:
        """The addresses asked first, for error messages."""
        return ",".join(f"{host}:{port}" for host, port in self.bootstrap)

    @property
    def user(self) -> str | None:
        """The user that is logged in as, if any."""
        return self._sasl.user if self._sasl else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; the next call opens them again."""
        with self._lock:
            admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()

    # -- asking ---------------------------------------------------------------------------------------------

    @property
    def admin(self) -> Any:
        """kafka-python's ``KafkaAdminClient`` over this connection; its errors are kafka-python's.

        Raises
        ------
        UnreachableError, NotAuthorizedError
            If no broker of `bootstrap` lets us in.
        """
        with self._lock:
            if self._admin is None:
                self._admin = self._connect()
            return self._admin

    def settings(self) -> dict[str, Any]:
        """Return kafka-python's settings for this connection; the password does not show in its ``repr``."""
        settings: dict[str, Any] = {
            "bootstrap_servers": [f"{host}:{port}" for host, port in self.bootstrap],
            "client_id": self.client_id,
            "request_timeout_ms": int(self.timeout * 1000),
            "bootstrap_timeout_ms": int(self.timeout * 1000),
            "reconnect_backoff_max_ms": 1000,
            "security_protocol": ("SASL_" if self._sasl else "") + ("SSL" if self._tls else "PLAINTEXT"),
        }
        if self._tls:
            settings["ssl_context"] = self._tls.context()
        if self._sasl:
            settings["sasl_mechanism"] = self._sasl.mechanism
            settings["sasl_plain_username"] = self._sasl.user
            settings["sasl_plain_password"] = Hidden(self._sasl.password)
        return settings

    def way_to(self, node: int) -> tuple[str, Address]:
        """Return the name of a broker, and the address that leads to it from here."""
        broker = self.admin._manager.cluster.broker_metadata(node)
        if broker is None:
            raise UnreachableError(f"there is no broker {node} now", where=self.where)
        name = (broker.host, broker.port)
        return broker.host, self._resolve(*name) if self._resolve else name

    def _connect(self) -> Any:
        from prompt_kafka.clients.kafka.network import open_admin

        try:
            return open_admin(
                self.settings(), resolve=self._resolve, read_only=self.read_only, timeout=self.timeout
            )
        except Exception as error:
            raise translate(error, self.where) from error

    def ask(self, request: Any, node: int | None = None) -> Any:
        """Send a request of ``kafka.protocol`` to `node` (any broker if ``None``) and return its response.

        A lost connection is tried again, on another broker where any will do, until `timeout` is over.
        """
        answer = self.ask_each([(request, node)])[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def ask_each(self, requests: Sequence[tuple[Any, int | None]]) -> list[Any]:
        """Send all `requests` at once; return each one's response, or its error as a value."""
        manager = self.admin._manager
        try:
            answers: list[Any] = manager.run(manager.ask_each, requests)
        except Exception as error:
            raise translate(error, self.where) from error
        return [translate(a, self.where) if isinstance(a, BaseException) else a for a in answers]

    def ask_once(self, request: Any, node: int) -> Any:
        """Send a request that must not be sent twice and return its response."""
        manager = self.admin._manager
        try:
            return manager.run(manager.send, request, node)
        except Exception as error:
            raise translate(error, self.where) from error

    # -- what there is --------------------------------------------------------------------------------------

    def features(self) -> Features:
        """Ask which feature levels are finalized."""
        from prompt_kafka.clients.kafka.describe import features

        return features(self)

    def describe_cluster(self) -> Cluster:
        """Return the cluster's id, its brokers (fenced ones too) and what we may do to it."""
        from prompt_kafka.clients.kafka.describe import cluster

        return cluster(self)

    def brokers(self) -> tuple[Broker, ...]:
        """Return the registered brokers; a fenced one is registered but does not serve."""
        return self.describe_cluster().nodes

    def topics(self, names: Sequence[str] | None = None) -> tuple[TopicState, ...]:
        """Return topics with partitions and settings: all that we may see, or those named.

        Raises
        ------
        UnknownTopicError
            If a named topic does not exist; names near it are in the message.
        """
        from prompt_kafka.clients.kafka.describe import topics

        return topics(self, names)

    def describe_quorum(self) -> Quorum:
        """Return the quorum as a broker relays it; `Controllers` asks the controllers themselves."""
        from prompt_kafka.clients.kafka.quorum import through_broker

        return through_broker(self)

    def broker_settings(self) -> BrokerSettings:
        """Return what every broker is configured with, and the metadata level."""
        from prompt_kafka.clients.kafka.configured import settings

        return settings(self)

    def access(self) -> Access:
        """Return the access rules and quotas of all users."""
        from prompt_kafka.clients.kafka.configured import access

        return access(self)

    def groups(self, names: Sequence[str] | None = None) -> tuple[Group, ...]:
        """Return consumer groups with their lag in records and in time."""
        from prompt_kafka.clients.kafka.groups import groups

        return groups(self, names)

    def offsets(self, topic: str) -> tuple[Offsets, ...]:
        """Return start, end and last stable offset of each partition of `topic`."""
        from prompt_kafka.clients.kafka.offsets import of_topics

        return of_topics(self, [topic])

    def offsets_at(self, topic: str, time_ms: int) -> dict[int, int | None]:
        """Return per partition the first offset not older than `time_ms`; ``None`` if there is none."""
        from prompt_kafka.clients.kafka.offsets import at_time

        return at_time(self, topic, time_ms)

    # -- records --------------------------------------------------------------------------------------------

    def fetch(
        self,
        topic: str,
        partition: int,
        offset: int,
        *,
        max_bytes: int = 1 << 20,
        committed: bool = True,
        wait: float = 0.0,
    ) -> Fetched:
        """Return whole record batches from `offset` on: at least one where there is any."""
        position = {(topic, partition): offset}
        answer = self.fetch_each(position, max_bytes=max_bytes, committed=committed, wait=wait)
        return answer[topic, partition]

    def fetch_each(
        self,
        positions: Mapping[tuple[str, int], int],
        *,
        max_bytes: int = 1 << 20,
        committed: bool = True,
        wait: float = 0.0,
    ) -> dict[tuple[str, int], Fetched]:
        """Fetch several partitions at once, one request per leader.

        Parameters
        ----------
        positions
            Offset to start at, by topic and partition.
        max_bytes
            Limit per partition, except that one whole batch is always returned.
        committed
            Stop at the last stable offset and learn which transactions were aborted.
        wait
            Seconds that a broker may hold the answer back until there is something.

        Raises
        ------
        OffsetOutOfRangeError
            With the valid range.
        """
        from prompt_kafka.clients.kafka.fetch import fetch

        return fetch(self, positions, max_bytes=max_bytes, committed=committed, wait=wait)

    def produce_one(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int = 0,
        acks: int = -1,
    ) -> int:
        """Write one record and return its offset once the brokers acknowledged it."""
        from prompt_kafka.clients.kafka.write import write_one

        return write_one(self, topic, partition, key, value, headers, acks)

    def leader(self, topic: str, partition: int, *, refresh: bool = False) -> int:
        """Return the node id of a partition's leader.

        Raises
        ------
        UnknownTopicError
            If there is no such partition.
        UnreachableError
            If it has no leader now.
        """
        from prompt_kafka.clients.kafka.describe import leaders

        if refresh or topic not in self._leaders:
            self._leaders[topic] = leaders(self, topic)
        known = self._leaders[topic]
        if partition not in known:
            raise UnreachableError(f"partition {topic}-{partition} has no leader", where=self.where)
        return known[partition]
