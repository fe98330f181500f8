"""Refreshes, errors, automatic syncs, windows and deletion, through the API."""

import pytest

from prompt_kafka.clients.kinds import APP_PROJECT, APPLICATION, CONFIG_MAP
from prompt_kafka.lab import git
from tests.lab.argocd.test_sync import config, topic
from tests.lab.cluster import eventually


def condition(app, kind):
    return next((each["message"] for each in app.status.get("conditions") or () if each["type"] == kind), "")


def test_a_chart_that_does_not_render_is_a_comparison_error_and_no_sync_runs(app):
    app.write(a='{{ required "a value is missing" .Values.nothing }}\n')
    app.create()
    assert app.sync == "Unknown"
    assert "a value is missing" in condition(app, "ComparisonError")
    assert "templates/a.yaml:1" in condition(app, "ComparisonError")
    state = app.operate()
    assert state["phase"] == "Error"
    assert "ComparisonError" in state["message"]
    app.write(a=config("a"))
    app.refresh()
    assert (app.sync, condition(app, "ComparisonError")) == ("OutOfSync", "")


def test_a_missing_values_file_is_a_comparison_error(app):
    app.write(a=config("a"))
    source = {"valueFiles": ["values.yaml", "values-nowhere.yaml"]}
    app.create()
    app.patch({"spec": {"source": {"helm": source}}})
    eventually(lambda: "values-nowhere.yaml" in condition(app, "ComparisonError"))


def test_an_unknown_revision_is_a_comparison_error(app):
    app.write(a=config("a"))
    app.create()
    app.patch({"spec": {"source": {"targetRevision": "tickets/DM-1"}}})
    eventually(lambda: "unable to resolve 'tickets/DM-1'" in condition(app, "ComparisonError"))


def test_a_project_that_does_not_exist_is_an_invalid_spec_until_it_does(app):
    app.write(a=config("a"))
    app.create(project=app.name)
    assert "does not exist" in condition(app, "InvalidSpecError")
    app.cluster.kubernetes.create(
        {
            "apiVersion": APP_PROJECT.api_version,
            "kind": APP_PROJECT.kind,
            "metadata": {"name": app.name, "namespace": "argocd"},
            "spec": {
                "sourceRepos": ["*"],
                "destinations": [{"namespace": "*", "server": "*"}],
                "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
            },
        }
    )
    eventually(lambda: app.sync == "OutOfSync")


def test_a_refresh_asked_for_again_meanwhile_is_done_again(app, argocd):
    app.write(a=config("a"))
    app.create()
    taken = {"argocd.argoproj.io/refresh": "normal", "argocd.argoproj.io/refresh-timestamp": "1"}
    app.patch({"metadata": {"annotations": {**taken, "argocd.argoproj.io/refresh-timestamp": "2"}}})
    assert argocd._answered(("argocd", app.name), taken) is None
    eventually(lambda: "argocd.argoproj.io/refresh" not in (app.object["metadata"].get("annotations") or {}))


def test_a_frozen_application_does_not_move(app):
    app.write(a=config("a"))
    app.create()
    app.patch({"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}})
    before = app.status["reconciledAt"]
    app.patch({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})
    app.write(a=config("a", "2"))
    eventually(lambda: True)
    assert app.status["reconciledAt"] == before
    app.patch({"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": None}}})
    eventually(lambda: app.status["sync"]["revision"] == app.head)


def test_periodic_refreshes_find_a_new_commit(app):
    app.write(a=config("a"))
    app.create()
    app.write(a=config("a", "2"))
    eventually(lambda: app.status["sync"]["revision"] == app.head, seconds=15)


def test_automatic_syncs_run_once_for_a_commit_and_heal_only_when_told(app):
    app.write(a=config("a"))
    app.create(syncPolicy={"automated": {}})
    eventually(lambda: app.sync == "Synced")
    assert app.status["operationState"]["operation"]["initiatedBy"] == {"automated": True}
    app.cluster.kubernetes.delete(CONFIG_MAP, "a", app.space)
    eventually(lambda: app.sync == "OutOfSync")
    app.patch({"spec": {"syncPolicy": {"automated": {"selfHeal": True}}}})
    app.refresh()
    eventually(lambda: app.sync == "Synced")


