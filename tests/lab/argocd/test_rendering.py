"""From Git to manifests, and the real thing: a Phalanx checkout."""

import os
from pathlib import Path

import pytest

from prompt_kafka.lab import git
from prompt_kafka.lab.argocd.install import app_of_apps, application
from prompt_kafka.lab.argocd.rendering import ManifestError, Renderer


def chart(folder, **files):
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {folder.name}\nversion: 1.0.0\n")
    for name, text in files.items():
        (folder / "templates" / f"{name}.yaml").write_text(text)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    chart(root / "environments")
    chart(root / "applications" / "a", c="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
    return root


def app(url, path="applications/a", **source):
    return {
        "metadata": {"name": "a", "namespace": "argocd"},
        "spec": {
            "destination": {"namespace": "ns", "server": "x"},
            "source": {"repoURL": url, "path": path, "targetRevision": "main", **source},
        },
    }


def render(renderer, found):
    source = found["spec"]["source"]
    return renderer.render(found, source, renderer.resolve(source))


def test_a_commit_is_rendered_once(tree, tmp_path):
    url = git.seed(tree, tmp_path / "bare.git")
    renderer = Renderer(tmp_path / "checkouts")
    first = render(renderer, app(url))
    assert [each["metadata"]["name"] for each in first.objects] == ["c"]
    assert render(renderer, app(url)) is first
    renderer.forget()
    again = render(renderer, app(url))
    assert again == first
    assert again is not first


def test_another_commit_or_source_is_rendered_anew(tree, tmp_path):
    bare = tmp_path / "bare.git"
    url = git.seed(tree, bare)
    renderer = Renderer(tmp_path / "checkouts")
    first = render(renderer, app(url))
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.name }}}\n"
    (tree / "applications" / "a" / "templates" / "c.yaml").write_text(text)
    git.seed(tree, bare)
    second = render(renderer, app(url, helm={"parameters": [{"name": "name", "value": "p"}]}))
    assert second.objects[0]["metadata"]["name"] == "p"
    assert second.commit != first.commit
    older = renderer.render(app(url), app(url)["spec"]["source"], first.commit)
    assert older is first


def test_errors_name_the_template_without_the_labs_own_folders(tree, tmp_path):
    text = "x: {{ .Values.no.such }}\n"
    (tree / "applications" / "a" / "templates" / "c.yaml").write_text(text)
    url = git.seed(tree, tmp_path / "bare.git")
    with pytest.raises(ManifestError) as raised:
        render(Renderer(tmp_path / "checkouts"), app(url))
    assert "applications/a/templates/c.yaml:1" in raised.value.what
    assert str(tmp_path) not in raised.value.what


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": "applications/nowhere"}, "not a Helm chart in this repository"),
        ({"path": "../outside"}, "outside of the repository"),
        ({"helm": {"valueFiles": ["values-x.yaml"]}}, "values-x.yaml"),
    ],
)
def test_what_cannot_be_rendered_is_said(tree, tmp_path, given, said):
    url = git.seed(tree, tmp_path / "bare.git")
    with pytest.raises(ManifestError, match=said):
        render(Renderer(tmp_path / "checkouts"), app(url, **given))


def test_an_application_of_which_nothing_can_be_rendered_is_an_error_not_empty(tree, tmp_path):
    folder = tree / "applications" / "a"
    (folder / "templates" / "c.yaml").unlink()
    remote = "dependencies: [{name: keda, version: 1.0.0, repository: 'https://example.org/charts'}]\n"
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: a\nversion: 1.0.0\n{remote}")
    url = git.seed(tree, tmp_path / "bare.git")
    with pytest.raises(ManifestError, match=r"remote chart keda 1\.0\.0 is not rendered"):
        render(Renderer(tmp_path / "checkouts"), app(url))


@pytest.mark.phalanx
def test_every_application_of_a_real_environment_is_rendered_or_says_why_not(tmp_path):
    url = git.seed(Path(os.environ["PHALANX_CHECKOUT"]), tmp_path / "bare.git")
    environment = "usdfprod-prompt-processing"
    root = application(app_of_apps(url, environment), environment, url)
    assert root["metadata"]["name"] == "prompt-processing"
    renderer = Renderer(tmp_path / "checkouts")
    found = render(renderer, root)
    children = {e["metadata"]["name"]: e for e in found.objects if e["kind"] == "Application"}
    assert {"strimzi", "prompt-kafka", "sasquatch"} <= set(children)
    kafka = render(renderer, children["prompt-kafka"])
    assert {"Kafka", "KafkaNodePool", "KafkaTopic", "VaultSecret"} <= {e["kind"] for e in kafka.objects}
    with pytest.raises(ManifestError, match="remote chart keda"):
        render(renderer, children["keda"])
