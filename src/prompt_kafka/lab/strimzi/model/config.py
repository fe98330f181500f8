"""The text of a node's ``server.config``, as the operator writes it.

Paths are the container's; certificates are read through Kafka's own ``DirectoryConfigProvider`` from the
mounted Secrets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.lab.strimzi.model import names
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node, pod_fqdn
from prompt_kafka.lab.strimzi.model.storage import metadata_volume, volumes

_FORBIDDEN = """
    listeners advertised. broker. listener. host.name port inter.broker.listener.name sasl. ssl. security.
    password. log.dir zookeeper.connect zookeeper.set.acl zookeeper.ssl zookeeper.clientCnxnSocket authorizer.
    super.user cruise.control.metrics.topic cruise.control.metrics.reporter.bootstrap.servers node.id
    process.roles controller. metadata.log.dir zookeeper.metadata.migration.enable
    client.quota.callback.static.kafka.admin. client.quota.callback.static.produce
    client.quota.callback.static.fetch prometheus.metrics.reporter. cordoned.log.dirs
"""
FORBIDDEN = tuple(_FORBIDDEN.split())
"""What a resource's ``config`` may not set: the operator drops it."""

_ALLOWED = """
    sasl.server.max.receive.size ssl.cipher.suites ssl.protocol ssl.enabled.protocols
    ssl.secure.random.implementation broker.session.timeout.ms broker.heartbeat.interval.ms
    controller.socket.timeout.ms controller.quorum.election.backoff.max.ms
    controller.quorum.election.timeout.ms controller.quorum.fetch.timeout.ms
"""
ALLOWED = frozenset(_ALLOWED.split())
"""Exceptions from `FORBIDDEN`."""

_FAMILIES = """
    add advertised alter auto background broker client compression config connection connections controlled
    controller cordoned create default delegation delete early eligible fetch follower group initial inter
    internal kafka leader listener listeners log max message metadata metric metrics min node num offset
    offsets password principal process producer query queued quota remote replica replication request reserved
    sasl security server share socket ssl super telemetry transaction transactional unclean unstable
"""
FAMILIES = frozenset(_FAMILIES.split())
"""First words of Kafka's own options; another one belongs to a plug-in, of which only a restart is sure."""

INTERNAL_USERS = ("entity-topic-operator", "entity-user-operator", "kafka-exporter", "cruise-control")
AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a listener of a broker is reached."""

    host: str
    port: int


Advertised = Mapping[tuple[int, str], Address]
"""Address by node id and Kafka's listener name, for listeners that are reached from outside."""


def text_of(value: Any) -> str:
    """Return a configuration value as Kafka reads it: YAML's booleans are lower case, lists have commas."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(text_of(item) for item in value)
    return "" if value is None else str(value)


def is_forbidden(key: str) -> bool:
    """Return whether a resource's ``config`` may not set `key`."""
    key = key.lower()
    return key.startswith(FORBIDDEN) and key not in ALLOWED


def user_config(config: Mapping[str, Any]) -> dict[str, str]:
    """Return what is taken from a resource's ``config``, with the operator's own default."""
    kept = {key: text_of(value) for key, value in config.items() if not is_forbidden(key)}
    kept.setdefault("min.insync.replicas", "1")
    return kept


