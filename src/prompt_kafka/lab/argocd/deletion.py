"""Deleting an Application takes its objects along, when it has the finalizer for it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from prompt_kafka.clients.kinds import APPLICATION
from prompt_kafka.clients.kubernetes import Conflict, Kubernetes, NotFound, Object, Propagation
from prompt_kafka.lab.argocd.apply import Applier, Refused
from prompt_kafka.lab.argocd.comparison import KEEP, NEVER_MANAGED, SYNC_OPTIONS, has_option
from prompt_kafka.lab.argocd.live import LiveState
from prompt_kafka.lab.argocd.order import annotations_of
from prompt_kafka.lab.argocd.sync import DELETION_APPROVED
from prompt_kafka.lab.argocd.targets import identity

log = logging.getLogger(__name__)

FINALIZER = "resources-finalizer.argocd.argoproj.io"
FINALIZERS: dict[str, Propagation] = {
    FINALIZER: "Foreground",
    f"{FINALIZER}/foreground": "Foreground",
    f"{FINALIZER}/background": "Background",
}


def goes_along(obj: Object) -> bool:
    """Return whether an object is deleted with its application; definitions never are."""
    return (
        obj["kind"] != "CustomResourceDefinition"
        and identity(obj)[:2] not in NEVER_MANAGED
        and not has_option(obj, SYNC_OPTIONS, "Delete=false")
        and not has_option(obj, KEEP, "keep")
    )


def held(objects: Sequence[Object], application: Object) -> list[Object]:
    """Return the objects that a person must first agree to delete."""
    if annotations_of(application).get(DELETION_APPROVED):
        return []
    return [each for each in objects if has_option(each, SYNC_OPTIONS, "Delete=confirm")]


class Cascade:
    """Deletes what belongs to an application that is being deleted.

    Parameters
    ----------
    kubernetes, live
        The cluster.
    """

    def __init__(self, kubernetes: Kubernetes, live: LiveState) -> None:
        self._kubernetes = kubernetes
        self._live = live
        self._applier = Applier(kubernetes, live)

    def proceed(self, application: Object) -> float | None:
        """Go on with a deletion; return seconds until the next look while objects are left."""
        metadata = application["metadata"]
        ours = [each for each in metadata.get("finalizers") or () if each in FINALIZERS]
        if not ours:
            return None
        left = [
            each
            for each in self._live.owned(metadata["name"])
            if goes_along(each) and identity(each) != identity(application)
        ]
        waiting = {identity(each) for each in held(left, application)}
        for obj in left:
            if identity(obj) in waiting or obj["metadata"].get("deletionTimestamp"):
                continue
            try:
                self._applier.delete(obj, propagation=FINALIZERS[ours[0]])
            except Refused as error:
                log.warning("%s: %s", metadata["name"], error)
        if left:
            return 0.5
        rest = [each for each in metadata["finalizers"] if each not in FINALIZERS]
        body = {"metadata": {"finalizers": rest or None, "resourceVersion": metadata["resourceVersion"]}}
        try:
            self._kubernetes.patch(APPLICATION, metadata["name"], metadata["namespace"], body)
        except (NotFound, Conflict):
            return 0.05
        log.info("%s: deleted with its objects", metadata["name"])
        return None
