"""What a new cluster has before anybody made anything: its namespaces."""

from __future__ import annotations

from prompt_kafka.lab.apiserver.objects import NAMESPACES, Call, Objects

SPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def plant(objects: Objects) -> None:
    """Make the first objects, as far as they are not there."""
    resource = objects.registry.find("", "v1", "namespaces")
    assert resource is not None
    for name in SPACES:
        if objects.store.find(NAMESPACES, "", name) is None:
            body = {"metadata": {"name": name}}
            objects.create(Call(resource, manager="kube-apiserver"), body)
