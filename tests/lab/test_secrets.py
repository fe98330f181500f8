"""Vault and its operator."""

import base64
from datetime import UTC, datetime

import pytest

from prompt_kafka.clients.kinds import APPLICATION, SECRET, VAULT_SECRET
from prompt_kafka.lab import git
from prompt_kafka.lab.secrets import VaultSecrets, listed, missing, value_for, vault_name, wanted_secret
from tests.lab.cluster import eventually, running

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def plain(value):
    return base64.b64decode(value).decode()


def test_an_environment_overrides_key_by_key():
    both = listed("a:\n  description: x\n  generate: {type: password}\n", "a:\n  value: fixed\nb:\n")
    assert both == {"a": {"description": "x", "generate": {"type": "password"}, "value": "fixed"}, "b": {}}


def test_first_values():
    assert value_for("k", {"value": "literal"}, NOW) == "literal"
    assert len(value_for("k", {"generate": {"type": "password"}}, NOW)) >= 40
    assert value_for("kafdrop-password", {}, NOW) != value_for("kafdrop-password", {}, NOW)
    assert value_for("kafdrop-kafka-properties", {}, NOW) == "lab-placeholder-for-kafdrop-kafka-properties"
    assert len(base64.urlsafe_b64decode(value_for("k", {"generate": {"type": "fernet-key"}}, NOW))) == 32


def test_only_what_vault_lacks_is_generated():
    assert set(missing({"a": {}, "b": {}}, {"a": "eA=="}, NOW)) == {"b"}


def test_keys_select_and_absent_ones_are_left_out():
    source = {
        "apiVersion": "ricoberger.de/v1alpha1",
        "kind": "VaultSecret",
        "metadata": {"name": "x", "namespace": "ns", "uid": "u"},
        "spec": {"path": "p", "keys": ["a", "nowhere"]},
    }
    assert wanted_secret(source, {"a": "1", "b": "2"})["data"] == {"a": "1"}
    source["spec"].pop("keys")
    assert wanted_secret(source, {"a": "1", "b": "2"})["data"] == {"a": "1", "b": "2"}


def test_a_path_has_a_name():
    assert (
        vault_name("secret/rubin/usdf_prompt/prompt-kafka") == "vault-secret-rubin-usdf-prompt-prompt-kafka"
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running("lab", tmp_path_factory.mktemp("cluster")) as found:
        operator = VaultSecrets(found.kubernetes, "lab")
        operator.start()
        yield found
        operator.stop()


@pytest.fixture
def service(cluster, tmp_path):
    """An application `svc-…` whose secrets.yaml lists one key, and its VaultSecret."""
    space = cluster.namespace()
    name = f"svc-{space}"
    folder = tmp_path / "tree" / "applications" / name
    folder.mkdir(parents=True)
    (folder / "secrets.yaml").write_text("one-password:\n  description: x\n")
    url = git.seed(tmp_path / "tree", tmp_path / "bare.git")
    source = {"repoURL": url, "path": f"applications/{name}", "targetRevision": "main"}
    cluster.kubernetes.create(
        {
            "apiVersion": APPLICATION.api_version,
            "kind": APPLICATION.kind,
            "metadata": {"name": name, "namespace": "argocd"},
            "spec": {"project": "default", "source": source, "destination": {"namespace": space}},
        }
    )
    return cluster, space, name, tmp_path


def vault_secret(space, name, path=None):
    labels = {"argocd.argoproj.io/instance": name}
    return {
        "apiVersion": VAULT_SECRET.api_version,
        "kind": VAULT_SECRET.kind,
        "metadata": {"name": "svc", "namespace": space, "labels": labels},
        "spec": {"path": path or f"secret/lab/{name}", "type": "Opaque"},
    }


def data(cluster, space):
    found = cluster.kubernetes.find(SECRET, "svc", space) or {}
    return {key: plain(value) for key, value in (found.get("data") or {}).items()}


def reason(cluster, space):
    found = cluster.kubernetes.get(VAULT_SECRET, "svc", space).get("status") or {}
    return (found.get("conditions") or [{}])[0].get("reason")


def test_a_secret_is_made_once_and_stays_the_same(service):
    cluster, space, name, _ = service
    cluster.kubernetes.create(vault_secret(space, name))
    first = eventually(lambda: data(cluster, space))
    assert set(first) == {"one-password"}
    eventually(lambda: reason(cluster, space) == "Created")
    cluster.kubernetes.delete(SECRET, "svc", space)
    eventually(lambda: data(cluster, space) == first)
    owner = cluster.kubernetes.get(SECRET, "svc", space)["metadata"]["ownerReferences"][0]
    assert owner["kind"] == "VaultSecret"


def test_a_password_changed_in_vault_reaches_the_secret(service):
    cluster, space, name, _ = service
    cluster.kubernetes.create(vault_secret(space, name))
    eventually(lambda: data(cluster, space))
    changed = {"data": {"one-password": base64.b64encode(b"new").decode()}}
    cluster.kubernetes.patch(SECRET, vault_name(f"secret/lab/{name}"), "kube-system", changed)
    eventually(lambda: data(cluster, space) == {"one-password": "new"})


def test_a_key_that_git_begins_to_list_is_generated_and_the_others_are_kept(service):
    cluster, space, name, folder = service
    cluster.kubernetes.create(vault_secret(space, name))
    first = eventually(lambda: data(cluster, space))
    file = folder / "tree" / "applications" / name / "secrets.yaml"
    file.write_text(file.read_text() + "two:\n  value: literal\n")
    git.seed(folder / "tree", folder / "bare.git")
    cluster.kubernetes.patch(APPLICATION, name, "argocd", {"metadata": {"annotations": {"seen": "1"}}})
    eventually(lambda: data(cluster, space) == {**first, "two": "literal"})


def test_a_path_that_nobody_filled_is_reported(service):
    cluster, space, name, _ = service
    cluster.kubernetes.create(vault_secret(space, name, "secret/lab/nothing-there"))
    eventually(lambda: reason(cluster, space) == "FetchFailed")
    assert data(cluster, space) == {}
