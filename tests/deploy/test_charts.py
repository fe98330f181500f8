"""The charts as files: switches that work, READMEs that are fresh, wrong values that are refused."""

import time
from pathlib import Path

import pytest

from prompt_kafka.clients import documents, helm
from prompt_kafka.clients.gitops import Repository, shipped
from prompt_kafka.clients.helm import RenderError
from tests.deploy import readmes

CHART = shipped() / "applications/prompt-kafka"
ON_BY_DEFAULT = {"butler-writer": True, "prompt-publication": True, "kafdrop": True, "console": False}


def render(chart: Path, values: dict | None = None, environment: str = "lab") -> helm.Rendered:
    return helm.render(
        chart,
        release="prompt-kafka",
        namespace="prompt-kafka",
        value_files=[chart / "values.yaml", chart / f"values-{environment}.yaml"],
        parameters={"global.host": "localhost", "global.vaultSecretsPath": "secret/lab"},
        values=values,
    )


@pytest.mark.parametrize("chart", readmes.charts(shipped()), ids=lambda chart: chart.name)
def test_the_readme_says_what_values_yaml_says(chart):
    written = (chart / "README.md").read_text()
    assert written == readmes.readme(chart), "run python -m tests.deploy.readmes"


@pytest.mark.parametrize("chart", readmes.charts(shipped()), ids=lambda chart: chart.name)
def test_every_setting_is_described(chart):
    undescribed = [row.key for row in readmes.table(chart) if not row.description]
    assert undescribed == []


@pytest.mark.parametrize("chart", readmes.charts(shipped()), ids=lambda chart: chart.name)
def test_charts_are_as_phalanx_wants_them(chart):
    about = documents.read(chart / "Chart.yaml")
    assert (about["apiVersion"], about["version"], about["name"]) == ("v2", "1.0.0", chart.name)
    assert about["description"][0].isupper() and not about["description"].endswith(".")


def test_every_switch_has_a_default_and_every_folder_a_line():
    defaults = documents.read(CHART / "values.yaml")
    declared = helm.dependencies(CHART)
    assert {each.name for each in declared} == {path.name for path in (CHART / "charts").iterdir()}
    for each in declared:
        if each.name == "strimzi-kafka":
            assert not each.condition
            continue
        assert each.condition == f"{each.name}.enabled"
        assert helm.lookup(defaults, each.condition) is ON_BY_DEFAULT[each.name]


@pytest.mark.parametrize("name", ["butler-writer", "prompt-publication", "kafdrop"])
def test_a_switch_switches(name):
    def parts(wanted: bool) -> set[str]:
        found = render(CHART, {name: {"enabled": wanted}})
        return {each.source.template.split("/")[1] for each in found.resources}

    assert name in parts(True)
    assert name not in parts(False)


def test_the_subcharts_name_the_same_cluster():
    names = {
        helm.lookup(documents.read(path), "cluster.name")
        for path in CHART.glob("charts/*/values.yaml")
        if path.parent.name != "console"
    }
    assert names == {"prompt-kafka"}


@pytest.mark.parametrize(
    ("kafka", "says"),
    [
        ({"minInsyncReplicas": 3}, "one restarting broker would stop the producers"),
        ({"replicationFactor": 4}, "there are 3 brokers"),
        ({"metadataVersion": 4.2}, "must be quoted text"),
        ({"config": {"min.insync.replicas": 1}}, "may not set min.insync.replicas"),
        ({"externalListener": {"brokers": [{"broker": 3}]}}, "lists 1 of 3 brokers"),
        (
            {"externalListener": {"brokers": [{"broker": n} for n in (0, 1, 2)]}},
            "not an id of the pool kafka",
        ),
    ],
)
def test_values_that_would_hurt_are_refused(kafka, says):
    with pytest.raises(RenderError, match=says) as caught:
        render(CHART, {"strimzi-kafka": {"kafka": kafka}})
    assert "strimzi-kafka/templates/" in str(caught.value.where)


def test_more_brokers_follow_on_the_last_id():
    found = render(CHART, {"strimzi-kafka": {"kafka": {"replicas": 5, "externalListener": {"brokers": []}}}})
    metadata = found.one("KafkaNodePool", "kafka").manifest["metadata"]
    assert metadata["annotations"]["strimzi.io/next-node-ids"] == "[3-7]"


def test_names_for_the_outside_reach_certificate_and_clients():
    names = {
        "bootstrap": {"host": "kafka.example.org"},
        "brokers": [{"broker": n, "host": f"kafka-{n}.example.org"} for n in (3, 4, 5)],
    }
    found = render(CHART, {"strimzi-kafka": {"kafka": {"externalListener": names}}})
    external = found.one("Kafka", "prompt-kafka").manifest["spec"]["kafka"]["listeners"][2]["configuration"]
    assert external["bootstrap"]["alternativeNames"] == ["kafka.example.org"]
    assert [each["advertisedHost"] for each in external["brokers"]] == [
        f"kafka-{n}.example.org" for n in (3, 4, 5)
    ]


def test_a_setting_of_a_topic_is_passed_on():
    topic = {"name": "t", "partitions": 1, "replicas": 3, "minInsyncReplicas": 2, "retention": 1209600000}
    found = render(
        CHART, {"butler-writer": {"topics": [topic | {"config": {"max.message.bytes": 10485760}}]}}
    )
    config = found.one("KafkaTopic", "t").manifest["spec"]["config"]
    assert config == {"min.insync.replicas": 2, "retention.ms": 1209600000, "max.message.bytes": 10485760}
    assert "e+" not in "".join(found.texts.values()), "large numbers are written out"


def test_a_rule_on_snapshots_needs_a_series_of_the_site():
    values = {"strimzi-kafka": {"monitoring": {"snapshotMetric": "weka_snapshot_created_seconds"}}}
    found = render(CHART, values, "usdfprod-prompt-processing")
    rules = found.one("PrometheusRule", "prompt-kafka").manifest["spec"]["groups"][-1]["rules"]
    assert (
        rules[-1]["expr"]
        == 'time() - max(weka_snapshot_created_seconds{namespace="prompt-kafka"}) > 2 * 86400'
    )


def test_rendering_is_quick():
    def seconds() -> float:
        started = time.perf_counter()
        render(CHART, environment="usdfprod-prompt-processing")
        return time.perf_counter() - started

    assert min(seconds() for _ in range(7)) <= 0.05


def test_the_tree_is_shipped():
    assert Repository(shipped()).applications() == ["prompt-kafka", "strimzi"]
