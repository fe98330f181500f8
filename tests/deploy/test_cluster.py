"""The Kafka cluster: versions, nodes, listeners, settings. By value, because each is a promise."""

import pytest

from prompt_kafka.cli.main import ENTRIES
from prompt_kafka.clients.gitops import Repository, shipped
from prompt_kafka.clients.helm import Rendered
from tests.deploy.conftest import ENVIRONMENTS, REPO_URL, render

# Strimzi 0.51.0, kafka-versions.yaml
SUPPORTED = {"0.51.0": ("4.1.0", "4.1.1", "4.2.0")}
ADDRESSES = {
    "lab": ("192.0.2.20", "192.0.2.23", "192.0.2.24", "192.0.2.25"),
    "usdfdev-prompt-processing": ("172.24.10.42", "172.24.10.43", "172.24.10.44", "172.24.10.84"),
    "usdfprod-prompt-processing": ("172.24.10.85", "172.24.10.86", "172.24.10.87", "172.24.10.88"),
}


def kafka(service: Rendered) -> dict:
    return service.one("Kafka", "prompt-kafka").manifest["spec"]["kafka"]


def pool(service: Rendered, name: str) -> dict:
    return service.one("KafkaNodePool", name).manifest


def test_the_operator_supports_this_kafka(service):
    (operator,) = Repository(shipped()).chart_dependencies("strimzi")
    assert kafka(service)["version"] == "4.1.1"
    assert kafka(service)["version"] in SUPPORTED[operator.version]


def test_the_metadata_version_is_pinned_as_text(service):
    assert kafka(service)["metadataVersion"] == "4.1-IV1"


def test_only_the_api_version_that_stays(service, environment):
    for each in (*service.resources, *render(environment, "strimzi").resources):
        if "strimzi.io" in each.manifest["apiVersion"]:
            assert each.manifest["apiVersion"] == "kafka.strimzi.io/v1"
    assert not [path for path in shipped().rglob("*.yaml") if "v1beta2" in path.read_text()]
    assert {"replicas", "storage", "resources"}.isdisjoint(kafka(service)), (
        "they belong to the pools since v1"
    )


def test_three_listeners_with_a_login(service, environment):
    plain, tls, external = kafka(service)["listeners"]
    login = {"type": "scram-sha-512"}
    assert plain == {"name": "plain", "port": 9092, "type": "internal", "tls": False, "authentication": login}
    assert tls == {"name": "tls", "port": 9093, "type": "internal", "tls": True, "authentication": login}
    configuration = external.pop("configuration")
    assert external == {
        "name": "external",
        "port": 9094,
        "type": "loadbalancer",
        "tls": True,
        "authentication": login,
    }
    assert configuration["allocateLoadBalancerNodePorts"] is False
    places = [configuration["bootstrap"], *configuration["brokers"]]
    assert [each.get("broker") for each in places] == [None, 3, 4, 5]
    asked = tuple(each["annotations"]["metallb.io/loadBalancerIPs"] for each in places)
    assert asked == ADDRESSES[environment]
    if environment != "lab":
        assert {each["annotations"]["metallb.io/address-pool"] for each in places} == {"sdf-rubin-ingest"}


def test_no_address_is_asked_for_twice():
    asked = [address for name in ENVIRONMENTS for address in ADDRESSES[name]]
    assert len(asked) == len(set(asked)) == 12


def test_nothing_is_acknowledged_that_one_broker_can_lose(service):
    config = kafka(service)["config"]
    brokers = pool(service, "kafka")["spec"]["replicas"]
    factors = {key: value for key, value in config.items() if key.endswith("replication.factor")}
    assert factors == {
        "default.replication.factor": 3,
        "offsets.topic.replication.factor": 3,
        "transaction.state.log.replication.factor": 3,
    }
    assert max(factors.values()) <= brokers
    assert config["min.insync.replicas"] == config["transaction.state.log.min.isr"] == 2
    assert config["auto.create.topics.enable"] is False
    assert config["unclean.leader.election.enable"] is False
    assert config["offsets.retention.minutes"] == 30 * 24 * 60


def test_settings_that_the_operator_would_drop_are_not_there(service):
    forbidden = ("listeners", "advertised.", "broker.", "listener.", "sasl.", "ssl.", "security.", "log.dir")
    forbidden += ("authorizer.", "super.user", "node.id", "process.roles", "controller.", "metadata.log.dir")
    assert [key for key in kafka(service)["config"] if key.startswith(forbidden)] == []