def test_deleting_an_application_takes_its_objects_along_when_it_has_the_finalizer(app):
    app.write(a=config("a"), k=config("k", **{"argocd.argoproj.io/sync-options": "Delete=false"}))
    app.create()
    app.operate()
    app.patch({"metadata": {"finalizers": ["resources-finalizer.argocd.argoproj.io/background"]}})
    app.cluster.kubernetes.delete(APPLICATION, app.name, "argocd")
    eventually(lambda: app.cluster.kubernetes.find(APPLICATION, app.name, "argocd") is None)
    assert app.cluster.kubernetes.find(CONFIG_MAP, "a", app.space) is None
    assert app.cluster.kubernetes.find(CONFIG_MAP, "k", app.space) is not None


def test_a_closed_window_holds_a_sync_until_it_opens(app):
    app.write(a=config("a"))
    window = {
        "kind": "deny",
        "schedule": "* * * * *",
        "duration": "1h",
        "applications": [app.name],
    }
    project = {
        "apiVersion": APP_PROJECT.api_version,
        "kind": APP_PROJECT.kind,
        "metadata": {"name": app.name, "namespace": "argocd"},
        "spec": {
            "sourceRepos": ["*"],
            "destinations": [{"namespace": "*", "server": "*"}],
            "syncWindows": [window],
        },
    }
    app.cluster.kubernetes.create(project)
    app.create(project=app.name)
    app.operate(wait=False)
    eventually(lambda: "blocked by sync window" in app.status["operationState"].get("message", ""))
    assert app.status["operationState"]["phase"] == "Running"
    app.patch({"status": {"operationState": {"phase": "Terminating"}}})
    eventually(lambda: app.status["operationState"]["phase"] == "Terminating")
    body = {"spec": {"syncWindows": [{**window, "manualSync": True}]}}
    app.cluster.kubernetes.patch(APP_PROJECT, app.name, "argocd", body)
    eventually(lambda: app.status["operationState"]["message"] == "Operation terminated")
    body = {"spec": {"syncWindows": [window]}}
    app.cluster.kubernetes.patch(APP_PROJECT, app.name, "argocd", body)
    app.operate(wait=False)
    eventually(lambda: "blocked by sync window" in app.status["operationState"].get("message", ""))
    body = {"spec": {"syncWindows": [{**window, "manualSync": True}]}}
    app.cluster.kubernetes.patch(APP_PROJECT, app.name, "argocd", body)
    eventually(lambda: app.status["operationState"]["phase"] == "Succeeded")


def test_a_repository_elsewhere_is_named(app):
    app.write(a=config("a"))
    app.url = "https://git.example.org/x.git"
    app.create()
    assert "is not in this lab" in condition(app, "ComparisonError")


def test_the_app_of_apps_brings_applications_and_does_not_wait_for_them(app):
    child = f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {app.name}-child
  namespace: argocd
spec:
  project: default
  destination: {{namespace: {app.space}, server: "https://kubernetes.default.svc"}}
  source: {{repoURL: "file:///nowhere", path: x, targetRevision: main}}
"""
    app.write(child=child, t=topic("t"))
    app.create()
    state = app.operate()
    assert state["phase"] == "Succeeded"
    found = eventually(lambda: app.cluster.kubernetes.find(APPLICATION, f"{app.name}-child", "argocd"))
    eventually(lambda: app.cluster.kubernetes.get(APPLICATION, f"{app.name}-child", "argocd").get("status"))
    assert found["metadata"]["labels"]["argocd.argoproj.io/instance"] == app.name
    eventually(lambda: app.sync == "Synced")
    body = {"spec": {"source": {"targetRevision": "u/me/branch"}}}
    app.cluster.kubernetes.patch(APPLICATION, f"{app.name}-child", "argocd", body)
    eventually(lambda: app.sync == "OutOfSync")


@pytest.mark.parametrize("times", [3])
def test_commits_by_hand_are_deployed_too(app, times):
    app.write(a=config("a", "0"))
    app.create()
    path = f"applications/{app.name}/templates/a.yaml"
    for number in range(1, times):
        blob = git.git("hash-object", "-w", "--stdin", directory=app.bare, given=config("a", str(number)))
        index = {"GIT_INDEX_FILE": str(app.bare / "by-hand")}
        git.git("read-tree", "main", directory=app.bare, extra=index)
        git.git("update-index", "--cacheinfo", f"100644,{blob},{path}", directory=app.bare, extra=index)
        tree = git.git("write-tree", directory=app.bare, extra=index)
        commit = git.git("commit-tree", tree, "-p", "main", "-m", "by hand", directory=app.bare)
        git.git("update-ref", "refs/heads/main", commit, directory=app.bare)
        app.operate()
        assert app.cluster.kubernetes.get(CONFIG_MAP, "a", app.space)["data"] == {"key": str(number)}