def server_config(
    cluster: Cluster, node: Node, advertised: Advertised, *, old_cluster_cas: tuple[str, ...] = ()
) -> str:
    """Return a node's configuration.

    Parameters
    ----------
    advertised
        Addresses of the listeners that are reached from outside.
    old_cluster_cas
        Keys of replaced CA certificates that are still trusted, in ``<cluster>-cluster-ca-cert``.
    """
    trusted = "".join(_file("cluster-ca-certs", key) for key in ("ca.crt", *old_cluster_cas))
    roles = ",".join(role for role, has in (("broker", node.broker), ("controller", node.controller)) if has)
    voters = ",".join(
        f"{peer.id}@{pod_fqdn(cluster, peer)}:{names.CONTROL_PLANE_PORT}"
        for peer in sorted(cluster.controllers, key=lambda peer: peer.id)
    )
    sections: list[tuple[str, list[str]]] = [
        ("Node ID", [f"node.id={node.id}"]),
        ("KRaft configuration", _kraft(roles, voters)),
        ("Control Plane listener", _mutual_tls("controlplane-9090", node, trusted)),
    ]
    if node.broker:
        sections.append(("Replication listener", _mutual_tls("replication-9091", node, trusted)))
        for listener in cluster.listeners:
            name = names.listener_name(listener)
            sections.append((f"Listener configuration: {name}", _listener(listener, node)))
    sections.append(("Common listener configuration", _common(cluster, node, advertised)))
    if cluster.spec.get("authorization"):
        sections.append(("Authorization", _authorization(cluster)))
    user = user_config(cluster.config)
    sections.append(("Config providers", _providers(user)))
    sections.append(("User provided configuration", [f"{key}={value}" for key, value in user.items()]))
    storage = cluster.pool(node.pool).storage
    dirs = ",".join(volume.log_dir(node) for volume in volumes(storage))
    sections.append(("Kafka message logs configuration", [f"log.dirs={dirs}"]))
    metadata = metadata_volume(storage).log_dir(node)
    sections.append(("KRaft metadata log dir configuration", [f"metadata.log.dir={metadata}"]))
    head = "##############################\n" * 2 + "# This file is automatically generated by the Strimzi "
    head += "Cluster Operator\n# Any changes to this file will be ignored and overwritten!\n"
    head += "##############################\n" * 2
    return head + "".join(
        f"\n##########\n# {title}\n##########\n" + "\n".join(lines) + "\n" for title, lines in sections
    )


