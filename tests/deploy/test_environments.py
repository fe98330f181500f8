"""The parent chart: which applications an environment has, and how Argo CD is told."""

import re

from prompt_kafka.clients.gitops import Repository, shipped
from tests.deploy.conftest import ENVIRONMENTS, REPO_URL, render

REPOSITORY = Repository(shipped())


def test_these_are_the_environments():
    assert REPOSITORY.environments() == sorted(ENVIRONMENTS)
    for name in ENVIRONMENTS:
        environment = REPOSITORY.environment(name)
        assert environment.values["name"] == name
        assert environment.applications == ("prompt-kafka", "strimzi")
        assert environment.fqdn and environment.vault_path_prefix and environment.app_of_apps_name


def test_the_parent_renders_namespaces_projects_and_applications(environment):
    parent = REPOSITORY.app_of_apps(environment, REPO_URL, "a-branch")
    assert {(each.kind, each.name) for each in parent.resources} == {
        ("Namespace", "prompt-kafka"),
        ("Namespace", "strimzi"),
        ("AppProject", "prompt"),
        ("AppProject", "support"),
        ("Application", "prompt-kafka"),
        ("Application", "strimzi"),
    }
    for each in parent.of("Application"):
        spec = each.manifest["spec"]
        assert each.manifest["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
        assert "syncPolicy" not in spec, "nothing syncs by itself"
        assert spec["source"]["targetRevision"] == "a-branch"
        assert spec["source"]["repoURL"] == REPO_URL
        assert spec["source"]["path"] == f"applications/{each.name}"
        assert spec["source"]["helm"]["valueFiles"] == ["values.yaml", f"values-{environment}.yaml"]
        assert spec["destination"]["namespace"] == each.name


def test_an_application_lies_in_the_folder_of_its_project():
    for path in (shipped() / "environments/templates/applications").glob("*/*.yaml"):
        assert re.search(rf"^  project: {path.parent.name}$", path.read_text(), re.MULTILINE), path
        assert (shipped() / f"environments/templates/projects/{path.parent.name}.yaml").is_file()


def test_every_parameter_that_an_application_gets_is_documented_in_the_chart(environment):
    parent = REPOSITORY.app_of_apps(environment, REPO_URL, "main")
    helm_options = parent.one("Application", "prompt-kafka").manifest["spec"]["source"]["helm"]
    documented = render(environment, "prompt-kafka").values["global"]
    assert {each["name"] for each in helm_options["parameters"]} == {f"global.{key}" for key in documented}


def test_a_revision_of_its_own_moves_one_application(tree):
    with (tree / "environments/values-lab.yaml").open("a") as file:
        file.write("revisions:\n  prompt-kafka: tickets/DM-1\n")
    parent = Repository(tree).app_of_apps("lab", REPO_URL, "main")
    revisions = {
        each.name: each.manifest["spec"]["source"]["targetRevision"] for each in parent.of("Application")
    }
    assert revisions == {"prompt-kafka": "tickets/DM-1", "strimzi": "main"}


def test_an_application_that_is_off_takes_its_namespace_with_it(tree):
    path = tree / "environments/values-lab.yaml"
    path.write_text(path.read_text().replace("strimzi: true", "strimzi: false"))
    parent = Repository(tree).app_of_apps("lab", REPO_URL, "main")
    assert [each.name for each in parent.of("Application") + parent.of("Namespace")] == ["prompt-kafka"] * 2


def test_the_operator_is_a_chart_dependency_that_watches_the_service(environment):
    operator = render(environment, "strimzi")
    (dependency,) = operator.skipped_dependencies
    assert (dependency.name, dependency.version) == ("strimzi-kafka-operator", "0.51.0")
    assert dependency.repository == "@strimzi", "an alias: files here name no host of a registry"
    assert operator.values["strimzi-kafka-operator"]["watchNamespaces"] == ["prompt-kafka"]
    assert REPOSITORY.chart_dependencies("strimzi") == (dependency,)
