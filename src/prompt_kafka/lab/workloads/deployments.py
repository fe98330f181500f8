"""Deployments and ReplicaSets: from a template to pods."""

from __future__ import annotations

import logging

from prompt_kafka.clients.kinds import DEPLOYMENT, POD, REPLICA_SET
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab.argocd.merge import merge_patch
from prompt_kafka.lab.controller import Controller
from prompt_kafka.lab.informer import Informer, Key
from prompt_kafka.lab.workloads import pods, rollout

log = logging.getLogger(__name__)

HISTORY = 10


class Deployments:
    """The deployment controller and the replica set controller.

    Parameters
    ----------
    kubernetes
        The API.
    """

    def __init__(self, kubernetes: Kubernetes, *, clock: Clock = SYSTEM) -> None:
        self._kubernetes = kubernetes
        self._clock = clock
        self._deployments = Informer(kubernetes, DEPLOYMENT, clock=clock)
        self._sets = Informer(kubernetes, REPLICA_SET, clock=clock)
        self._pods = Informer(kubernetes, POD, clock=clock)
        self._deployer = Controller("deployments", self._deploy, clock=clock)
        self._replicator = Controller("replica-sets", self._replicate, clock=clock)
        self._expected: dict[Key, set[str]] = {}

    def start(self) -> None:
        """Begin to act, once the first lists are here: acting on a half-seen world would make pods twice."""
        informers = (self._deployments, self._sets, self._pods)
        self._deployments.on_change(self._deployer.enqueue)
        self._sets.on_change(self._deployer.enqueue_owner("Deployment"))
        self._sets.on_change(self._replicator.enqueue)
        self._pods.on_change(self._replicator.enqueue_owner("ReplicaSet"))
        for informer in informers:
            informer.start()
        for informer in informers:
            informer.wait_synced()
        self._deployer.start()
        self._replicator.start()

    def stop(self) -> None:
        """Stop; pods go on."""
        for part in (self._deployer, self._replicator, self._deployments, self._sets, self._pods):
            part.stop()

    # Deployments

    def _deploy(self, key: Key) -> float | None:
        deployment = self._deployments.get(*key)
        if deployment is None or deployment["metadata"].get("deletionTimestamp"):
            return None
        mine = [each for each in self._sets.items(key[0]) if _owned(each, deployment)]
        template = deployment["spec"]["template"]
        new = next((e for e in mine if rollout.same_template(e["spec"]["template"], template)), None)
        old = [each for each in mine if each is not new]
        size = rollout.scale(deployment, new, old)
        for each in old:
            self._resize(each, size.old[each["metadata"]["name"]])
        latest = max((rollout.revision_of(each) for each in mine), default=0)
        if new is None and not deployment["spec"].get("paused"):
            latest += 1
            new = self._create(rollout.replica_set(deployment, latest, size.new))
        elif new is not None:
            self._resize(new, size.new)
            if rollout.revision_of(new) < latest:
                latest += 1
                self._annotate(new, latest)
        self._write_status(deployment, new, old, latest)
        self._forget(deployment, old)
        if rollout.revision_of(deployment) != latest and latest:
            self._annotate(deployment, latest)
        conditions = (deployment.get("status") or {}).get("conditions") or ()
        done = any(each.get("reason") == "NewReplicaSetAvailable" for each in conditions)
        return None if done else 5.0

    def _create(self, wanted: Object) -> Object | None:
        try:
            return self._kubernetes.create(wanted)
        except AlreadyExists:
            metadata = wanted["metadata"]
            return self._kubernetes.find(REPLICA_SET, metadata["name"], metadata["namespace"])

    def _resize(self, replica_set: Object, size: int) -> None:
        if replica_set["spec"].get("replicas", 1) == size:
            return
        metadata = replica_set["metadata"]
        body = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "spec": {"replicas": size}}
        self._kubernetes.patch(REPLICA_SET, metadata["name"], metadata["namespace"], body)

    def _annotate(self, obj: Object, revision: int) -> None:
        kind = DEPLOYMENT if obj["kind"] == "Deployment" else REPLICA_SET
        body = {"metadata": {"annotations": {rollout.DEPLOYMENT_REVISION: str(revision)}}}
        self._kubernetes.patch(kind, obj["metadata"]["name"], obj["metadata"]["namespace"], body)

    def _write_status(self, deployment: Object, new: Object | None, old: list[Object], revision: int) -> None:
        now = self._clock.now()
        late = pods.deadline_passed(deployment, now)
        before = deployment.get("status") or {}
        after = rollout.status(deployment, new, old, now, deadline_passed=late)
        if patch := merge_patch(before, after):
            metadata = deployment["metadata"]
            self._kubernetes.patch(
                DEPLOYMENT, metadata["name"], metadata["namespace"], {"status": patch}, subresource="status"
            )

    def _forget(self, deployment: Object, old: list[Object]) -> None:
        """Delete the oldest replica sets without pods beyond the history limit."""
        limit = deployment["spec"].get("revisionHistoryLimit", HISTORY)
        idle = [
            each
            for each in old
            if not each["spec"].get("replicas", 1) and not (each.get("status") or {}).get("replicas")
        ]
        idle.sort(key=rollout.revision_of)
        for each in idle[: max(0, len(idle) - limit)]:
            self._gone(each, REPLICA_SET.kind)

    # Replica sets

    def _replicate(self, key: Key) -> float | None:
        replica_set = self._sets.get(*key)
        if replica_set is None:
            self._expected.pop(key, None)
            return None
        seen = [each for each in self._pods.items(key[0]) if _owned(each, replica_set)]
        active = [each for each in seen if pods.is_active(each)]
        if self._unseen(key, seen):
            return 0.05
        if not replica_set["metadata"].get("deletionTimestamp"):
            wanted = replica_set["spec"].get("replicas", 1)
            for _ in range(wanted - len(active)):
                made = self._kubernetes.create(pods.new_pod(replica_set))
                self._expected.setdefault(key, set()).add(f"+{made['metadata']['uid']}")
            for pod in pods.surplus(active, len(active) - wanted) if len(active) > wanted else ():
                self._gone(pod, "Pod")
                self._expected.setdefault(key, set()).add(f"-{pod['metadata']['uid']}")
        before, after = replica_set.get("status") or {}, pods.replica_set_status(replica_set, active)
        if patch := merge_patch(before, after):
            self._kubernetes.patch(REPLICA_SET, key[1], key[0], {"status": patch}, subresource="status")
        return None

    def _unseen(self, key: Key, seen: list[Object]) -> bool:
        """Return whether pods that were just made or deleted have not come back through the watch yet."""
        there = {each["metadata"]["uid"] for each in seen}
        ending = {each["metadata"]["uid"] for each in seen if each["metadata"].get("deletionTimestamp")}
        waiting = {
            each
            for each in self._expected.get(key, ())
            if (each[0] == "+" and each[1:] not in there and self._exists(key[0], each[1:]))
            or (each[0] == "-" and each[1:] in there - ending)
        }
        self._expected[key] = waiting
        return bool(waiting)

    def _exists(self, namespace: str, uid: str) -> bool:
        return any(each["metadata"]["uid"] == uid for each in self._kubernetes.list(POD, namespace))

    def _gone(self, obj: Object, kind: str) -> None:
        metadata = obj["metadata"]
        of = POD if kind == "Pod" else REPLICA_SET
        try:
            self._kubernetes.delete(of, metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except (NotFound, Conflict):
            pass


def _owned(obj: Object, owner: Object) -> bool:
    return any(
        each["uid"] == owner["metadata"]["uid"] and each.get("controller")
        for each in obj["metadata"].get("ownerReferences") or ()
    )