def properties(text: str) -> dict[str, str]:
    """Return the settings in a configuration text."""
    pairs = (line.partition("=") for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def configuration_hash(cluster: Cluster, node: Node, advertised: Advertised) -> str:
    """Return the hash of what only a restart can change: advertised addresses and plug-ins' options.

    Kafka's own model of its options is not at hand here, so an option counts as a plug-in's when its first
    word is none of Kafka's (`FAMILIES`).
    """
    seen = [
        f"{listener}:{at.host}:{at.port}"
        for (id_, listener), at in sorted(advertised.items())
        if id_ == node.id
    ]
    foreign = [
        f"{key}={value}"
        for key, value in sorted(user_config(cluster.config).items())
        if key.split(".")[0] not in FAMILIES
    ]
    return hashlib.sha1("\n".join([*seen, *foreign]).encode(), usedforsecurity=False).hexdigest()[:8]


def _file(folder: str, key: str) -> str:
    return f"${{strimzidir:/opt/kafka/{folder}:{key}}}"


def _kraft(roles: str, voters: str) -> list[str]:
    return [
        f"process.roles={roles}",
        "controller.listener.names=CONTROLPLANE-9090",
        f"controller.quorum.voters={voters}",
    ]


def _key_store(prefix: str, certificate: str, key: str) -> list[str]:
    return [
        f"{prefix}.ssl.keystore.certificate.chain={certificate}",
        f"{prefix}.ssl.keystore.key={key}",
        f"{prefix}.ssl.keystore.type=PEM",
    ]


def _node_store(prefix: str, node: Node) -> list[str]:
    return _key_store(
        prefix, _file("broker-certs", f"{node.pod}.crt"), _file("broker-certs", f"{node.pod}.key")
    )


def _mutual_tls(listener: str, node: Node, trusted: str) -> list[str]:
    prefix = f"listener.name.{listener}"
    return [
        f"{prefix}.ssl.truststore.certificates={trusted}",
        f"{prefix}.ssl.truststore.type=PEM",
        *_node_store(prefix, node),
        f"{prefix}.ssl.client.auth=required",
    ]


def _listener(listener: dict[str, Any], node: Node) -> list[str]:
    prefix = f"listener.name.{names.listener_name(listener).lower()}"
    authentication = (listener.get("authentication") or {}).get("type")
    lines = []
    if authentication == "scram-sha-512":
        lines += [
            f"{prefix}.scram-sha-512.sasl.jaas.config={SCRAM}",
            f"{prefix}.sasl.enabled.mechanisms=SCRAM-SHA-512",
        ]
    elif authentication == "tls":
        lines += [
            f"{prefix}.ssl.client.auth=required",
            f"{prefix}.ssl.truststore.certificates={_file('client-ca-certs', 'ca.crt')}",
            f"{prefix}.ssl.truststore.type=PEM",
        ]
    elif authentication == "custom":
        extra = listener["authentication"].get("listenerConfig") or {}
        lines += [f"{prefix}.{key}={text_of(value)}" for key, value in extra.items()]
    configuration = listener.get("configuration") or {}
    if configuration.get("maxConnections") is not None:
        lines.append(f"{prefix}.max.connections={configuration['maxConnections']}")
    if configuration.get("maxConnectionCreationRate") is not None:
        lines.append(f"{prefix}.max.connection.creation.rate={configuration['maxConnectionCreationRate']}")
    if listener.get("tls"):
        lines += _node_store(prefix, node)
    return lines


def _protocol(listener: dict[str, Any]) -> str:
    authentication = listener.get("authentication") or {}
    sasl = authentication.get("type") == "scram-sha-512" or bool(authentication.get("sasl"))
    return ("SASL_" if sasl else "") + ("SSL" if listener.get("tls") else "PLAINTEXT")


def _common(cluster: Cluster, node: Node, advertised: Advertised) -> list[str]:
    protocols, listeners, addresses = ["CONTROLPLANE-9090:SSL"], [], []
    host = pod_fqdn(cluster, node)
    if node.controller:
        listeners.append("CONTROLPLANE-9090://0.0.0.0:9090")
        addresses.append(f"CONTROLPLANE-9090://{host}:9090")
    if node.broker:
        protocols.append("REPLICATION-9091:SSL")
        listeners.append("REPLICATION-9091://0.0.0.0:9091")
        addresses.append(f"REPLICATION-9091://{host}:9091")
        for listener in cluster.listeners:
            name = names.listener_name(listener)
            at = advertised.get((node.id, name)) or Address(host, listener["port"])
            protocols.append(f"{name}:{_protocol(listener)}")
            listeners.append(f"{name}://0.0.0.0:{listener['port']}")
            addresses.append(f"{name}://{at.host}:{at.port}")
    lines = [
        f"listener.security.protocol.map={','.join(protocols)}",
        f"listeners={','.join(listeners)}",
        f"advertised.listeners={','.join(addresses)}",
        "sasl.enabled.mechanisms=",
        "ssl.endpoint.identification.algorithm=HTTPS",
    ]
    return [*lines[:2], *(["inter.broker.listener.name=REPLICATION-9091"] if node.broker else []), *lines[2:]]


def _authorization(cluster: Cluster) -> list[str]:
    authorization = cluster.spec["authorization"]
    users = [f"User:CN={names.kafka(cluster.name)},O=io.strimzi"]
    users += [f"User:CN={cluster.name}-{user},O=io.strimzi" for user in INTERNAL_USERS]
    users.append("User:CN=cluster-operator,O=io.strimzi")
    users += [f"User:{user}" for user in authorization.get("superUsers") or ()]
    implementation = authorization.get("authorizerClass") or AUTHORIZER
    return [f"authorizer.class.name={implementation}", f"super.users={';'.join(users)}"]


def _providers(user: dict[str, str]) -> list[str]:
    """Return the configuration providers; takes the user's own list out of `user`."""
    own = user.pop("config.providers", "")
    return [
        f"config.providers={own + ',' if own else ''}strimzienv,strimzidir",
        "config.providers.strimzienv.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider",
        "config.providers.strimzienv.param.allowlist.pattern=.*",
        "config.providers.strimzidir.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider",
        "config.providers.strimzidir.param.allowed.paths=/opt/kafka",
    ]
