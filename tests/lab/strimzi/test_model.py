import copy
from datetime import UTC, datetime, timedelta

import pytest

from prompt_kafka.lab.strimzi.model import (
    config,
    config_maps,
    entity_operator,
    labels,
    pods,
    policies,
    secrets,
    services,
    status,
    storage,
    x509,
)
from prompt_kafka.lab.strimzi.model.cluster import check
from prompt_kafka.lab.strimzi.model.errors import InvalidConfigurationError, InvalidResourceError
from tests.lab.strimzi.values import POOLS, SERVICES, cluster, kafka, pool, service

NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)
CONTROLLER, BROKER = 0, 3


def node(node_id, of=None):
    return next(one for one in (of or cluster()).nodes if one.id == node_id)


def settings(node_id, **kwargs):
    of = cluster(**kwargs)
    text = config.server_config(of, node(node_id, of), services.advertised(of, SERVICES))
    return config.properties(text)


def test_a_brokers_configuration():
    found = settings(BROKER)
    assert found["node.id"] == "3"
    assert found["process.roles"] == "broker"
    host = "prompt-kafka-controller-{0}.prompt-kafka-kafka-brokers.prompt-kafka.svc"
    assert found["controller.quorum.voters"] == ",".join(f"{n}@{host.format(n)}:9090" for n in range(3))
    assert found["listeners"] == (
        "REPLICATION-9091://0.0.0.0:9091,PLAIN-9092://0.0.0.0:9092,TLS-9093://0.0.0.0:9093,"
        "EXTERNAL-9094://0.0.0.0:9094"
    )
    assert found["advertised.listeners"].endswith(
        "TLS-9093://prompt-kafka-kafka-3.prompt-kafka-kafka-brokers.prompt-kafka.svc:9093,"
        "EXTERNAL-9094://127.64.1.1:9094"
    )
    assert found["listener.security.protocol.map"] == (
        "CONTROLPLANE-9090:SSL,REPLICATION-9091:SSL,PLAIN-9092:SASL_PLAINTEXT,TLS-9093:SASL_SSL,"
        "EXTERNAL-9094:SASL_SSL"
    )
    assert found["listener.name.replication-9091.ssl.client.auth"] == "required"
    assert found["listener.name.plain-9092.sasl.enabled.mechanisms"] == "SCRAM-SHA-512"
    assert found["listener.name.tls-9093.ssl.keystore.key"] == (
        "${strimzidir:/opt/kafka/broker-certs:prompt-kafka-kafka-3.key}"
    )
    assert found["super.users"].startswith("User:CN=prompt-kafka-kafka,O=io.strimzi;")
    assert found["super.users"].endswith("User:CN=cluster-operator,O=io.strimzi;User:kafka-admin")
    assert found["log.dirs"] == "/var/lib/kafka/data-0/kafka-log3"
    assert found["metadata.log.dir"] == found["log.dirs"]
    assert found["auto.create.topics.enable"] == "false"
    assert found["my.plugin.option"] == "x"


def test_a_controllers_configuration_has_no_user_listener():
    found = settings(CONTROLLER)
    assert found["listeners"] == "CONTROLPLANE-9090://0.0.0.0:9090"
    assert "inter.broker.listener.name" not in found
    assert found["listener.security.protocol.map"] == "CONTROLPLANE-9090:SSL"


@pytest.mark.parametrize(
    ("key", "dropped"),
    [
        ("listeners", True),
        ("log.dirs", True),
        ("broker.rack", True),
        ("broker.session.timeout.ms", False),
        ("controller.quorum.fetch.timeout.ms", False),
        ("controller.quorum.voters", True),
        ("ssl.cipher.suites", False),
        ("log.retention.ms", False),
    ],
)
def test_what_the_configuration_may_not_set(key, dropped):
    assert (key not in config.user_config({key: "1"})) == dropped


def test_min_insync_replicas_is_written_when_it_is_absent():
    assert config.user_config({})["min.insync.replicas"] == "1"


