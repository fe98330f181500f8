"""The pod set controller: a loop of its own, which no pause stops.

It belongs to the cluster operator: while that is down nobody looks after pods.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from prompt_kafka.clients.kinds import POD, POD_SET
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, NotFound
from prompt_kafka.lab.controller import Controller
from prompt_kafka.lab.informer import Key
from prompt_kafka.lab.strimzi.model import labels
from prompt_kafka.lab.strimzi.model.pods import REVISION
from prompt_kafka.lab.strimzi.roller.decisions import is_ready
from prompt_kafka.lab.strimzi.world import World

Object = dict[str, Any]

log = logging.getLogger(__name__)

TERMINAL = ("Failed", "Succeeded")


class Plan:
    """What a pod set asks for, against the pods that are there.

    Parameters
    ----------
    pod_set
        The pod set.
    pods
        Pods of its namespace that match its selector.

    Attributes
    ----------
    create
        Manifests of pods that are missing.
    delete
        Pods that are not listed, or have ended.
    adopt
        Pods that are listed and belong to nobody.
    status
        The pod set's status.
    """

    def __init__(self, pod_set: Object, pods: list[Object]) -> None:
        wanted = {pod["metadata"]["name"]: pod for pod in pod_set["spec"].get("pods") or ()}
        there = {pod["metadata"]["name"]: pod for pod in pods}
        uid = pod_set["metadata"]["uid"]
        owner = labels.owner(pod_set, controller=True)
        self.create = [
            pod | {"metadata": pod["metadata"] | {"ownerReferences": [owner]}}
            for name, pod in wanted.items()
            if name not in there
        ]
        self.delete = [
            pod
            for name, pod in there.items()
            if not pod["metadata"].get("deletionTimestamp")
            and (name not in wanted or (pod.get("status") or {}).get("phase") in TERMINAL)
        ]
        self.adopt = [
            pod
            for name, pod in there.items()
            if name in wanted
            and not pod["metadata"].get("deletionTimestamp")
            and not any(ref["uid"] == uid for ref in pod["metadata"].get("ownerReferences") or ())
        ]
        self.owner = owner
        listed = [there[name] for name in wanted if name in there]
        self.status: Object = {
            "pods": len(wanted),
            "readyPods": sum(1 for pod in listed if is_ready(pod)),
            "currentPods": sum(
                1 for pod in listed if _revision(pod) == _revision(wanted[pod["metadata"]["name"]])
            ),
            "observedGeneration": pod_set["metadata"].get("generation", 0),
        }


def _revision(pod: Object) -> str | None:
    revision: str | None = (pod["metadata"].get("annotations") or {}).get(REVISION)
    return revision


class PodSets:
    """Keeps pods as the pod sets list them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._controller = Controller("strimzi-pod-sets", self._reconcile, workers=2)
        world.caches["StrimziPodSet"].on_change(self._controller.enqueue)
        world.caches["Pod"].on_change(self._pod_changed)

    def start(self) -> None:
        """Begin to work."""
        self._controller.start()

    def stop(self) -> None:
        """Stop."""
        self._controller.stop()

    def operator_changed(self) -> None:
        """Look at everything: another operator process has begun."""
        for pod_set in self._world.caches["StrimziPodSet"].items():
            self._controller.enqueue("MODIFIED", pod_set)

    def _pod_changed(self, _event: str, pod: Object) -> None:
        own = pod["metadata"].get("labels") or {}
        name = own.get("strimzi.io/controller-name")
        if name and own.get("strimzi.io/controller") == "strimzipodset":
            self._controller.add((pod["metadata"]["namespace"], name))

    def _reconcile(self, key: Key) -> float | None:
        world = self._world
        pod_set = world.caches["StrimziPodSet"].get(*key)
        if pod_set is None or world.operator(key[0]) is None:
            return None
        if pod_set["metadata"].get("deletionTimestamp"):
            log.info("StrimziPodSet %s/%s: StrimziPodSet is deleting => nothing to do", *key)
            return None
        selected = (pod_set["spec"].get("selector") or {}).get("matchLabels") or {}
        pods = [pod for pod in world.caches["Pod"].items(key[0]) if labels.matches(selected, pod)]
        plan = Plan(pod_set, pods)
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(self._create, plan.create))
            list(pool.map(self._delete, plan.delete))
            list(pool.map(lambda pod: self._adopt(pod, plan.owner), plan.adopt))
        self._write_status(pod_set, plan.status)
        return None

    def _create(self, manifest: Object) -> None:
        try:
            self._world.kubernetes.create(manifest)
        except AlreadyExists:
            pass

    def _delete(self, pod: Object) -> None:
        metadata = pod["metadata"]
        try:
            self._world.kubernetes.delete(POD, metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except (NotFound, Conflict):
            pass

    def _adopt(self, pod: Object, owner: Object) -> None:
        metadata = pod["metadata"]
        body = {"metadata": {"ownerReferences": [owner], "uid": metadata["uid"]}}
        try:
            self._world.kubernetes.patch(POD, metadata["name"], metadata["namespace"], body)
        except (NotFound, Conflict):
            pass

    def _write_status(self, pod_set: Object, status: Object) -> None:
        before = pod_set.get("status") or {}
        if all(before.get(field) == value for field, value in status.items()) and not before.get(
            "conditions"
        ):
            return
        metadata = pod_set["metadata"]
        body = {"status": status | {"conditions": None}}
        try:
            self._world.kubernetes.patch(
                POD_SET, metadata["name"], metadata["namespace"], body, subresource="status"
            )
        except NotFound:
            pass
