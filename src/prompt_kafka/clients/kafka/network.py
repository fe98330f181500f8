"""kafka-python's connections, with three things that it lacks.

* A **route**: names and ports as the cluster advertises them are mapped to where they can be reached from
  here (the lab's addresses, a port-forward). TLS still checks the advertised name.
* A **deadline** on the TLS handshake and on every call: a frozen broker accepts connections and says nothing.
* A **guard**: a connection that only reads refuses every other request before it reaches the wire.

Importing this module imports ``kafka`` (about 0.1 s), so ``connection`` does it on first use.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Sequence
from typing import Any

import kafka.errors as errors
from kafka.admin import KafkaAdminClient
from kafka.future import Future
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import create_connection
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
from kafka.protocol.api_key import ApiKey

from prompt_kafka.clients.kafka.guard import GuardedWire
from prompt_kafka.core.clock import SYSTEM

# A library speaks when it is asked to: without this, Python prints its warnings over our output.
logging.getLogger("kafka").addHandler(logging.NullHandler())

HELLO = struct.pack(">ihhih", 10, ApiKey.ApiVersions, 0, 0, -1)
"""The question for a broker's versions, answered before a login: length, key, version, number, no name."""
RETRY_S = 0.1
LOST = (
    errors.KafkaConnectionError,
    errors.KafkaTimeoutError,
    errors.RequestTimedOutError,
    errors.NodeNotReadyError,
    errors.Cancelled,
)

Resolve = Callable[[str, int], tuple[str, int]]


class _DataFirst:
    """Hands over what came together with the end of a connection before the end itself.

    A broker says that it refuses a login and closes at once; when both are read in one go, kafka-python lets
    the end win, and a wrong password looks like a broken network.
    """

    def _sock_recv(self) -> tuple[bytes, BaseException | None]:
        data, error = super()._sock_recv()  # type: ignore[misc]
        return (data, None) if data else (data, error)


class TcpTransport(_DataFirst, KafkaTCPTransport):  # type: ignore[misc]
    """A plain connection."""


class TlsTransport(_DataFirst, KafkaSSLTransport):  # type: ignore[misc]
    """A TLS connection."""