def test_only_addresses_and_plugin_options_are_in_the_configuration_hash():
    base = cluster()
    changed = kafka()
    changed["spec"]["kafka"]["config"]["min.insync.replicas"] = 1
    assert config.configuration_hash(base, node(3), {}) == config.configuration_hash(
        cluster(changed), node(3), {}
    )
    changed["spec"]["kafka"]["config"]["my.plugin.option"] = "y"
    assert config.configuration_hash(base, node(3), {}) != config.configuration_hash(
        cluster(changed), node(3), {}
    )
    advertised = services.advertised(base, SERVICES)
    assert config.configuration_hash(base, node(3), {}) != config.configuration_hash(
        base, node(3), advertised
    )


def test_services():
    made = {one["metadata"]["name"]: one for one in services.services(cluster())}
    assert sorted(made) == [
        "prompt-kafka-kafka-3",
        "prompt-kafka-kafka-4",
        "prompt-kafka-kafka-5",
        "prompt-kafka-kafka-bootstrap",
        "prompt-kafka-kafka-brokers",
        "prompt-kafka-kafka-external-bootstrap",
    ]
    headless = made["prompt-kafka-kafka-brokers"]["spec"]
    assert headless["clusterIP"] == "None" and headless["publishNotReadyAddresses"]
    assert [port["port"] for port in headless["ports"]] == [9090, 9091, 8443, 9092, 9093]
    assert made["prompt-kafka-kafka-bootstrap"]["spec"]["selector"]["strimzi.io/broker-role"] == "true"
    broker = made["prompt-kafka-kafka-3"]
    assert broker["spec"]["type"] == "LoadBalancer"
    assert broker["spec"]["selector"]["strimzi.io/pod-name"] == "prompt-kafka-kafka-3"
    assert broker["metadata"]["annotations"] == {"metallb.io/loadBalancerIPs": "10.0.0.3"}
    assert broker["metadata"]["ownerReferences"][0]["kind"] == "KafkaNodePool"
    assert made["prompt-kafka-kafka-4"]["spec"]["loadBalancerIP"] == "10.0.0.4"
    assert broker["spec"]["ports"][0]["name"] == "tcp-external"


def test_load_balancers_that_are_waited_for():
    own, shared = services.awaited(cluster())
    assert own == [f"prompt-kafka-kafka-{node}" for node in (3, 4, 5)]
    assert shared == ["prompt-kafka-kafka-external-bootstrap"]


def test_status_of_listeners():
    found = {one["name"]: one for one in services.status(cluster(), SERVICES, "PEM")}
    assert found["plain"]["bootstrapServers"] == "prompt-kafka-kafka-bootstrap.prompt-kafka.svc:9092"
    assert "certificates" not in found["plain"]
    assert found["external"]["bootstrapServers"] == "127.64.1.1:9094,127.64.1.2:9094,127.64.1.3:9094"
    assert found["external"]["certificates"] == ["PEM"]


def test_pod_sets_and_their_pods():
    of = cluster()
    made = pods.pod_set(of, of.pools[1], lambda one: {"strimzi.io/configuration-hash": "abc"})
    assert made["metadata"]["name"] == "prompt-kafka-kafka"
    assert made["metadata"]["ownerReferences"][0]["kind"] == "KafkaNodePool"
    assert [pod["metadata"]["name"] for pod in made["spec"]["pods"]] == [
        f"prompt-kafka-kafka-{n}" for n in (3, 4, 5)
    ]
    pod = made["spec"]["pods"][0]
    assert labels.matches(made["spec"]["selector"]["matchLabels"], pod)
    assert pod["metadata"]["labels"]["strimzi.io/controller-role"] == "false"
    assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == "kafka"
    assert pod["metadata"]["labels"]["argocd.argoproj.io/instance"] == "prompt-kafka"
    container = pod["spec"]["containers"][0]
    assert container["image"] == "strimzi/kafka:0.51.0-kafka-4.1.1"
    assert container["readinessProbe"]["initialDelaySeconds"] == 15
    assert pod["spec"]["terminationGracePeriodSeconds"] == 30
    assert pod["spec"]["affinity"] == {"podAntiAffinity": {}}
    claims = [one for one in pod["spec"]["volumes"] if "persistentVolumeClaim" in one]
    assert claims == [
        {"name": "data-0", "persistentVolumeClaim": {"claimName": "data-0-prompt-kafka-kafka-3"}}
    ]
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {"/var/lib/kafka/data-0", "/opt/kafka/broker-certs", "/opt/kafka/custom-config/"} <= mounts


