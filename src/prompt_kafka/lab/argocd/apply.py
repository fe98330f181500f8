"""Applying and pruning one object, as ``kubectl apply`` does it from the client's side."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection

from prompt_kafka.clients.kubernetes import (
    AlreadyExists,
    Conflict,
    Kubernetes,
    KubernetesError,
    NotFound,
    Object,
    Propagation,
)
from prompt_kafka.lab.argocd.comparison import LAST_APPLIED, outcome
from prompt_kafka.lab.argocd.live import LiveState
from prompt_kafka.lab.argocd.merge import merge_patch
from prompt_kafka.lab.argocd.targets import Manifest, describe, identity

ANNOTATIONS_LIMIT = 262_144
_TRIES = 5


class Refused(Exception):
    """The object was not accepted; the text is the result's message."""


def annotated(wanted: Manifest) -> Manifest:
    """Return a manifest with the annotation in which the next apply finds this one."""
    text = json.dumps(wanted, separators=(",", ":"), sort_keys=True) + "\n"
    result = copy.deepcopy(wanted)
    annotations = result["metadata"].get("annotations") or {}
    result["metadata"]["annotations"] = {**annotations, LAST_APPLIED: text}
    return result


def title(obj: Manifest) -> str:
    """Return how kubectl names an object, ``kafka.kafka.strimzi.io/prompt-kafka``."""
    group, kind, _, name = identity(obj)
    return f"{kind.lower()}.{group}/{name}" if group else f"{kind.lower()}/{name}"


class Applier:
    """Writes objects of a sync.

    Parameters
    ----------
    kubernetes, live
        Where to write and what is there.
    """

    def __init__(self, kubernetes: Kubernetes, live: LiveState) -> None:
        self._kubernetes = kubernetes
        self._live = live

    def check(self, wanted: Manifest, coming: Collection[tuple[str, str]]) -> None:
        """Check what Argo CD checks before it applies anything: that the kind exists.

        Parameters
        ----------
        wanted
            The object.
        coming
            Kinds that the same sync defines.

        Raises
        ------
        Refused
            The cluster does not know the kind.
        """
        group, kind, namespace, name = identity(wanted)
        if self._live.kind(wanted) is not None or (group, kind) in coming:
            return
        raise Refused(
            f"The Kubernetes API could not find {group}/{kind} for requested resource {namespace}/{name}. "
            f'Make sure the "{kind}" CRD is installed on the destination cluster.'
        )

    def apply(
        self, wanted: Manifest, *, replace: bool = False, dry_run: bool = False
    ) -> tuple[str, Object | None]:
        """Create an object or merge it into the live one.

        Parameters
        ----------
        wanted
            The manifest.
        replace
            Put it in the place of the live one instead (``Replace=true``).
        dry_run
            Only say what would be done: nothing is asked of the server, as in Argo CD's dry run.

        Returns
        -------
        tuple
            The message and the object as the server returned it (None for a dry run).

        Raises
        ------
        Refused
            The server does not accept it.
        """
        live = self._live.get(wanted)
        if dry_run:
            return f"{title(wanted)} {'created' if live is None else 'configured'} (dry run)", None
        try:
            for _ in range(_TRIES):
                try:
                    return self._once(wanted, live, replace)
                except (AlreadyExists, Conflict, NotFound):
                    live = self._fresh(wanted)
            return self._once(wanted, live, replace)
        except KubernetesError as error:
            raise Refused(error.what.removeprefix("Kubernetes API: ")) from error

    def _once(self, wanted: Manifest, live: Object | None, replace: bool) -> tuple[str, Object]:
        desired = annotated(wanted)
        size = sum(len(key) + len(each) for key, each in desired["metadata"]["annotations"].items())
        if size > ANNOTATIONS_LIMIT:
            raise Refused(
                f'{wanted["kind"]} "{wanted["metadata"]["name"]}" is invalid: metadata.annotations: '
                f"Too long: may not be more than {ANNOTATIONS_LIMIT} bytes"
            )
        if live is None:
            return f"{title(wanted)} created", self._kubernetes.create(desired)
        if replace:
            version = {"resourceVersion": live["metadata"]["resourceVersion"]}
            put = {**desired, "metadata": {**desired["metadata"], **version}}
            return f"{title(wanted)} replaced", self._kubernetes.replace(put)
        after = outcome(wanted, live)
        annotations = after["metadata"].get("annotations") or {}
        text = desired["metadata"]["annotations"][LAST_APPLIED]
        after["metadata"] = {**after["metadata"], "annotations": {**annotations, LAST_APPLIED: text}}
        patch = merge_patch(live, after)
        if not patch:
            return f"{title(wanted)} unchanged", live
        kind = self._live.kind(wanted)
        if kind is None:
            raise Refused(f"no matches for kind {wanted['kind']} in version {wanted['apiVersion']}")
        metadata = wanted["metadata"]
        written = self._kubernetes.patch(kind, metadata["name"], metadata.get("namespace"), patch)
        return f"{title(wanted)} configured", written

    def _fresh(self, wanted: Manifest) -> Object | None:
        kind = self._live.kind(wanted)
        if kind is None:
            raise Refused(f"no matches for kind {wanted['kind']} in version {wanted['apiVersion']}")
        metadata = wanted["metadata"]
        return self._kubernetes.find(kind, metadata["name"], metadata.get("namespace"))

    def delete(self, live: Object, *, propagation: Propagation = "Foreground", dry_run: bool = False) -> str:
        """Delete a live object; it may already be gone.

        Raises
        ------
        Refused
            The server does not allow it.
        """
        if dry_run:
            return "pruned (dry run)"
        kind = self._live.kind(live)
        if kind is None:
            raise Refused(f"no such kind any more: {describe(identity(live))}")
        metadata = live["metadata"]
        try:
            self._kubernetes.delete(
                kind,
                metadata["name"],
                metadata.get("namespace"),
                propagation=propagation,
                uid=metadata["uid"],
            )
        except (NotFound, Conflict):
            pass
        except KubernetesError as error:
            raise Refused(error.what.removeprefix("Kubernetes API: ")) from error
        return "pruned"
