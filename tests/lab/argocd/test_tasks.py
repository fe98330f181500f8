"""The decisions of a sync, without a cluster."""

from dataclasses import replace

from prompt_kafka.clients.discovery import Served
from prompt_kafka.clients.kinds import CONFIG_MAP, CRD, NAMESPACE, SECRET, TOPIC
from prompt_kafka.lab.argocd import autosync, tasks
from prompt_kafka.lab.argocd.comparison import compare
from prompt_kafka.lab.argocd.targets import INSTANCE, identity, prepare
from prompt_kafka.lab.argocd.tasks import decide, progressed, prune_verdict, selected

KINDS = (CONFIG_MAP, SECRET, NAMESPACE, TOPIC, CRD)
SERVED = Served(
    {(k.group, k.kind): k for k in KINDS}, {(k.api_version, k.kind): k for k in KINDS}, frozenset()
)


def obj(name, kind=CONFIG_MAP, namespace="ns", annotations=None, **content):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **content}


def wanted(*objects):
    return prepare(objects, application="app", namespace="ns", served=SERVED)


def planned(targets, live=(), owned=(), **options):
    there = {identity(each): each for each in live}
    comparison = compare(targets, there, owned)
    return tasks.plan(targets, there, comparison, **options)


def names(some):
    return [task.which[3] for task in some]


def with_result(task, status="Synced", phase="Running", message="m"):
    return replace(task, result=tasks.result(task, status, message, phase))


def wave(number, **more):
    return {"argocd.argoproj.io/sync-wave": str(number), **more}


def test_targets_get_the_namespace_and_the_label():
    targets = prepare(
        [obj("a", namespace=None), obj("n", NAMESPACE, namespace="wrong")],
        application="app",
        namespace="ns",
        served=SERVED,
    )
    config, space = targets.objects.values()
    assert config["metadata"]["namespace"] == "ns"
    assert config["metadata"]["labels"] == {INSTANCE: "app"}
    assert "namespace" not in space["metadata"]


def test_the_last_of_two_equal_objects_counts_and_is_named():
    targets = wanted(obj("a", data={"k": "1"}), obj("a", data={"k": "2"}))
    assert next(iter(targets.objects.values()))["data"] == {"k": "2"}
    assert targets.repeated == (("", "ConfigMap", "ns", "a"),)
    warning = compare(targets, {}, []).conditions[0]
    assert warning[0] == "RepeatedResourceWarning"


def test_string_data_of_a_secret_is_what_the_server_makes_of_it():
    targets = wanted({**obj("s", SECRET), "stringData": {"k": "v"}, "data": {"x": "eA=="}})
    assert next(iter(targets.objects.values()))["data"] == {"x": "eA==", "k": "dg=="}


def test_a_kind_defined_alongside_is_not_left_out():
    strange = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}}
    definition = {
        **obj("things.example.org", CRD, namespace=None),
        "spec": {"group": "example.org", "names": {"kind": "Thing"}, "scope": "Cluster"},
    }
    assert wanted(strange).excluded
    together = wanted(definition, strange)
    assert not together.excluded
    assert ("example.org", "Thing", "", "t") in together.objects


def test_one_wave_is_run_at_once_and_is_the_last():
    todo = planned(wanted(obj("b"), obj("a"), obj("t", TOPIC)))
    due = decide(todo)
    assert (due.do, names(due.tasks), due.last) == ("run", ["a", "b", "t"], True)
    done = [with_result(task) for task in todo]
    assert decide(done).do == "succeeded"


def test_waves_wait_for_health():
    todo = planned(wanted(obj("a"), obj("b", annotations=wave(1)), obj("c", annotations=wave(-1))))
    due = decide(todo)
    assert (names(due.tasks), due.last) == (["c"], False)
    applied = [with_result(task) if task.which[3] == "c" else task for task in todo]
    waiting = decide(applied)
    assert (waiting.do, waiting.message) == ("wait", "waiting for healthy state of ConfigMap/c")
    healthy = [progressed(replace(t, live=obj("c")) if t.which[3] == "c" else t) for t in applied]
    assert names(decide(healthy).tasks) == ["a"]


def test_a_refused_object_fails_the_sync():
    todo = planned(wanted(obj("a"), obj("b")))
    done = [with_result(todo[0]), with_result(todo[1], "SyncFailed", "Failed", "no")]
    due = decide(done)
    assert (due.do, due.message) == ("failed", "one or more objects failed to apply, reason: no")


def test_an_object_that_degrades_in_an_early_wave_fails_the_sync():
    todo = planned(wanted(obj("t", TOPIC, annotations=wave(0)), obj("z", annotations=wave(1))))
    sick = obj("t", TOPIC, status={"conditions": [{"type": "NotReady", "status": "True", "message": "bad"}]})
    now = [progressed(replace(with_result(todo[0]), live=sick)), todo[1]]
    assert decide(now).message == "one or more synchronization tasks completed unsuccessfully, reason: bad"