def revision_of(of):
    made = pods.pod_set(of, of.pools[1], lambda one: {})
    return made["spec"]["pods"][0]["metadata"]["annotations"]["strimzi.io/revision"]


def test_the_revision_follows_the_operator_and_the_template_but_not_the_configuration():
    before = revision_of(cluster())
    assert revision_of(cluster()) == before
    assert revision_of(cluster(operator="0.50.1")) != before
    changed = kafka()
    changed["spec"]["kafka"]["config"]["log.retention.ms"] = 1
    assert revision_of(cluster(changed)) == before
    changed["spec"]["kafka"]["template"]["pod"]["terminationGracePeriodSeconds"] = 60
    assert revision_of(cluster(changed)) != before


def test_claims_are_named_by_volume_and_pod_and_owned_only_to_be_deleted():
    of = cluster()
    made = storage.claims(of, of.pools[0])
    assert [one["metadata"]["name"] for one in made] == [
        f"data-0-prompt-kafka-controller-{n}" for n in range(3)
    ]
    assert "ownerReferences" not in made[0]["metadata"]
    assert made[0]["metadata"]["labels"]["argocd.argoproj.io/instance"] == "prompt-kafka"
    of.pools[0].resource["spec"]["storage"]["volumes"][0]["deleteClaim"] = True
    made = storage.claims(of, of.pools[0])
    assert made[0]["metadata"]["annotations"]["strimzi.io/delete-claim"] == "true"
    assert made[0]["metadata"]["ownerReferences"][0]["kind"] == "KafkaNodePool"


def jbod(*volumes):
    return {
        "type": "jbod",
        "volumes": [{"type": "persistent-claim", "size": "1Gi", **one} for one in volumes],
    }


@pytest.mark.parametrize(
    ("old", "new", "fine"),
    [
        (jbod({"id": 0}), jbod({"id": 0, "size": "2Gi"}), True),
        (jbod({"id": 0}), jbod({"id": 0, "size": "500Mi"}), False),
        (jbod({"id": 0}), jbod({"id": 0, "class": "fast"}), False),
        (jbod({"id": 0}), jbod({"id": 0}, {"id": 1}), True),
        (jbod({"id": 0}, {"id": 1}), jbod({"id": 1}), True),
        (jbod({"id": 0}), {"type": "ephemeral"}, False),
        (jbod({"id": 0}), jbod({"id": 0, "deleteClaim": True, "kraftMetadata": "shared"}), True),
    ],
)
def test_edits_of_the_storage(old, new, fine):
    kept, warning = storage.allowed(storage.annotation(old), new)
    assert (kept == new, warning == "") == (fine, fine)


def test_without_a_pod_set_the_storage_is_not_compared():
    assert storage.allowed(None, jbod({"id": 0, "size": "1Mi"}))[1] == ""


def test_a_configmap_formats_an_empty_disk():
    made = config_maps.config_map(cluster(), node(3), "x=1\n", "log\n")
    assert set(made["data"]) == {"server.config", "cluster.id", "metadata.version", "log4j2.properties"}
    assert made["data"]["metadata.version"] == "4.1-IV1"


