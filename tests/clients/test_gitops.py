"""A checkout read as values: ours, a small one of every trap, and, where there is one, the real Phalanx."""

import os
import shutil
from pathlib import Path

import pytest

from prompt_kafka.clients import gitops
from prompt_kafka.clients.documents import DocumentError
from prompt_kafka.clients.gitops import LayoutError, Repository, UnknownEnvironmentError
from prompt_kafka.clients.helm import RenderError
from prompt_kafka.core.errors import ExitCode, UsageError
from tests.clients.test_helm import OBJECT, chart, write


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return Path(shutil.copytree(gitops.shipped(), tmp_path / "deploy"))


def application(path: str = "applications/a", **helm_options) -> dict:
    return {
        "metadata": {"name": "a"},
        "spec": {"destination": {"namespace": "here"}, "source": {"path": path, "helm": helm_options}},
    }


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A repository with one application that shows its values."""
    root = tmp_path / "repo"
    chart(
        root / "environments",
        {"values.yaml": "applications: {a: false}\n", "values-x.yaml": "applications: {a: true}\n"},
    )
    shown = OBJECT.format(
        name="{{ .Release.Name }}-{{ .Release.Namespace }}", value="{{ .Values | toJson | quote }}"
    )
    chart(
        root / "applications/a",
        {"values.yaml": "v: chart\n", "values-x.yaml": "v: x\n", "templates/a.yaml": shown},
    )
    return root


def shown(rendered) -> str:
    return rendered.resources[0].manifest["data"]["value"]


def test_an_unknown_environment_lists_the_known_ones():
    with pytest.raises(UnknownEnvironmentError, match="no environment prod") as caught:
        Repository(gitops.shipped()).environment("prod")
    assert "lab, usdfdev-prompt-processing, usdfprod-prompt-processing" in str(caught.value.next)
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("name", ["../applications/x", "", "lab.yaml"])
def test_a_name_is_not_a_path(name):
    with pytest.raises(UnknownEnvironmentError):
        Repository(gitops.shipped()).app_of_apps(name, "u", "main")


def test_a_folder_that_is_no_such_repository_is_refused(tmp_path):
    with pytest.raises(LayoutError, match="not a GitOps checkout") as caught:
        Repository(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_an_unknown_application_lists_the_known_ones():
    with pytest.raises(UsageError, match="no application kafka") as caught:
        Repository(gitops.shipped()).chart_dependencies("kafka")
    assert "prompt-kafka, strimzi" in str(caught.value.next)


def test_an_environment_is_its_file_over_the_defaults(small):
    environment = Repository(small).environment("x")
    assert environment.applications == ("a",)
    assert environment.app_of_apps_name == "x"


def test_an_application_says_what_is_rendered(small):
    repository = Repository(small)
    found = repository.render_application(application(valueFiles=["values.yaml", "values-x.yaml"]))
    assert found.resources[0].name == "a-here"
    assert '"v":"x"' in shown(found)
    named = application(releaseName="r", namespace="n")
    assert repository.render_application(named).resources[0].name == "r-n"


def test_values_win_over_files_and_parameters_over_values(small):
    options = {
        "valueFiles": ["values-x.yaml"],
        "values": "v: text\nw: text\n",
        "valuesObject": {"w": "object"},
        "parameters": [{"name": "p", "value": "1"}, {"name": "q", "value": "1", "forceString": True}],
    }
    text = shown(Repository(small).render_application(application(**options)))
    for part in ('"v":"text"', '"w":"object"', '"p":1', '"q":"1"'):
        assert part in text


def test_a_missing_values_file_is_an_error_unless_it_may_be_missing(small):
    with pytest.raises(DocumentError, match=r"values-y\.yaml does not exist"):
        Repository(small).render_application(application(valueFiles=["values-y.yaml"]))
    allowed = application(valueFiles=["values-y.yaml"], ignoreMissingValueFiles=True)
    assert '"v":"chart"' in shown(Repository(small).render_application(allowed))


def test_values_files_from_the_root_of_the_repository(small):
    write(small, {"common.yaml": "v: common\n"})
    found = Repository(small).render_application(application(valueFiles=["/common.yaml"]))
    assert '"v":"common"' in shown(found)


@pytest.mark.parametrize("path", ["../../../secret.yaml", "/../secret.yaml"])
def test_nothing_outside_of_the_repository_is_read(small, path):
    write(small.parent, {"secret.yaml": "v: secret\n"})
    with pytest.raises(RenderError, match="outside of the repository"):
        Repository(small).render_application(application(valueFiles=[path]))


@pytest.mark.parametrize("path", ["$ref/values.yaml", "https://example.org/values.yaml"])
def test_values_from_elsewhere_are_refused(small, path):
    with pytest.raises(RenderError, match="from elsewhere"):
        Repository(small).render_application(application(valueFiles=[path]))


def test_what_is_no_chart_is_refused(small):
    with pytest.raises(RenderError, match="not a Helm chart in this repository"):
        Repository(small).render_application(application("applications"))


def test_several_sources_are_refused(small):
    several = {"metadata": {"name": "a"}, "spec": {"sources": [{"path": "x"}, {"path": "y"}]}}
    with pytest.raises(RenderError, match="several sources"):
        Repository(small).render_application(several)


@pytest.fixture
def shared(small: Path) -> Path:
    """The application uses a shared chart twice, and that one uses another."""
    dependencies = """
        dependencies:
          - {name: common, alias: one, version: 1.0.0, repository: "file://../../charts/common"}
          - {name: common, alias: two, version: 1.0.0, repository: "file://../../charts/common"}
    """
    chart(small / "applications/a", {}, dependencies)
    inner = '\ndependencies:\n  - {name: base, version: 1.0.0, repository: "file://../base"}\n'
    text = OBJECT.format(name="{{ .Chart.Name }}", value="{{ .Values.v }}")
    chart(small / "charts/common", {"values.yaml": "v: 1\n", "templates/c.yaml": text}, inner)
    chart(small / "charts/base", {"templates/b.yaml": OBJECT.format(name="base", value=1)})
    return small


def test_shared_charts_are_found_without_touching_the_checkout(shared):
    before = sorted(shared.rglob("*"))
    found = Repository(shared).render_application(application())
    assert sorted(each.name for each in found.resources) == ["a-here", "base", "base", "one", "two"]
    assert found.skipped_dependencies == ()
    assert sorted(shared.rglob("*")) == before


def test_a_fault_beside_a_shared_chart_is_named_in_the_checkout(shared):
    write(shared, {"applications/a/templates/bad.yaml": "a: {{ .Values.q.r.s }}\n"})
    with pytest.raises(RenderError) as caught:
        Repository(shared).render_application(application())
    assert caught.value.where == f"{shared}/applications/a/templates/bad.yaml:1"


def test_a_shared_chart_that_is_not_there_is_named(shared):
    shutil.rmtree(shared / "charts/base")
    with pytest.raises(RenderError, match="shared chart base does not exist"):
        Repository(shared).render_application(application())


def test_secret_keys_follow_the_environment(tree):
    repository = Repository(tree)
    folder = tree / "applications/prompt-kafka"
    write(folder, {"secrets-lab.yaml": "only-in-the-lab:\n  description: One.\n"})
    lab = set(repository.secret_keys("prompt-kafka", "lab"))
    production = set(repository.secret_keys("prompt-kafka", "usdfprod-prompt-processing"))
    assert lab - production == {"only-in-the-lab"}
    assert production - lab == {"kafdrop-password"}
    assert repository.secret_keys("strimzi", "lab") == {}


def test_a_broken_template_in_the_service_is_named_with_its_line(tree):
    path = tree / "applications/prompt-kafka/charts/strimzi-kafka/templates/kafka.yaml"
    path.write_text(
        path.read_text().replace("version: {{ .Values.kafka.version", "version: {{ .Values.kafak.version")
    )
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "kafak" in text)
    parent = Repository(tree).app_of_apps("lab", "u", "main")
    with pytest.raises(RenderError, match="kafak") as caught:
        Repository(tree).render_application(parent.one("Application", "prompt-kafka").manifest)
    assert caught.value.where == f"{path}:{line}"


def test_an_application_that_the_environment_has_no_values_for_is_named(tree):
    (tree / "applications/strimzi/values-lab.yaml").unlink()
    parent = Repository(tree).app_of_apps("lab", "u", "main")
    with pytest.raises(DocumentError, match=r"values-lab\.yaml does not exist") as caught:
        Repository(tree).render_application(parent.one("Application", "strimzi").manifest)
    assert "applications/strimzi/values-lab.yaml" in str(caught.value.where)


@pytest.fixture(scope="module")
def phalanx() -> Repository:
    return Repository(Path(os.environ["PHALANX_CHECKOUT"]))


@pytest.mark.phalanx
@pytest.mark.parametrize("environment", ["usdfdev-prompt-processing", "usdfprod-prompt-processing"])
def test_the_real_service_renders(phalanx, environment):
    parent = phalanx.app_of_apps(environment, "https://git.example.org/phalanx.git", "main")
    service = phalanx.render_application(parent.one("Application", "prompt-kafka").manifest)
    assert {each.name for each in service.of("KafkaNodePool")} == {"controller", "kafka"}
    assert service.one("Kafka", "prompt-kafka").manifest["spec"]["kafka"]["version"]
    assert {"butler-writer", "butler-writer-ingestion-events"} <= {
        each.name for each in service.of("KafkaTopic")
    }
    operator = phalanx.render_application(parent.one("Application", "strimzi").manifest)
    (dependency,) = operator.skipped_dependencies
    assert dependency.name == "strimzi-kafka-operator"
    assert dependency.version.startswith(("0.", "1."))


@pytest.mark.phalanx
def test_the_whole_of_phalanx_renders(phalanx):
    """Every application of every environment, but those that only make sense with a chart from elsewhere."""
    failed = []
    rendered = 0
    for environment in phalanx.environments():
        for each in phalanx.app_of_apps(environment, "https://git.example.org/phalanx.git", "main").of(
            "Application"
        ):
            try:
                phalanx.render_application(each.manifest)
                rendered += 1
            except RenderError as error:
                assert "is absent from charts/" in str(error.next)
                failed.append((environment, each.name))
    assert rendered > 500
    assert {name for _, name in failed} <= {"onepassword-connect"}
