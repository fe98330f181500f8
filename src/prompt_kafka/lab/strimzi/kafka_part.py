"""The Kafka part of a run, step by step in the operator's own order."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from prompt_kafka.clients.kinds import CONFIG_MAP, NODE_POOL
from prompt_kafka.core.version_change import VersionChange
from prompt_kafka.core.versions import metadata_level, metadata_name
from prompt_kafka.lab.strimzi import authorities, rolls, scale
from prompt_kafka.lab.strimzi.kafka.channel import NodeError
from prompt_kafka.lab.strimzi.kafka.nodes import Nodes
from prompt_kafka.lab.strimzi.model import config, config_maps, pods, policies, services, status, storage
from prompt_kafka.lab.strimzi.model.cluster import Cluster, Node
from prompt_kafka.lab.strimzi.model.errors import ReconciliationError
from prompt_kafka.lab.strimzi.model.secrets import Ca
from prompt_kafka.lab.strimzi.roller.decisions import is_ready
from prompt_kafka.lab.strimzi.run import Run

Object = dict[str, Any]

log = logging.getLogger(__name__)


def reconcile(run: Run, change: VersionChange, cluster_ca: Ca, clients_ca: Ca) -> None:
    """Bring the Kafka cluster to what its resource says.

    Raises
    ------
    ReconciliationError
        It could not be done.
    """
    cluster, storage_warnings = scale.model(run, change)
    cluster = scale.keep_used_brokers(run, cluster, cluster_ca)
    run.conditions += status.warnings(cluster, storage_warnings, run.now)
    run.status["kafkaNodePools"] = [{"name": pool.name} for pool in cluster.pools]
    before = services.advertised(cluster, run.of_kind("Service"))
    rolls.trust_new_key(run, cluster, cluster_ca, lambda: write_configs(run, cluster, cluster_ca, before))
    authorities.operators(run, cluster_ca)
    rolls.clean_pod(run)
    run.apply([policies.network_policy(cluster)])
    rolls.manual(run, cluster, cluster_ca)
    run.apply(
        [
            *(claim for pool in cluster.pools for claim in storage.claims(cluster, pool)),
            policies.service_account(cluster.resource, f"{cluster.name}-kafka", "kafka"),
            policies.role(cluster),
            policies.role_binding(cluster),
        ]
    )
    scale.scale_down(run, cluster)
    _write_pool_statuses(run, cluster)
    found = _services(run, cluster)
    run.status["listeners"] = services.status(cluster, found, cluster_ca.pair.certificate)
    thumbprints = authorities.node_certificates(run, cluster, cluster_ca, found)
    advertised = services.advertised(cluster, found)
    texts = write_configs(run, cluster, cluster_ca, advertised)
    run.apply([policies.disruption_budget(cluster)])
    _write_pod_sets(run, cluster, (cluster_ca, clients_ca), advertised, thumbprints)
    added = [node for pool in cluster.pools for node in pool.added]
    _await_ready(run, added)
    with run.nodes(cluster_ca) as kafka:
        configs = {node: config.properties(text) for node, text in texts.items()}
        rolls.out_of_date(run, cluster, kafka, (cluster_ca, clients_ca), configs, thumbprints)
        _await_ready(run, cluster.nodes)
        _cluster_id(run, cluster, kafka)
        _metadata_version(run, cluster, kafka)
    scale.clean_up(run, cluster)
    run.status["kafkaVersion"] = cluster.kafka_version


def write_configs(
    run: Run, cluster: Cluster, ca: Ca, advertised: Mapping[tuple[int, str], config.Address]
) -> dict[int, str]:
    """Write the nodes' ConfigMaps; return the configuration texts by node id."""
    logging_spec = cluster.spec.get("logging")
    external = _external_logging(run, logging_spec)
    texts, wanted = {}, []
    for node in cluster.nodes:
        text = config.server_config(cluster, node, advertised, old_cluster_cas=tuple(sorted(ca.old)))
        texts[node.id] = text
        wanted.append(
            config_maps.config_map(cluster, node, text, config_maps.logging_text(logging_spec, external))
        )
    run.apply(wanted)
    return texts


