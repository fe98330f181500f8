import pytest

from prompt_kafka.lab.argocd import projects

SERVER = "https://kubernetes.default.svc"


@pytest.mark.parametrize(
    ("patterns", "permitted"),
    [
        (["*"], True),
        (["file:///a/*"], True),
        (["file:///a/b"], True),
        ([], False),
        (["*", "!file:///a/b"], False),
    ],
)
def test_sources(patterns, permitted):
    assert projects.permits_source({"sourceRepos": patterns}, "file:///a/b.git") is permitted


@pytest.mark.parametrize(
    ("destinations", "namespace", "permitted"),
    [
        ([("*", "*")], "x", True),
        ([("*", "!kube-system"), ("*", "*")], "x", True),
        ([("*", "!kube-system"), ("*", "*")], "kube-system", False),
        ([(SERVER, "prompt-kafka")], "prompt-kafka", True),
        ([(SERVER, "prompt-kafka")], "other", False),
        ([], "x", False),
    ],
)
def test_destinations(destinations, namespace, permitted):
    spec = {"destinations": [{"server": a, "namespace": b} for a, b in destinations]}
    assert projects.permits_destination(spec, SERVER, namespace) is permitted


CLUSTER, SPACED = ("", "Namespace", "", "x"), ("", "Secret", "ns", "x")


@pytest.mark.parametrize(
    ("spec", "refused"),
    [
        ({}, [CLUSTER]),
        ({"clusterResourceWhitelist": [{"group": "*", "kind": "*"}]}, []),
        ({"clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}]}, []),
        ({"namespaceResourceWhitelist": [{"group": "apps", "kind": "*"}]}, [CLUSTER, SPACED]),
        ({"namespaceResourceBlacklist": [{"group": "", "kind": "Secret"}]}, [CLUSTER, SPACED]),
    ],
)
def test_kinds(spec, refused):
    assert projects.refused_kinds(spec, [CLUSTER, SPACED]) == refused