@pytest.mark.parametrize(
    ("name", "role", "ids"), [("controller", "controller", "[0-2]"), ("kafka", "broker", "[3-5]")]
)
def test_two_pools_with_pinned_ids(service, name, role, ids):
    manifest = pool(service, name)
    assert manifest["metadata"]["annotations"] == {"strimzi.io/next-node-ids": ids}
    assert manifest["metadata"]["labels"] == {"strimzi.io/cluster": "prompt-kafka"}
    assert manifest["spec"]["roles"] == [role]
    assert manifest["spec"]["replicas"] == 3
    (volume,) = manifest["spec"]["storage"]["volumes"]
    assert (volume["id"], volume["type"], volume["deleteClaim"]) == (0, "persistent-claim", False)


@pytest.mark.parametrize("name", ["controller", "kafka"])
def test_argo_cd_neither_misses_nor_prunes_the_volumes(service, name):
    template = pool(service, name)["spec"]["template"]
    assert template["persistentVolumeClaim"]["metadata"]["annotations"] == {
        "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
        "argocd.argoproj.io/sync-options": "Prune=false",
    }


@pytest.mark.parametrize("name", ["controller", "kafka"])
def test_no_two_nodes_share_a_host(service, name):
    (rule,) = pool(service, name)["spec"]["template"]["pod"]["affinity"]["podAntiAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert rule["topologyKey"] == "kubernetes.io/hostname"
    assert rule["labelSelector"] == {"matchLabels": {"app.kubernetes.io/name": "kafka"}}


def test_the_lab_is_small():
    service = render("lab", "prompt-kafka")
    heaps = {name: pool(service, name)["spec"]["jvmOptions"] for name in ("controller", "kafka")}
    assert heaps == {
        "controller": {"-Xms": "64m", "-Xmx": "128m"},
        "kafka": {"-Xms": "128m", "-Xmx": "256m"},
    }
    assert kafka(service)["config"]["group.initial.rebalance.delay.ms"] == 0
    assert "kafkaExporter" not in service.one("Kafka", "prompt-kafka").manifest["spec"]


def test_topic_and_user_operators_run(service):
    operators = service.one("Kafka", "prompt-kafka").manifest["spec"]["entityOperator"]
    assert set(operators) == {"topicOperator", "userOperator"}


def test_metrics_are_configured_where_the_resource_points(service):
    metrics = kafka(service)["metricsConfig"]
    assert metrics["type"] == "jmxPrometheusExporter"
    where = metrics["valueFrom"]["configMapKeyRef"]
    assert where["key"] in service.one("ConfigMap", where["name"]).manifest["data"]


def test_monitoring_is_off_where_its_kinds_are_not_served(service, environment):
    kinds = {each.kind for each in service.resources} & {"PodMonitor", "PrometheusRule"}
    assert kinds == (set() if environment == "lab" else {"PodMonitor", "PrometheusRule"})


def _alerts(rendered):
    rules = rendered.one("PrometheusRule", "prompt-kafka").manifest
    return {rule["alert"]: rule for group in rules["spec"]["groups"] for rule in group["rules"]}


def test_the_rules_cover_what_the_night_shift_must_hear_of():
    alerts = _alerts(render("usdfprod-prompt-processing", "prompt-kafka"))
    assert set(alerts) == {
        "PromptKafkaOfflinePartitions",
        "PromptKafkaUnderMinIsr",
        "PromptKafkaQuorumWithoutLeader",
        "PromptKafkaMetricsMissing",
        "PromptKafkaLag",
        "PromptKafkaVolumeFillsUp",
        "PromptKafkaCertificateExpires",
    }
    for rule in alerts.values():
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert rule["expr"].count("{") == rule["expr"].count("}")
        assert 'namespace="prompt-kafka"' in rule["expr"]


def test_there_are_eight_rules_at_most_and_each_names_a_command_that_exists(tree):
    values = tree / "applications/prompt-kafka/values-usdfprod-prompt-processing.yaml"
    text = values.read_text()
    values.write_text(
        text.replace("  monitoring:\n", "  monitoring:\n    snapshotMetric: weka_snapshot_time\n")
    )
    repository = Repository(tree)
    parent = repository.app_of_apps("usdfprod-prompt-processing", REPO_URL, "main")
    alerts = _alerts(repository.render_application(parent.one("Application", "prompt-kafka").manifest))
    assert "PromptKafkaSnapshotOld" in alerts
    assert len(alerts) <= 8
    for rule in alerts.values():
        assert rule["annotations"]["summary"]
        program, command, *_ = rule["annotations"]["action"].split()
        assert program == "prompt-kafka"
        assert command in {*ENTRIES, "backup"}  # the one that is still to be built


@pytest.mark.parametrize("port", ["tcp-prometheus", "healthcheck"])
def test_pods_are_monitored_on_ports_that_they_have(port):
    service = render("usdfprod-prompt-processing", "prompt-kafka")
    monitors = [each.manifest for each in service.resources if each.kind == "PodMonitor"]
    ports = {p["port"] for monitor in monitors for p in monitor["spec"]["podMetricsEndpoints"]}
    assert port in ports