def test_logging():
    inline = {"type": "inline", "loggers": {"rootLogger.level": "DEBUG"}}
    assert "rootLogger.level = DEBUG\n" in config_maps.logging_text(inline, {})
    external = {"type": "external", "valueFrom": {"configMapKeyRef": {"name": "l", "key": "k"}}}
    assert config_maps.logging_text(external, {"l/k": "a = b"}) == "a = b\nmonitorInterval=30\n"


def test_the_entity_operators_run_the_operators_image():
    made = entity_operator.deployment(kafka(), "0.51.0", 0)
    assert made is not None and made["metadata"]["name"] == "prompt-kafka-entity-operator"
    containers = made["spec"]["template"]["spec"]["containers"]
    assert [one["name"] for one in containers] == ["topic-operator", "user-operator"]
    assert containers[0]["image"] == "strimzi/operator:0.51.0"
    without = kafka()
    del without["spec"]["entityOperator"]
    assert entity_operator.deployment(without, "0.51.0", 0) is None


def test_the_disruption_budget_lets_one_node_be_away():
    assert policies.disruption_budget(cluster())["spec"]["minAvailable"] == 5


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda k, p: p.clear(), InvalidConfigurationError, "No KafkaNodePools found"),
        (lambda k, p: p.pop(), InvalidResourceError, "with the controller role"),
        (lambda k, p: p[0]["spec"].update(replicas=0), InvalidResourceError, "with the broker role"),
        (
            lambda k, p: p[1].update(status={"nodeIds": [0]}),
            InvalidResourceError,
            "number of controller nodes",
        ),
        (
            lambda k, p: k["spec"]["kafka"]["config"].update({"default.replication.factor": 4}),
            InvalidResourceError,
            "should be set to 3 or less because this cluster has only 3 Kafka broker(s)",
        ),
        (
            lambda k, p: k["spec"]["kafka"]["listeners"][0].update(type="route"),
            InvalidResourceError,
            "which the lab does not run",
        ),
        (
            lambda k, p: k["spec"]["kafka"]["listeners"][0].update(port=9093),
            InvalidResourceError,
            "unique port",
        ),
        (lambda k, p: k["spec"].pop("kafka"), InvalidResourceError, "section"),
    ],
)
def test_what_the_operator_refuses(change, error, text):
    from prompt_kafka.lab.strimzi.model.cluster import assign_pools

    resource, resources = kafka(), copy.deepcopy(POOLS)
    change(resource, resources)
    with pytest.raises(error) as caught:
        check(resource, assign_pools("prompt-kafka", resources))
    assert text in caught.value.message


def test_the_status_after_a_pause_is_nearly_empty():
    resource = kafka()
    resource["status"] = {"clusterId": "x", "kafkaVersion": "4.1.1", "observedGeneration": 2, "listeners": []}
    made = status.paused(resource, NOW)
    assert set(made) == {"clusterId", "observedGeneration", "conditions"}
    assert made["observedGeneration"] == 2
    assert made["conditions"][0]["type"] == "ReconciliationPaused"
    del resource["status"]
    assert status.paused(resource, NOW)["observedGeneration"] == 0


def test_conditions_keep_their_time_and_the_time_is_no_change():
    old = {"conditions": [status.condition("Ready", NOW)]}
    new = {"conditions": [status.condition("Ready", NOW + timedelta(hours=1))]}
    assert status.without_times(old) == status.without_times(new)
    assert status.settled(old, new)["conditions"][0]["lastTransitionTime"] == status.iso(NOW)


def test_warnings():
    resource = kafka()
    resource["spec"]["kafka"]["config"] = {"inter.broker.protocol.version": "3.0"}
    resource["spec"]["kafka"]["replicas"] = 3
    reasons = [one["reason"] for one in status.warnings(cluster(resource), ["no"], NOW)]
    assert reasons == [
        "KafkaDefaultReplicationFactor",
        "KafkaMinInsyncReplicas",
        "KafkaStorage",
        "KafkaInterBrokerProtocolVersionInKRaft",
        "DeprecatedFields",
    ]
    assert status.warnings(cluster(), [], NOW) == []


