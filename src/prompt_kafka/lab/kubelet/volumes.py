"""Volumes: a folder for each claim, and the persistent volume that stands for it.

A claim is bound at once, whatever its storage class; a class that the lab has no object for is named on the
volume as mapped. The data are in ``disks/<volume>``; ``volumes/<namespace>/<claim>`` is a link to it while
the claim is there. What happens to the data of a deleted claim is the volume's reclaim policy, ``Retain``
unless the class says otherwise: retained data come back to a claim that names the volume (Strimzi's
documented recovery).
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from prompt_kafka.clients.kinds import PV, PVC, STORAGE_CLASS
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.controller import Controller
from prompt_kafka.lab.informer import Informer, Key, key_of
from prompt_kafka.lab.state import LabState

log = logging.getLogger(__name__)

MAPPED = "lab.prompt-kafka/mapped-storage-class"
PROVISIONER = "lab.prompt-kafka/folder"
PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"


class Volumes:
    """Binds claims to folders and cleans up after them.

    Parameters
    ----------
    kubernetes
        The API.
    state
        The lab's folder.
    pods
        The pods, which keep the claims that they use.
    """

    def __init__(
        self, kubernetes: Kubernetes, state: LabState, pods: Informer, *, clock: Clock = SYSTEM
    ) -> None:
        self._kubernetes = kubernetes
        self._state = state
        self._pods = pods
        self.claims = Informer(kubernetes, PVC, clock=clock)
        self._volumes = Informer(kubernetes, PV, clock=clock)
        self._controller = Controller("volumes", self._reconcile, clock=clock)

    def start(self) -> None:
        """Begin to act."""
        self.claims.on_change(self._controller.enqueue)
        self._volumes.on_change(self._volume_changed)
        self._pods.on_change(self._pod_changed)
        for informer in (self.claims, self._volumes):
            informer.start()
        for informer in (self.claims, self._volumes):
            informer.wait_synced()
        self._controller.start()

    def stop(self) -> None:
        """Stop."""
        for part in (self._controller, self.claims, self._volumes):
            part.stop()

    def folder(self, namespace: str, name: str) -> Path | None:
        """Return the folder of a claim; None while it is not bound."""
        claim = self.claims.get(namespace, name)
        if claim is None or (claim.get("status") or {}).get("phase") != "Bound":
            return None
        folder = self._state.volume(namespace, name)
        return folder if folder.is_dir() else None

    def _volume_changed(self, _event: str, volume: Object) -> None:
        reference = volume["spec"].get("claimRef") or {}
        if reference.get("name"):
            self._controller.add((reference["namespace"], reference["name"]))
        for claim in self.claims.items():
            if claim["spec"].get("volumeName") == volume["metadata"]["name"]:
                self._controller.add(key_of(claim))

    def _pod_changed(self, event: str, pod: Object) -> None:
        if event == "DELETED":
            for name in _used(pod):
                self._controller.add((pod["metadata"]["namespace"], name))

    def _reconcile(self, key: Key) -> float | None:
        claim = self.claims.get(*key)
        self._release(key, claim)
        if claim is None:
            return None
        if claim["metadata"].get("deletionTimestamp"):
            return self._let_go(claim)
        phase = (claim.get("status") or {}).get("phase")
        if phase != "Bound":
            self._bind(claim)
        elif self._size(claim) != ((claim["status"].get("capacity") or {}).get("storage")):
            self._write_bound(claim)
        if phase == "Bound" and claim["spec"].get("volumeName"):
            # A folder that somebody removed by hand is an empty disk, not an error of the kubelet.
            self._attach(key, claim["spec"]["volumeName"])
        return None

    def _attach(self, key: Key, volume: str) -> None:
        disk, folder = self._disk(volume), self._state.volume(*key)
        disk.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder.is_symlink() and folder.readlink() == disk):
            if folder.is_dir() and not folder.is_symlink():
                disk.rmdir()
                folder.replace(disk)
            folder.unlink(missing_ok=True)
            folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.symlink_to(disk)

    def _bind(self, claim: Object) -> None:
        namespace, name = key_of(claim)
        wanted = claim["spec"].get("volumeName")
        if wanted:
            volume = self._kubernetes.find(PV, wanted)
            if volume is None or not _free_for(volume, claim):
                return
            self._kubernetes.patch(PV, wanted, None, {"spec": {"claimRef": _reference(claim)}})
        else:
            wanted = f"pvc-{claim['metadata']['uid']}"
            self._provision(claim, wanted)
        self._attach((namespace, name), wanted)
        self._kubernetes.patch(PV, wanted, None, {"status": {"phase": "Bound"}}, subresource="status")
        finalizers = claim["metadata"].get("finalizers") or []
        if PROTECTION not in finalizers:
            finalizers = [*finalizers, PROTECTION]
        body = {
            "metadata": {"uid": claim["metadata"]["uid"], "finalizers": finalizers},
            "spec": {"volumeName": wanted},
        }
        self._kubernetes.patch(PVC, name, namespace, body)
        self._write_bound(claim)

    def _provision(self, claim: Object, name: str) -> None:
        kind = claim["spec"].get("storageClassName") or ""
        known = self._kubernetes.find(STORAGE_CLASS, kind) if kind else None
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": name,
                "annotations": {
                    "pv.kubernetes.io/provisioned-by": PROVISIONER,
                    **({} if known else {MAPPED: kind or "(default)"}),
                },
            },
            "spec": {
                "capacity": {"storage": self._size(claim)},
                "accessModes": claim["spec"].get("accessModes") or ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": (known or {}).get("reclaimPolicy") or "Retain",
                "storageClassName": kind,
                "volumeMode": "Filesystem",
                "hostPath": {"path": str(self._disk(name))},
                "claimRef": _reference(claim),
            },
        }
        try:
            self._kubernetes.create(volume)
        except AlreadyExists:
            pass

    def _write_bound(self, claim: Object) -> None:
        namespace, name = key_of(claim)
        status = {
            "phase": "Bound",
            "accessModes": claim["spec"].get("accessModes") or ["ReadWriteOnce"],
            "capacity": {"storage": self._size(claim)},
        }
        self._kubernetes.patch(PVC, name, namespace, {"status": status}, subresource="status")

    def _let_go(self, claim: Object) -> float | None:
        """Take the protection off a claim that is being deleted, once no pod uses it."""
        namespace, name = key_of(claim)
        if any(name in _used(pod) for pod in self._pods.items(namespace)):
            return None
        finalizers = claim["metadata"].get("finalizers") or []
        if PROTECTION in finalizers:
            left = [each for each in finalizers if each != PROTECTION]
            body = {"metadata": {"uid": claim["metadata"]["uid"], "finalizers": left}}
            try:
                self._kubernetes.patch(PVC, name, namespace, body)
            except (NotFound, Conflict):
                pass
        return None

    def _release(self, key: Key, claim: Object | None) -> None:
        """Deal with the volumes of earlier claims of this name."""
        uid = claim["metadata"]["uid"] if claim else ""
        for volume in self._volumes.items():
            reference = volume["spec"].get("claimRef") or {}
            if (reference.get("namespace"), reference.get("name")) != key or reference.get("uid") in (
                uid,
                None,
            ):
                continue
            if (
                volume["metadata"].get("annotations", {}).get("pv.kubernetes.io/provisioned-by")
                != PROVISIONER
            ):
                continue
            if volume["metadata"].get("deletionTimestamp"):
                self._unprotect(volume)
                continue
            phase = (volume.get("status") or {}).get("phase")
            if phase != "Bound" and phase is not None:
                continue
            self._reclaim(volume, self._state.volume(*key))

    def _reclaim(self, volume: Object, folder: Path) -> None:
        name = volume["metadata"]["name"]
        if folder.is_symlink() and folder.readlink() == self._disk(name):
            folder.unlink()
        try:
            if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
                shutil.rmtree(self._disk(name), ignore_errors=True)
                self._kubernetes.delete(PV, name)
            else:
                released = {"status": {"phase": "Released"}}
                self._kubernetes.patch(PV, name, None, released, subresource="status")
        except NotFound:
            pass

    def _unprotect(self, volume: Object) -> None:
        """Let a volume go that is being deleted and that no claim holds."""
        finalizers = volume["metadata"].get("finalizers") or []
        left = [each for each in finalizers if each != VOLUME_PROTECTION]
        if left != finalizers:
            try:
                body = {"metadata": {"finalizers": left}}
                self._kubernetes.patch(PV, volume["metadata"]["name"], None, body)
            except NotFound:
                pass

    def _disk(self, volume: str) -> Path:
        return self._state.root / "disks" / volume

    @staticmethod
    def _size(claim: Object) -> str:
        requests = (claim["spec"].get("resources") or {}).get("requests") or {}
        return str(requests.get("storage") or "1Gi")


def _reference(claim: Object) -> Object:
    metadata = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }


def _free_for(volume: Object, claim: Object) -> bool:
    reference = volume["spec"].get("claimRef") or {}
    mine = _reference(claim)
    if not reference.get("name"):
        return True
    same = all(reference.get(key) == mine[key] for key in ("namespace", "name"))
    return same and reference.get("uid") in (None, "", mine["uid"])


def _used(pod: Object) -> set[str]:
    return {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["spec"].get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    }
