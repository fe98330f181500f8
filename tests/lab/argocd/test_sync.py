"""Syncs through the API: what section A of the facts says, seen from outside."""

import json

from prompt_kafka.clients.kinds import CONFIG_MAP, SECRET, TOPIC
from tests.lab.cluster import definition, eventually


def config(name, data="1", **annotations):
    notes = "".join(f"\n    {key}: {json.dumps(value)}" for key, value in annotations.items())
    head = f"\n  annotations:{notes}" if notes else ""
    body = f"  name: {name}{head}\ndata:\n  key: {json.dumps(data)}\n"
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n{body}"


def topic(name, partitions=3, more=""):
    return (
        f"apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata:\n  name: {name}\n"
        f"spec:\n  partitions: {partitions}\n{more}"
    )


def results(state):
    return {each["name"]: (each["status"], each["message"]) for each in state["syncResult"]["resources"]}


def test_nothing_syncs_by_itself_and_a_sync_brings_it(app):
    app.write(a=config("a"), t=topic("t"))
    app.create()
    assert app.sync == "OutOfSync"
    assert app.status["health"]["status"] == "Missing"
    assert app.cluster.kubernetes.find(CONFIG_MAP, "a", app.space) is None
    state = app.operate()
    assert state["phase"] == "Succeeded"
    assert state["message"] == "successfully synced (all tasks run)"
    assert results(state) == {
        "a": ("Synced", "configmap/a created"),
        "t": ("Synced", "kafkatopic.kafka.strimzi.io/t created"),
    }
    assert state["syncResult"]["revision"] == app.head
    eventually(lambda: app.sync == "Synced")
    assert "operation" not in app.object
    live = app.cluster.kubernetes.get(CONFIG_MAP, "a", app.space)
    assert live["metadata"]["labels"]["argocd.argoproj.io/instance"] == app.name
    assert "kubectl.kubernetes.io/last-applied-configuration" in live["metadata"]["annotations"]
    assert not any("health" in each for each in app.status["resources"])


def test_history_is_written_by_full_syncs_only(app):
    app.write(a=config("a"), b=config("b"))
    app.create()
    app.operate(dryRun=True)
    assert app.cluster.kubernetes.find(CONFIG_MAP, "a", app.space) is None
    app.operate(resources=[{"group": "", "kind": "ConfigMap", "name": "a"}])
    assert app.cluster.kubernetes.find(CONFIG_MAP, "b", app.space) is None
    assert not app.status.get("history")
    app.operate()
    app.write(a=config("a", "2"), b=config("b"))
    app.operate()
    history = app.status["history"]
    assert [each["id"] for each in history] == [0, 1]
    assert history[1]["revision"] == app.head
    assert history[0]["initiatedBy"] == {"username": "test"}


def test_a_dry_run_says_what_it_would_do(app):
    app.write(a=config("a"))
    app.create()
    state = app.operate(dryRun=True)
    assert state["phase"] == "Succeeded"
    assert results(state) == {"a": ("Synced", "configmap/a created (dry run)")}


def test_a_change_in_git_is_seen_after_a_refresh_and_removals_reach_the_object(app):
    app.write(t=topic("t", 3, "  config:\n    retention.ms: 1\n    cleanup.policy: delete\n"))
    app.create()
    app.operate()
    eventually(lambda: app.sync == "Synced")
    app.write(t=topic("t", 6, "  config:\n    retention.ms: 1.2096e+09\n"))
    app.refresh()
    assert app.sync == "OutOfSync"
    assert app.status["sync"]["revision"] == app.head
    state = app.operate()
    assert results(state)["t"][1].endswith("configured")
    spec = app.cluster.kubernetes.get(TOPIC, "t", app.space)["spec"]
    assert spec == {"partitions": 6, "config": {"retention.ms": 1209600000}}
    eventually(lambda: app.sync == "Synced")
    assert results(app.operate())["t"][1].endswith("unchanged")


