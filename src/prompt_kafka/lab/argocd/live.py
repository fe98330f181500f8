"""The cluster as Argo CD sees it: live objects of targets, objects with a tracking label."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_kafka.clients.kubernetes import Kind, Kubernetes, Object
from prompt_kafka.lab.argocd import order
from prompt_kafka.lab.argocd.targets import INSTANCE, Identity, Manifest, Targets, identity
from prompt_kafka.lab.cache import ClusterCache


def instance(obj: Object) -> str:
    """Return the application that an object's tracking label names; empty for none."""
    return str((obj["metadata"].get("labels") or {}).get(INSTANCE) or "")


class LiveState:
    """Reads the cache, and the API where the cache has another version of the kind.

    Parameters
    ----------
    kubernetes, cache
        The API and its local copy.
    """

    def __init__(self, kubernetes: Kubernetes, cache: ClusterCache) -> None:
        self._kubernetes = kubernetes
        self._cache = cache

    def kind(self, manifest: Manifest) -> Kind | None:
        """Return the kind of a manifest when its version is served."""
        return self._cache.served.of(manifest)

    def get(self, manifest: Manifest) -> Object | None:
        """Return the live object of a manifest, in the manifest's version."""
        kind = self.kind(manifest)
        if kind is None:
            return None
        group, name, namespace, of = identity(manifest)
        informer = self._cache.informer(group, name)
        if informer is not None:
            informer.wait_synced(2.0)  # a kind that has just come
        seen = informer.get(namespace, of) if informer else None
        if informer is not None and (seen is None or informer.kind.version == kind.version):
            return seen
        return self._kubernetes.find(kind, of, namespace or None)

    def of(self, targets: Targets) -> dict[Identity, Object]:
        """Return the live objects of the targets and of their hooks."""
        wanted: Iterable[Manifest] = [*targets.objects.values(), *(h for h in targets.hooks if _named(h))]
        found = {identity(each): self.get(each) for each in wanted}
        return {which: obj for which, obj in found.items() if obj is not None}

    def owned(self, application: str) -> list[Object]:
        """Return the top-level objects that carry an application's tracking label."""
        return [
            obj
            for obj in self._cache.everything()
            if instance(obj) == application and not obj["metadata"].get("ownerReferences")
        ]

    def images(self, application: str, objects: Iterable[Object]) -> list[str]:
        """Return the images of an application: of its objects' pod templates and of its labelled pods."""
        pods = [each["spec"] for each in self._cache.items("", "Pod") if instance(each) == application]
        templates = [each["spec"].get("template") for each in objects if isinstance(each.get("spec"), dict)]
        pods += [each.get("spec") for each in templates if isinstance(each, dict)]
        found = {
            str(container["image"])
            for spec in pods
            if isinstance(spec, dict)
            for container in spec.get("containers") or ()
            if container.get("image")
        }
        return sorted(found)


def _named(hook: Manifest) -> bool:
    return bool(hook["metadata"].get("name")) and bool(order.hooks(hook))