def _external_logging(run: Run, spec: Object | None) -> dict[str, str]:
    if not spec or spec.get("type") != "external":
        return {}
    source = (spec.get("valueFrom") or {}).get("configMapKeyRef") or {}
    found = run.world.kubernetes.find(CONFIG_MAP, source.get("name", ""), run.namespace) if source else None
    return {f"{source['name']}/{key}": value for key, value in ((found or {}).get("data") or {}).items()}


def _write_pool_statuses(run: Run, cluster: Cluster) -> None:
    for pool in cluster.pools:
        old = pool.resource.get("status") or {}
        new = status.settled(old, status.node_pool(cluster, pool, ()))
        if status.without_times(old) != status.without_times(new):
            run.world.kubernetes.patch(
                NODE_POOL, pool.name, run.namespace, {"status": new}, subresource="status"
            )


def _services(run: Run, cluster: Cluster) -> dict[str, Object]:
    wanted = services.services(cluster)
    cache = run.world.caches["Service"]
    names_ = [one["metadata"]["name"] for one in wanted]
    # The addresses of the brokers come first: those of the bootstrap Services are made of them in the lab.
    own, shared = services.awaited(cluster)
    for group in (shared, own):
        run.apply(one for one in wanted if one["metadata"]["name"] not in group)
        for name in own if group is shared else shared:
            if not run.waiting.until(
                lambda name=name: bool(services.ingress(cache.get(run.namespace, name))),  # type: ignore[misc]
                run.timing.operation,
            ):
                raise run.timed_out("Service", name, "addressable")
    return {name: cache.get(run.namespace, name) or run.live["Service", name] for name in names_}


def _write_pod_sets(
    run: Run,
    cluster: Cluster,
    cas: tuple[Ca, Ca],
    advertised: Mapping[tuple[int, str], config.Address],
    thumbprints: Mapping[int, str],
) -> None:
    def annotations(node: Node) -> dict[str, str]:
        return {
            "strimzi.io/cluster-ca-cert-generation": str(cas[0].cert_generation),
            rolls.KEY_GENERATION: str(cas[0].key_generation),
            "strimzi.io/clients-ca-cert-generation": str(cas[1].cert_generation),
            "strimzi.io/configuration-hash": config.configuration_hash(cluster, node, advertised),
            "strimzi.io/server-cert-hash": thumbprints[node.id],
        }

    run.apply([pods.pod_set(cluster, pool, annotations) for pool in cluster.pools])


def _await_ready(run: Run, nodes: tuple[Node, ...] | list[Node]) -> None:
    for node in nodes:
        if not run.pods.wait_ready(node.pod, run.timing.start):
            raise run.timed_out("Pods", node.pod, "ready", run.timing.start)


def _any_broker(cluster: Cluster, run: Run) -> Node:
    ready = (node for node in cluster.brokers if is_ready(run.pods.find(node.pod)))
    return next(ready, cluster.brokers[0])


def _cluster_id(run: Run, cluster: Cluster, kafka: Nodes) -> None:
    try:
        run.status["clusterId"] = kafka.cluster_id(_any_broker(cluster, run))
    except NodeError as error:
        log.warning("Kafka exception getting clusterId %s", error.what)


def _metadata_version(run: Run, cluster: Cluster, kafka: Nodes) -> None:
    broker = _any_broker(cluster, run)
    wanted = metadata_level(cluster.metadata_version)
    try:
        current = kafka.metadata_level(broker)
    except NodeError as error:
        raise ReconciliationError(f"Failed to describe the metadata version: {error.what}") from error
    if current != wanted:
        names_ = metadata_name(current), metadata_name(wanted)
        log.info("Updating metadata version from %s to %s", *names_)
        try:
            kafka.change_metadata_level(broker, wanted, rising=wanted > current)
            current = wanted
            log.info("Successfully updated metadata version to %s", names_[1])
        except NodeError as error:
            log.warning(
                "Failed to update metadata version to %s (the current version is %s): %s",
                cluster.metadata_version,
                names_[0],
                error.what,
            )
            text = f"Failed to update metadata version to {cluster.metadata_version}"
            run.conditions.append(status.warning("MetadataUpdateFailed", text, run.now))
    run.status["kafkaMetadataVersion"] = metadata_name(current)