def test_a_field_changed_by_hand_is_a_difference_a_foreign_annotation_is_none(app):
    app.write(t=topic("t"))
    app.create()
    app.operate()
    eventually(lambda: app.sync == "Synced")
    app.cluster.kubernetes.patch(
        TOPIC, "t", app.space, {"metadata": {"annotations": {"strimzi.io/pause-reconciliation": "true"}}}
    )
    app.refresh()
    assert app.sync == "Synced"
    app.cluster.kubernetes.patch(TOPIC, "t", app.space, {"spec": {"partitions": 9}})
    eventually(lambda: app.sync == "OutOfSync")
    app.operate()
    live = app.cluster.kubernetes.get(TOPIC, "t", app.space)
    assert live["spec"]["partitions"] == 3
    assert live["metadata"]["annotations"]["strimzi.io/pause-reconciliation"] == "true"


def test_ignored_differences_are_not_shown_but_applied(app):
    app.write(t=topic("t"))
    rule = {"group": "kafka.strimzi.io", "kind": "KafkaTopic", "jsonPointers": ["/spec/partitions"]}
    app.create(ignoreDifferences=[rule])
    app.operate()
    app.cluster.kubernetes.patch(TOPIC, "t", app.space, {"spec": {"partitions": 9}})
    app.refresh()
    assert app.sync == "Synced"
    app.operate()
    assert app.cluster.kubernetes.get(TOPIC, "t", app.space)["spec"]["partitions"] == 3


