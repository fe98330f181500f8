"""Pods become processes: started, probed, restarted, ended, adopted; each test through the Kubernetes API."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime

import pytest

from prompt_kafka.clients.kinds import CONFIG_MAP, EVENT, LEASE, NAMESPACE, NODE, POD, PV, PVC
from prompt_kafka.lab import faults, processes
from prompt_kafka.lab.kubelet.nodes import HELD
from tests.lab.cluster import eventually


def test_a_controller_runs_and_is_ready_when_its_port_listens(lab, space):
    name = lab.node(space)
    eventually(lambda: lab.is_ready(space, name))

    status = lab.pod(space, name)["status"]
    assert status["phase"] == "Running"
    assert status["podIP"].startswith(f"{lab.state.settings.network}.2.")
    assert lab.container(space, name)["restartCount"] == 0
    assert f"{status['podIP']} {name}.brokers.{space}.svc" in lab.state.hosts.read_text()
    folder = lab.state.pod(space, name)
    assert "started" in folder.log("kafka").read_text()
    record = json.loads(folder.container.read_text())
    assert record.keys() >= {"uid", "pid", "start_time", "env", "cwd", "image"}
    volume = lab.state.volume(space, f"data-{name}")
    properties = (volume / "kafka-log0" / "meta.properties").read_text()
    assert "cluster.id=c1" in properties and "node.id=0" in properties
    assert (volume / "kafka-log0" / "bootstrap.checkpoint").exists()


def test_a_broker_is_ready_while_it_answers(lab, space):
    name = lab.node(space, 3, broker=True)
    eventually(lambda: lab.is_ready(space, name))
    conditions = {each["type"]: each for each in lab.pod(space, name)["status"]["conditions"]}
    assert conditions["lab.prompt-kafka/BrokerState"]["reason"] == "Running"

    faults.inject(lab.state, lab.kubernetes, "freeze", f"{space}/{name}")
    eventually(lambda: not lab.is_ready(space, name))
    assert lab.container(space, name)["restartCount"] == 0
    assert faults.Standing("freeze", f"{space}/{name}") in faults.active(lab.state, lab.kubernetes)
    assert faults.release(lab.state, lab.kubernetes, f"{space}/{name}")
    eventually(lambda: lab.is_ready(space, name))


def test_a_killed_process_is_started_again(lab, space):
    name = lab.node(space)
    eventually(lambda: lab.is_ready(space, name))
    first = lab.process(space, name)

    faults.inject(lab.state, lab.kubernetes, "kill", f"{space}/{name}")
    eventually(lambda: lab.container(space, name).get("restartCount") == 1 and lab.is_ready(space, name))

    container = lab.container(space, name)
    assert container["lastState"]["terminated"]["exitCode"] == 137
    assert lab.process(space, name) != first
    assert lab.state.pod(space, name).log("kafka").with_name("kafka.log.1").exists()


def test_one_that_ends_again_and_again_backs_off(lab, space):
    name = lab.node(space, act="exit")

    def waits():
        waiting = lab.container(space, name).get("state", {}).get("waiting", {})
        return waiting.get("reason") == "CrashLoopBackOff"

    eventually(waits)
    container = lab.container(space, name)
    assert container["restartCount"] >= 1
    assert container["lastState"]["terminated"]["exitCode"] == 3
    assert lab.pod(space, name)["status"]["phase"] == "Running"
    assert not lab.is_ready(space, name)


def test_a_disk_of_another_cluster_is_refused_as_the_start_script_does(lab, space):
    name = lab.node(space)
    eventually(lambda: lab.is_ready(space, name))
    lab.kubernetes.patch(CONFIG_MAP, name, space, {"data": {"cluster.id": "c2"}})
    eventually(
        lambda: (lab.state.pod(space, name).rootfs / "opt/kafka/custom-config/cluster.id").read_text() == "c2"
    )
    faults.inject(lab.state, lab.kubernetes, "kill", f"{space}/{name}")

    log = lab.state.pod(space, name).log("kafka")
    eventually(lambda: log.exists() and "Invalid cluster.id in" in log.read_text())
    assert "Expected c2, but read c1" in log.read_text()
    eventually(
        lambda: lab.container(space, name).get("lastState", {}).get("terminated", {}).get("exitCode") == 1
    )


class TestDeletion:
    def test_term_then_the_object_goes(self, lab, space):
        name = lab.node(space)
        eventually(lambda: lab.is_ready(space, name))
        process = lab.process(space, name)
        lab.kubernetes.delete(POD, name, space)

        eventually(lambda: not lab.pod(space, name))
        assert not process.alive()
        assert not lab.state.pod(space, name).rootfs.exists()
        assert lab.state.volume(space, f"data-{name}").is_dir()
        assert any(e["reason"] == "Killing" for e in lab.kubernetes.list(EVENT, space))

    def test_one_that_does_not_listen_is_killed_after_its_grace(self, lab, space):
        name = lab.node(space, act="deaf")
        eventually(lambda: lab.is_ready(space, name))
        process = lab.process(space, name)
        lab.kubernetes.delete(POD, name, space, grace=1)

        eventually(lambda: not lab.pod(space, name))
        assert not process.alive()

    def test_forced_the_process_goes_too(self, lab, space):
        name = lab.node(space)
        eventually(lambda: lab.is_ready(space, name))
        process = lab.process(space, name)
        lab.kubernetes.delete(POD, name, space, grace=0)

        eventually(lambda: not process.alive())

    def test_a_new_pod_of_the_name_finds_the_data_of_the_old_one(self, lab, space):
        name = lab.node(space)
        eventually(lambda: lab.is_ready(space, name))
        old = lab.pod(space, name)
        properties = lab.state.volume(space, f"data-{name}") / "kafka-log0" / "meta.properties"
        before = properties.read_text()
        lab.kubernetes.delete(POD, name, space)
        eventually(lambda: not lab.pod(space, name))
        fresh = {key: old[key] for key in ("apiVersion", "kind")}
        fresh["metadata"] = {key: old["metadata"][key] for key in ("name", "namespace", "labels")}
        fresh["spec"] = {key: value for key, value in old["spec"].items() if key != "nodeName"}
        lab.kubernetes.create(fresh)

        eventually(lambda: lab.is_ready(space, name))
        assert lab.pod(space, name)["status"]["podIP"] == old["status"]["podIP"]
        assert lab.pod(space, name)["spec"]["nodeName"] == old["spec"]["nodeName"]
        assert properties.read_text() == before


def test_an_image_that_the_lab_does_not_run_stays_pending(lab, space):
    lab.kubernetes.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "viewer", "namespace": space},
            "spec": {"containers": [{"name": "web", "image": "obsidiandynamics/kafdrop:4.2.0"}]},
        }
    )
    eventually(lambda: lab.container(space, "viewer").get("state"))

    assert lab.container(space, "viewer")["state"]["waiting"]["reason"] == "ImageNotInLab"
    assert lab.pod(space, "viewer")["status"]["phase"] == "Pending"
    lab.kubernetes.delete(POD, "viewer", space)
    eventually(lambda: not lab.pod(space, "viewer"))


def test_an_operator_is_ready_while_the_controllers_renew_their_lease(lab, space):
    lab.kubernetes.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "operator", "namespace": space},
            "spec": {"containers": [{"name": "op", "image": "strimzi/operator:0.51.0"}]},
        }
    )
    eventually(lambda: lab.container(space, "operator").get("state", {}).get("running"))
    assert not lab.is_ready(space, "operator")

    if lab.kubernetes.find(NAMESPACE, "kube-system") is None:
        lab.kubernetes.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}})
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    metadata = {"name": "lab-controllers", "namespace": "kube-system"}
    spec = {"holderIdentity": "me", "leaseDurationSeconds": 2, "renewTime": now}
    lab.kubernetes.create(
        {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
    )
    eventually(lambda: lab.is_ready(space, "operator"))
    eventually(lambda: not lab.is_ready(space, "operator"))
    lab.kubernetes.delete(LEASE, "lab-controllers", "kube-system")


def test_a_pod_waits_for_its_files(lab, space):
    name = lab.node(space, files=False)
    eventually(
        lambda: (
            lab.container(space, name).get("state", {}).get("waiting", {}).get("reason")
            == "ContainerCreating"
        )
    )
    eventually(lambda: any(e["reason"] == "FailedMount" for e in lab.kubernetes.list(EVENT, space)))
    assert lab.pod(space, name)["status"]["phase"] == "Pending"
    lab.files(space, name, 0, False)
    eventually(lambda: lab.is_ready(space, name))


class TestHeldDown:
    def test_a_node_without_power_starts_nothing_and_finishes_nothing(self, lab, space):
        name = lab.node(space)
        eventually(lambda: lab.is_ready(space, name))
        place = lab.pod(space, name)["spec"]["nodeName"]
        process = lab.process(space, name)
        lab.kubernetes.patch(NODE, place, None, {"metadata": {"annotations": {HELD: "true"}}})
        try:
            eventually(lambda: not process.alive() and not lab.is_ready(space, name))
            ready = [
                c for c in lab.kubernetes.get(NODE, place)["status"]["conditions"] if c["type"] == "Ready"
            ]
            eventually(lambda: lab.kubernetes.get(NODE, place)["status"]["conditions"][0]["status"] != "True")
            assert ready
            lab.kubernetes.delete(POD, name, space)
            with pytest.raises(AssertionError):
                eventually(lambda: not lab.pod(space, name), seconds=1.0)
        finally:
            lab.kubernetes.patch(NODE, place, None, {"metadata": {"annotations": {HELD: None}}})
        eventually(lambda: not lab.pod(space, name))

    def test_power_loss_and_release(self, lab, space):
        names = [lab.node(space, 0), lab.node(space, 3, broker=True)]
        for name in names:
            eventually(lambda name=name: lab.is_ready(space, name))
        try:
            lost = faults.inject(lab.state, lab.kubernetes, "power-loss")
            assert {f"{space}/{name}" for name in names} == set(lost.hit)
            assert not any(lab.process(space, name).alive() for name in names)
            eventually(lambda: not any(lab.is_ready(space, name) for name in names))
        finally:
            undone = faults.release(lab.state, lab.kubernetes)
        assert {fault.name for fault in undone} == {"power-loss"}
        for name in names:
            eventually(lambda name=name: lab.is_ready(space, name))
            assert lab.container(space, name)["restartCount"] == 1

    def test_a_held_pod_stays_down_until_it_is_let_go(self, lab, space):
        name = lab.node(space)
        eventually(lambda: lab.is_ready(space, name))
        faults.inject(lab.state, lab.kubernetes, "hold", f"{space}/{name}")
        eventually(lambda: not lab.process(space, name).alive())
        assert faults.release(lab.state, lab.kubernetes) == (faults.Standing("hold", f"{space}/{name}"),)
        eventually(lambda: lab.is_ready(space, name))


class TestVolumes:
    def test_retained_data_come_back_to_a_claim_that_names_the_volume(self, lab, space):
        lab.claim(space, "data")
        eventually(lambda: lab.kubernetes.get(PVC, "data", space).get("status", {}).get("phase") == "Bound")
        volume = lab.kubernetes.get(PVC, "data", space)["spec"]["volumeName"]
        folder = lab.state.volume(space, "data")
        (folder / "file").write_text("kept")
        assert lab.kubernetes.get(PV, volume)["spec"]["persistentVolumeReclaimPolicy"] == "Retain"

        lab.kubernetes.delete(PVC, "data", space)
        eventually(lambda: lab.kubernetes.get(PV, volume)["status"]["phase"] == "Released")
        assert not folder.exists()
        lab.claim(space, "data")
        eventually(lambda: lab.kubernetes.get(PVC, "data", space).get("status", {}).get("phase") == "Bound")
        assert list(folder.iterdir()) == []

        lab.kubernetes.delete(PVC, "data", space)
        eventually(lambda: lab.kubernetes.find(PVC, "data", space) is None)
        lab.kubernetes.patch(PV, volume, None, {"spec": {"claimRef": None}})
        lab.claim(space, "data", volumeName=volume)
        eventually(lambda: lab.kubernetes.get(PVC, "data", space).get("status", {}).get("phase") == "Bound")
        assert (folder / "file").read_text() == "kept"

    def test_the_class_decides_what_happens_to_deleted_data(self, lab, space):
        kind = f"scratch-{space}"
        lab.kubernetes.create(
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": kind},
                "provisioner": "lab",
                "reclaimPolicy": "Delete",
            }
        )
        lab.claim(space, "data", storageClassName=kind)
        eventually(lambda: lab.kubernetes.get(PVC, "data", space).get("status", {}).get("phase") == "Bound")
        volume = lab.kubernetes.get(PVC, "data", space)["spec"]["volumeName"]
        folder = lab.state.volume(space, "data")
        assert folder.is_dir()
        lab.kubernetes.delete(PVC, "data", space)
        eventually(lambda: lab.kubernetes.find(PV, volume) is None)
        assert not folder.exists()

    def test_a_claim_in_use_is_kept_until_its_pod_is_gone(self, lab, space):
        name = lab.node(space)
        eventually(lambda: lab.is_ready(space, name))
        lab.kubernetes.delete(PVC, f"data-{name}", space)
        with pytest.raises(AssertionError):
            eventually(lambda: lab.kubernetes.find(PVC, f"data-{name}", space) is None, seconds=0.5)
        lab.kubernetes.delete(POD, name, space)
        eventually(lambda: lab.kubernetes.find(PVC, f"data-{name}", space) is None)


class TestAnotherKubelet:
    def test_it_adopts_what_runs_and_ends_what_nobody_wants(self, lab, space):
        kept, removed = lab.node(space, 0), lab.node(space, 3, broker=True)
        for name in (kept, removed):
            eventually(lambda name=name: lab.is_ready(space, name))
        first, second = lab.process(space, kept), lab.process(space, removed)
        lab.stop()
        assert first.alive() and second.alive()
        lab.kubernetes.delete(POD, removed, space, grace=0)
        lab.start()

        assert lab.process(space, kept) == first and first.alive()
        assert lab.is_ready(space, kept)
        assert lab.container(space, kept)["restartCount"] == 0
        eventually(lambda: not second.alive())
        faults.inject(lab.state, lab.kubernetes, "kill", f"{space}/{kept}")
        eventually(lambda: lab.container(space, kept).get("restartCount") == 1 and lab.is_ready(space, kept))

    def test_it_ends_what_was_started_and_not_written_down(self, lab, space):
        name = lab.node(space)
        eventually(lambda: lab.is_ready(space, name))
        process, record = lab.process(space, name), lab.state.pod(space, name).container
        lab.stop()
        record.unlink()
        lab.start()

        assert not process.alive()
        eventually(lambda: record.exists() and lab.is_ready(space, name))

    def test_what_died_meanwhile_is_started_again(self, lab, space):
        name = lab.node(space)
        eventually(lambda: lab.is_ready(space, name))
        lab.stop()
        processes.stop([lab.process(space, name)], 1, sig=signal.SIGKILL)
        lab.start()
        eventually(lambda: lab.container(space, name).get("restartCount") == 1 and lab.is_ready(space, name))