def ca(live=None, now=NOW, **spec):
    return secrets.reconcile_ca(kafka(), "cluster CA", secrets.CaSettings.of(spec), live or {}, now)


def held(made):
    return {one["metadata"]["name"]: one for one in made}


def test_a_ca_is_made_once_and_kept():
    first, made = ca()
    assert sorted(held(made)) == ["prompt-kafka-cluster-ca", "prompt-kafka-cluster-ca-cert"]
    assert set(made[0]["data"]) == {"ca.crt", "ca.p12", "ca.password"}
    again, same = ca(held(made))
    assert again.pair.certificate == first.pair.certificate and same == made


def test_a_ca_is_renewed_with_its_key_and_replaced_with_a_new_one():
    first, made = ca()
    live = held(made)
    live["prompt-kafka-cluster-ca-cert"]["metadata"]["annotations"]["strimzi.io/force-renew"] = "true"
    renewed, made = ca(live)
    assert (renewed.cert_generation, renewed.key_generation) == (1, 0)
    assert renewed.pair.key == first.pair.key and renewed.pair.certificate != first.pair.certificate
    live = held(made)
    live["prompt-kafka-cluster-ca"]["metadata"]["annotations"]["strimzi.io/force-replace"] = "true"
    replaced, made = ca(live)
    assert (replaced.cert_generation, replaced.key_generation) == (2, 1)
    assert replaced.pair.key != first.pair.key
    assert list(replaced.old.values()) == [renewed.pair.certificate]
    assert replaced.old.keys() <= made[0]["data"].keys()
    early, _ = ca(held(made), NOW + timedelta(days=340))
    assert early.cert_generation == 3


def test_a_ca_that_the_administrator_keeps_must_be_there():
    with pytest.raises(InvalidConfigurationError):
        ca(generateCertificateAuthority=False)


def test_a_nodes_certificate_covers_its_names_and_its_addresses():
    of = cluster()
    dns, addresses = secrets.node_names(of, node(3), SERVICES)
    assert "prompt-kafka-kafka-3.prompt-kafka-kafka-brokers.prompt-kafka.svc" in dns
    assert "prompt-kafka-kafka-bootstrap.prompt-kafka.svc" in dns
    assert addresses == {"127.64.1.1", "127.64.1.2", "127.64.1.3"}
    static = service("prompt-kafka-kafka-3", "127.64.1.1")
    static["metadata"]["annotations"] = {"metallb.io/loadBalancerIPs": "10.0.0.3"}
    # What is asked for is none of its names, only what it has: so pinning an address rolls nothing.
    assert "10.0.0.3" not in secrets.node_names(of, node(3), SERVICES | {"prompt-kafka-kafka-3": static})[1]
    authority, _ = ca()
    pair = x509.issue(authority.pair, "prompt-kafka-kafka", NOW, 365, dns=dns, addresses=addresses)
    assert x509.names_of(pair.certificate) == dns | addresses
    assert x509.signed_by(pair.certificate, authority.pair.certificate)
    live = secrets.secret(kafka(), "s", {"n.crt": pair.certificate, "n.key": pair.key})
    assert secrets.kept(live, "n", authority, dns | addresses, NOW) == pair
    assert secrets.kept(live, "n", authority, dns, NOW) is None
    assert secrets.kept(live, "n", ca()[0], dns | addresses, NOW) is None
    assert secrets.kept(live, "n", authority, dns | addresses, NOW + timedelta(days=360)) is None


def test_keys_do_not_show():
    authority, _ = ca()
    assert "PRIVATE" not in repr(authority)


def test_a_pool_with_both_roles():
    combined = pool("dual", ["controller", "broker"])
    from prompt_kafka.lab.strimzi.model.cluster import assign_pools

    (one,) = assign_pools("c", [combined])
    assert one.nodes[0].controller and one.nodes[0].broker and not one.nodes[0].controller_only