def test_removed_objects_require_pruning_and_prune_false_protects_the_live_one(app):
    app.write(a=config("a"), b=config("b"), c=config("c"))
    app.create()
    app.operate()
    options = {"metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}}}
    app.cluster.kubernetes.patch(CONFIG_MAP, "c", app.space, options)
    app.write(a=config("a"))
    app.refresh()
    extra = [r["name"] for r in app.status["resources"] if r.get("requiresPruning")]
    assert (app.sync, extra) == ("OutOfSync", ["b", "c"])
    state = app.operate()
    assert state["phase"] == "Succeeded"
    assert results(state)["b"] == ("PruneSkipped", "ignored (requires pruning)")
    state = app.operate(prune=True)
    assert results(state)["b"] == ("Pruned", "pruned")
    assert results(state)["c"] == ("PruneSkipped", "ignored (no prune)")
    assert app.cluster.kubernetes.find(CONFIG_MAP, "c", app.space) is not None


def test_ignore_extraneous_keeps_an_extra_object_out_of_the_verdict(app):
    app.write(a=config("a"))
    app.create()
    app.operate()
    notes = {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"}
    labels = {"argocd.argoproj.io/instance": app.name}
    metadata = {"name": "x", "namespace": app.space, "labels": labels, "annotations": notes}
    app.cluster.kubernetes.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
    eventually(lambda: app.resources().get("Secret/x") == "OutOfSync")
    assert app.sync == "Synced"
    app.cluster.kubernetes.patch(SECRET, "x", app.space, {"metadata": {"annotations": None}})
    eventually(lambda: app.sync == "OutOfSync")


def test_health_follows_the_conditions_of_strimzi_kinds(app):
    app.write(t=topic("t"))
    app.create()
    app.operate()
    eventually(lambda: app.status["health"]["status"] == "Progressing")

    def condition(kind):
        body = {"status": {"conditions": [{"type": kind, "status": "True"}]}}
        app.cluster.kubernetes.patch(TOPIC, "t", app.space, body, subresource="status")

    condition("NotReady")
    eventually(lambda: app.status["health"]["status"] == "Degraded")
    condition("Ready")
    eventually(lambda: app.status["health"]["status"] == "Healthy")


def test_a_wave_waits_until_the_one_before_is_healthy(app):
    later = {"argocd.argoproj.io/sync-wave": "1"}
    app.write(t=topic("t"), a=config("a", **later))
    app.create()
    app.operate(wait=False)
    eventually(
        lambda: (
            "waiting for healthy state of kafka.strimzi.io/KafkaTopic/t"
            in app.status["operationState"].get("message", "")
        )
    )
    assert app.cluster.kubernetes.find(CONFIG_MAP, "a", app.space) is None
    body = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    app.cluster.kubernetes.patch(TOPIC, "t", app.space, body, subresource="status")
    eventually(lambda: app.status["operationState"]["phase"] == "Succeeded")
    assert app.cluster.kubernetes.find(CONFIG_MAP, "a", app.space) is not None


def test_terminating_ends_an_operation_and_what_is_applied_stays(app):
    app.write(t=topic("t"), a=config("a", **{"argocd.argoproj.io/sync-wave": "1"}))
    app.create()
    app.operate(wait=False)
    eventually(lambda: "waiting for healthy" in app.status["operationState"].get("message", ""))
    app.patch({"status": {"operationState": {"phase": "Terminating"}}})
    eventually(lambda: app.status["operationState"]["phase"] == "Failed")
    assert app.status["operationState"]["message"] == "Operation terminated"
    assert app.cluster.kubernetes.find(TOPIC, "t", app.space) is not None


def test_hooks_run_in_their_phase_and_go_when_they_are_done(app):
    hook = {
        "argocd.argoproj.io/hook": "PreSync",
        "argocd.argoproj.io/hook-delete-policy": "HookSucceeded",
    }
    app.write(a=config("a"), h=config("h", **hook))
    app.create()
    state = app.operate()
    assert state["phase"] == "Succeeded"
    order = [each["name"] for each in state["syncResult"]["resources"]]
    assert order == ["h", "a"]
    assert app.cluster.kubernetes.find(CONFIG_MAP, "h", app.space) is None
    eventually(lambda: app.sync == "Synced")


def test_a_refused_object_fails_the_operation_with_the_servers_words(app):
    app.write(t=topic("t", '"many"'))
    app.create()
    state = app.operate()
    assert state["phase"] == "Failed"
    assert "one or more objects failed to apply, reason:" in state["message"]
    assert "spec.partitions" in state["message"]
    assert not app.status.get("history")


def test_a_failed_operation_is_retried_as_often_as_asked(app):
    app.write(t=topic("t", '"many"'))
    app.create()
    state = app.operate(retry={"limit": 2, "backoff": {"duration": "1s", "factor": 1}})
    assert (state["phase"], state["retryCount"]) == ("Failed", 2)
    assert state["message"].endswith("(retried 2 times).")


def test_a_kind_that_strimzi_would_define_is_missed_one_that_the_lab_never_serves_is_left_out(app):
    strange = "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata:\n  name: m\n"
    app.write(a=config("a"), m=strange)
    app.create()
    kinds = {each["type"] for each in app.status["conditions"]}
    assert "ExcludedResourceWarning" in kinds
    state = app.operate()
    assert state["phase"] == "Succeeded"
    assert "the lab does not serve their kinds: 1 monitoring.coreos.com/PodMonitor" in state["message"]
    eventually(lambda: app.sync == "Synced")
    bridge = "apiVersion: kafka.strimzi.io/v1\nkind: KafkaBridge\nmetadata:\n  name: b\n"
    app.write(a=config("a"), b=bridge)
    state = app.operate()
    assert state["phase"] == "Failed"
    assert 'Make sure the "KafkaBridge" CRD is installed' in state["message"]


def test_a_rollback_is_a_sync_of_an_older_commit(app):
    app.write(a=config("a", "1"))
    app.create()
    app.operate()
    app.write(a=config("a", "2"))
    app.operate()
    first = app.status["history"][0]
    state = app.operate(revision=first["revision"], source=first["source"], syncStrategy={"apply": {}})
    assert state["phase"] == "Succeeded"
    assert app.cluster.kubernetes.get(CONFIG_MAP, "a", app.space)["data"] == {"key": "1"}
    eventually(lambda: app.sync == "OutOfSync")


def test_reconciled_at_becomes_later_than_the_end_of_an_operation(app):
    app.write(a=config("a"))
    app.create()
    state = app.operate()
    eventually(lambda: app.status["reconciledAt"] > state["finishedAt"])


def test_a_kind_that_was_defined_a_moment_ago_is_found(app):
    app.write(q="apiVersion: core.strimzi.io/v1\nkind: Quick\nmetadata:\n  name: q\n")
    app.create()
    app.cluster.kubernetes.create(definition("Quick", "core.strimzi.io"))
    state = app.operate(retry={"limit": 3})
    assert state["phase"] == "Succeeded"