def test_rescue_hooks_run_after_a_failure_only():
    rescue = obj("r", annotations={"argocd.argoproj.io/hook": "SyncFail"})
    todo = planned(wanted(obj("a"), rescue))
    assert names(decide(todo).tasks) == ["a"]
    assert decide([with_result(todo[0]), todo[1]]).do == "succeeded"
    due = decide([with_result(todo[0], "SyncFailed", "Failed"), todo[1]])
    assert (due.do, names(due.tasks)) == ("run", ["r"])


def test_a_selective_sync_runs_no_hooks():
    hook = obj("h", annotations={"argocd.argoproj.io/hook": "PreSync"})
    only = [{"group": "", "kind": "ConfigMap", "name": "a"}]
    assert names(planned(wanted(obj("a"), obj("b"), hook))) == ["h", "a", "b"]
    assert names(planned(wanted(obj("a"), obj("b"), hook), resources=only)) == ["a"]
    assert names(planned(wanted(obj("a"), hook), hooks=False)) == ["a"]


def test_selection_by_namespace():
    which = ("", "ConfigMap", "ns", "a")
    assert selected(which, [])
    assert selected(which, [{"kind": "ConfigMap", "name": "a", "namespace": "ns"}])
    assert not selected(which, [{"kind": "ConfigMap", "name": "a", "namespace": "other"}])
    assert not selected(which, [{"group": "x", "kind": "ConfigMap", "name": "a"}])


def test_only_out_of_sync_leaves_equal_objects_alone():
    same = obj("a", data={"k": "1"})
    targets = wanted(same, obj("b"))
    live = targets.objects["", "ConfigMap", "ns", "a"]
    assert names(planned(targets, [live], only_out_of_sync=True)) == ["b"]


def test_prunes_run_in_reverse_waves_and_protection_is_read_from_the_live_object():
    extra = [obj("x", annotations=wave(-1)), obj("y", annotations=wave(2))]
    todo = planned(wanted(), owned=extra)
    assert names(todo) == ["y", "x"]
    assert prune_verdict(obj("x"), prune=False, confirmed=False) == "ignored (requires pruning)"
    assert prune_verdict(obj("x"), prune=True, confirmed=False) is None
    kept = obj("x", annotations={"argocd.argoproj.io/sync-options": "Prune=false"})
    assert prune_verdict(kept, prune=True, confirmed=True) == "ignored (no prune)"
    asked = obj("x", annotations={"argocd.argoproj.io/sync-options": "Prune=confirm"})
    assert prune_verdict(asked, prune=True, confirmed=False) == "confirm"
    assert prune_verdict(asked, prune=True, confirmed=True) is None


def test_prune_last_comes_after_everything():
    todo = planned(wanted(obj("a", annotations=wave(3))), owned=[obj("x")], prune_last=True)
    assert names(todo) == ["a", "x"]
    assert [task.wave for task in todo] == [3, 4]


def test_results_are_taken_up_again():
    targets = wanted(obj("a"))
    before = with_result(planned(targets)[0]).result
    again = planned(targets, results=[before])
    assert again[0].running


def application(automated=None, **state):
    policy = {"syncPolicy": {"automated": automated, "syncOptions": ["X=y"]}} if automated is not None else {}
    return {"metadata": {}, "spec": policy, "status": {"operationState": state} if state else {}}


def test_automatic_syncs():
    differing = compare(wanted(obj("a")), {}, [])
    extra_only = compare(wanted(), {}, [obj("x")])

    def decided(app, comparison=differing):
        return autosync.decide(app, comparison, "sha")

    assert decided(application()) == autosync.Automatic()
    assert decided(application({"enabled": False})) == autosync.Automatic()
    started = decided(application({})).operation
    assert started["sync"] == {"revision": "sha", "prune": False, "syncOptions": ["X=y"]}
    assert started["retry"] == {"limit": 5}
    done = {"phase": "Succeeded", "syncResult": {"revision": "sha"}}
    assert decided(application({}, **done)) == autosync.Automatic()
    healed = decided(application({"selfHeal": True}, **done)).operation
    assert [each["name"] for each in healed["sync"]["resources"]] == ["a"]
    failed = {"phase": "Failed", "message": "no", "syncResult": {"revision": "sha"}}
    assert decided(application({}, **failed)).condition[0] == "SyncError"
    assert decided(application({}), extra_only) == autosync.Automatic()
    assert "wipe out all" in decided(application({"prune": True}), extra_only).condition[1]
    assert decided(application({"prune": True, "allowEmpty": True}), extra_only).operation
    assert decided(application({}, phase="Running")) == autosync.Automatic()
