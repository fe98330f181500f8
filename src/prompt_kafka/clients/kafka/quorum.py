"""The metadata quorum, asked of the controllers themselves.

A broker only relays what the controllers say, so it is no witness when brokers are down or when the quorum
is wedged. Each controller is asked on one connection of its own, with the operator's client certificate
(controllers let nobody else in). Only the leader can describe the quorum; the others say whom they follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from prompt_kafka.clients.kafka.describe import CONTROLLERS, check
from prompt_kafka.clients.kafka.errors import KafkaError, NotTheLeaderError, reason
from prompt_kafka.clients.kafka.lazy import preload
from prompt_kafka.clients.kafka.security import Tls
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.kafka import ControllerAnswer, Quorum, Voter

if TYPE_CHECKING:
    from prompt_kafka.clients.kafka.connection import KafkaConnection

METADATA_LOG = "__cluster_metadata"
NOT_LEADER = 6
NOBODY = "00000000-0000-0000-0000-000000000000"


class Controllers:
    """The controllers of one cluster, reached over their CONTROLPLANE listener.

    Parameters
    ----------
    addresses
        ``(host, port)`` of each controller.
    tls
        With the client certificate that controllers ask for; ``None`` for a plain listener (tests).
    resolve
        As in `KafkaConnection`.
    timeout
        Seconds for one controller.
    """

    def __init__(
        self,
        addresses: Sequence[tuple[str, int]],
        *,
        tls: Tls | None = None,
        resolve: Callable[[str, int], tuple[str, int]] | None = None,
        timeout: float = 5.0,
        clock: Clock = SYSTEM,
    ) -> None:
        preload()
        self.addresses = tuple(addresses)
        self._tls, self._resolve, self._timeout, self._clock = tls, resolve, timeout, clock

    def ask(self) -> tuple[ControllerAnswer, ...]:
        """Ask all controllers at once; one that does not answer says so in its answer."""
        from kafka.net.selector import NetworkSelector

        from prompt_kafka.clients.kafka.network import Manager

        if not self.addresses:
            return ()
        net = NetworkSelector(client_id="prompt-kafka-quorum")
        manager = Manager(
            net,
            resolve=self._resolve,
            read_only=True,
            timeout=self._timeout * 3,  # a third of it is what one connection may take
            bootstrap_servers=[f"{host}:{port}" for host, port in self.addresses],
            client_id="prompt-kafka-quorum",
            request_timeout_ms=int(self._timeout * 1000),
            receive_message_max_bytes=10_000_000,
            security_protocol="SSL" if self._tls else "PLAINTEXT",
            ssl_context=self._tls.context() if self._tls else None,
        )
        net.start()
        try:
            answers = {answer.address: answer for answer in manager.run(self._ask_all, manager)}
            return tuple(answers[f"{host}:{port}"] for host, port in self.addresses)
        finally:
            net.stop()
            manager.close()
            net.close()

    def describe(self, address: tuple[str, int]) -> Quorum:
        """Ask one controller for the quorum.

        Raises
        ------
        NotTheLeaderError
            If it does not lead; the error names the leader that it knows.
        UnreachableError
            If it does not answer.
        """
        from prompt_kafka.core.errors import UnreachableError

        one = Controllers(
            [address], tls=self._tls, resolve=self._resolve, timeout=self._timeout, clock=self._clock
        )
        (answer,) = one.ask()
        if answer.unreachable:
            raise UnreachableError(
                f"the controller does not answer: {answer.unreachable}", where=answer.address
            )
        if answer.quorum is None:
            raise NotTheLeaderError(
                "the controller does not lead the quorum", leader_id=answer.leader_id, where=answer.address
            )
        return answer.quorum

    async def _ask_all(self, manager: Any) -> list[ControllerAnswer]:
        futures = [
            manager.call_soon(self._ask_one, manager, node.node_id, f"{node.host}:{node.port}")
            for node in manager.cluster.bootstrap_brokers()
        ]
        return [await future for future in futures]

    async def _ask_one(self, manager: Any, node: Any, address: str) -> ControllerAnswer:
        try:
            asking = manager.call_soon(self._questions, manager, node, address)
            answer: ControllerAnswer = await manager.wait_for(asking, self._timeout * 1000)
            return answer
        except Exception as error:
            return ControllerAnswer(address, unreachable=reason(error))

    async def _questions(self, manager: Any, node: Any, address: str) -> ControllerAnswer:
        from kafka.protocol.admin import DescribeClusterRequest
        from kafka.protocol.metadata import ApiVersionsRequest

        wire = await manager.get_connection(node, pop_on_close=False, refresh_metadata_on_err=False)
        described = wire.send_request(quorum_request())
        known = wire.send_request(DescribeClusterRequest(endpoint_type=CONTROLLERS))
        versions = wire.send_request(
            ApiVersionsRequest(
                client_software_name="prompt-kafka", client_software_version="1", min_version=3
            )
        )
        quorum = quorum_of_response(await described, address, self._clock)
        leader = (await known).controller_id
        levels = {
            feature.name: feature.max_version_level for feature in (await versions).finalized_features or ()
        }
        return ControllerAnswer(
            address,
            leader_id=quorum.leader_id if quorum else (None if leader < 0 else leader),
            quorum=quorum,
            metadata_version=levels.get("metadata.version"),
        )


def quorum_request() -> Any:
    """Return the request that describes the quorum."""
    from kafka.protocol.admin import DescribeQuorumRequest

    topic = DescribeQuorumRequest.TopicData
    partition = topic.PartitionData(partition_index=0)
    return DescribeQuorumRequest(topics=[topic(topic_name=METADATA_LOG, partitions=[partition])])


def through_broker(connection: KafkaConnection) -> Quorum:
    """Return the quorum as a broker relays it from the leader."""
    quorum = quorum_of_response(connection.ask(quorum_request()), connection.where, connection.clock)
    if quorum is None:
        raise KafkaError("the controllers have no leader now", where=connection.where)
    return quorum


def quorum_of_response(response: Any, asked: str, clock: Clock) -> Quorum | None:
    """Turn a response into its value; ``None`` when who answered does not lead."""
    check(response.error_code, asked, getattr(response, "error_message", None))
    partition = response.topics[0].partitions[0]
    if partition.error_code == NOT_LEADER:
        return None
    check(partition.error_code, asked, getattr(partition, "error_message", None))
    return Quorum(
        asked=asked,
        leader_id=partition.leader_id,
        epoch=partition.leader_epoch,
        high_watermark=partition.high_watermark,
        voters=tuple(_replica(replica) for replica in partition.current_voters),
        observers=tuple(_replica(replica) for replica in partition.observers),
        seen_ms=int(clock.now().timestamp() * 1000),
    )


def _replica(replica: Any) -> Voter:
    directory = str(replica.replica_directory_id or NOBODY)
    return Voter(
        node_id=replica.replica_id,
        log_end_offset=replica.log_end_offset,
        last_fetch_ms=replica.last_fetch_timestamp if replica.last_fetch_timestamp >= 0 else None,
        last_caught_up_ms=replica.last_caught_up_timestamp if replica.last_caught_up_timestamp >= 0 else None,
        directory_id=None if directory == NOBODY else directory,
    )