class Manager(KafkaConnectionManager):  # type: ignore[misc]
    """Connections to the nodes of one cluster, routed, with deadlines and guarded.

    Parameters
    ----------
    net
        Event loop; runs on its own thread.
    resolve
        ``(host, port)`` as advertised to ``(address, port)`` from here; called on the loop's thread.
    read_only
        Refuse what is not a read.
    timeout
        Seconds for one call as a whole.
    """

    def __init__(
        self,
        net: NetworkSelector,
        *,
        resolve: Resolve | None = None,
        read_only: bool = False,
        timeout: float = 10.0,
        **configs: Any,
    ) -> None:
        super().__init__(net, **configs)
        self.cluster.config["allow_auto_create_topics"] = False
        self._resolve = resolve
        self._read_only = read_only
        self._timeout = timeout
        self.last_failure: BaseException | None = None
        self.failures: dict[Any, BaseException] = {}
        self._answered: tuple[str, int] | None = None

    def get_connection(self, node_id: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the connection to a node, guarded where this manager only reads."""
        connection = super().get_connection(node_id, *args, **kwargs)
        if self._read_only and not isinstance(connection, GuardedWire):
            connection.__class__ = GuardedWire
        return connection

    def least_loaded_node(self) -> Any:
        """Return a node to ask: connected, or the first to answer, or any; the library would draw by lot."""
        brokers = self.cluster.brokers()
        known = [(self._conns.get(broker.node_id), broker.node_id) for broker in brokers]
        connected = [(len(c.in_flight_requests), i) for c, i in known if c and c.connected and not c.paused]
        if connected:
            return min(connected)[1]
        for broker in brokers:
            if (broker.host, broker.port) == self._answered and not self.connection_delay(broker.node_id):
                return broker.node_id
        node = super().least_loaded_node()
        if node is None:
            first = [broker.node_id for broker in self.cluster.bootstrap_brokers()]
            node = next((each for each in first if self.connection_delay(each) == 0), None)
        return node

    async def _do_bootstrap(self, deadline: float | None) -> Any:
        """Begin with the address that answers first: one drawn by lot may be a frozen broker's."""
        brokers = self.cluster.bootstrap_brokers()
        first = await self._first_to_answer(brokers) if len(brokers) > 1 else None
        if first is not None:
            self._answered = (first.host, first.port)
            self.cluster.bootstrap_brokers = lambda: [first]
        try:
            return await super()._do_bootstrap(deadline)
        finally:
            self.cluster.__dict__.pop("bootstrap_brokers", None)

    async def _first_to_answer(self, nodes: Sequence[Any]) -> Any:
        """Greet all at once; return the first that answers, None when none does."""
        first, left = Future(), list(nodes)
        end = SYSTEM.monotonic() + self._timeout / 3

        async def greet(node: Any) -> None:
            try:
                transport = await self._routed_transport(node, end)
                try:
                    if not self.ssl_enabled:
                        await self._answers(transport._sock, end)
                finally:
                    transport.close()
            except Exception:
                left.pop()
                if not left and not first.is_done:
                    first.success(None)
                return
            if not first.is_done:
                first.success(node)

        for node in nodes:
            self._net.call_soon_with_future(greet, node)
        try:
            return await self.wait_for(first, self._timeout * 1000 / 3)
        except Exception:
            return None

    async def _answers(self, sock: Any, end: float) -> None:
        """Wait for an answer: without TLS a frozen broker's system still takes connections for it."""
        sock.send(HELLO)
        await self._net.wait_read(sock, timeout_at=end)
        if not sock.recv(1):
            raise errors.KafkaConnectionError("closed without an answer")

    async def _connect(self, node: Any, conn: Any, *args: Any, **kwargs: Any) -> Any:
        soon = SYSTEM.monotonic() + self._timeout / 3
        kwargs["timeout_at"] = min(kwargs.get("timeout_at") or soon, soon)
        await super()._connect(node, conn, *args, **kwargs)
        failure = conn.init_future.exception
        if failure is not None:
            self.last_failure = self.failures[node.node_id] = failure
            if isinstance(failure, errors.SaslAuthenticationFailedError) and self.cluster.is_bootstrap(
                node.node_id
            ):
                self._auth_failures[node.node_id] = failure  # ends the bootstrap: a second try locks accounts

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:
        try:
            return await self._routed_transport(node, timeout_at)
        except Exception as error:
            self.last_failure = error
            raise

    async def _routed_transport(self, node: Any, timeout_at: float | None) -> Any:
        host, port = (node.host, node.port) if self._resolve is None else self._resolve(node.host, node.port)
        end = SYSTEM.monotonic() + self._timeout if timeout_at is None else timeout_at
        options = self.config["socket_options"]
        sock = await create_connection(self._net, host, port, options, timeout_at=end)
        if self.ssl_enabled:
            transport = TlsTransport(self._net, sock, host=node.host, ssl_context=self.config["ssl_context"])
        else:
            transport = TcpTransport(self._net, sock, host=node.host)
        try:
            shaking = self._net.call_soon_with_future(transport.handshake)
            await self.wait_for(shaking, max(1.0, (end - SYSTEM.monotonic()) * 1000))
        except Exception as error:
            transport.close()
            raise errors.KafkaConnectionError(f"TLS with {host}:{port} failed: {error}") from error
        return transport

    def run(self, coro: Any, *args: Any) -> Any:
        """Run `coro` on the loop's thread and return its result, within the deadline of one call."""

        async def bounded() -> Any:
            future = self._net.call_soon_with_future(coro, *args)
            return await self.wait_for(future, self._timeout * 1000)

        return self._net.run(bounded)

    async def ask_each(self, requests: Sequence[tuple[Any, int | None]]) -> list[Any]:
        """Send all requests at once; give each one's response, or its error as a value."""
        futures = [self._net.call_soon_with_future(self._ask, request, node) for request, node in requests]
        answers: list[Any] = []
        for future in futures:
            try:
                answers.append(await future)
            except Exception as error:
                answers.append(error)
        return answers

    async def _ask(self, request: Any, node: int | None) -> Any:
        # Of a named node only a stale connection is tried again: its asker can look for a new leader.
        end = SYSTEM.monotonic() + self._timeout * (0.9 if node is None else 0.3)
        known = node is None
        while True:
            left = end - SYSTEM.monotonic()
            try:
                return await self.send(
                    request, node_id=node, request_timeout_ms=1000 * max(0.1, min(left, self._timeout / 3))
                )
            except errors.UnknownBrokerIdError:
                # A broker that has come (back) since the metadata was read, at most five minutes ago.
                if known:
                    raise
                known = True
                await self.cluster.refresh_metadata()
            except LOST:
                if SYSTEM.monotonic() + RETRY_S > end:
                    raise
                await self._net.sleep(RETRY_S)


def open_admin(settings: dict[str, Any], *, resolve: Resolve | None, read_only: bool, timeout: float) -> Any:
    """Return a connected admin client over a `Manager`; when nobody lets us in, raise the last reason why."""
    net = NetworkSelector(client_id=settings["client_id"])
    made: list[Manager] = []

    def client(**configs: Any) -> KafkaNetClient:
        made.append(Manager(net, resolve=resolve, read_only=read_only, timeout=timeout, **configs))
        return KafkaNetClient(net=net, manager=made[0])

    try:
        return KafkaAdminClient(kafka_client=client, **settings)
    except Exception as error:
        net.stop()
        for manager in made:
            manager.close()
        net.close()
        last = made[0].last_failure if made else None
        if isinstance(error, LOST) and last is not None:
            raise last from error
        raise
