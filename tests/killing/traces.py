"""Everything that a service holds, to see that a look or a plan left no trace in it.

The lab never stands still: its controllers renew Leases, Argo CD and the operators write their statuses, a
kubelet its node. So of each object there is its resource version, which tells of any write, and its content
without what these writers write; which objects move by themselves is found out by doing nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.adapters import config
from prompt_kafka.adapters.access import Access
from prompt_kafka.clients.kinds import KAFKA, Kind
from tests.killing.scene import Scene


@dataclass
class Traces:
    """What was there.

    Attributes
    ----------
    versions
        The resource version of each object.
    contents
        Each object's content.
    brokers, git
        A hash of topics, settings, end offsets, groups and ACLs on the brokers, and of the Git branches.
    """

    versions: dict[str, str] = field(default_factory=dict)
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)
    brokers: dict[str, str] = field(default_factory=dict)
    git: str = ""

    def changed(self, later: Traces) -> dict[str, Any]:
        """Return which fields of which objects differ between this and a later look, before and after."""
        found = {}
        for name in self.contents.keys() | later.contents.keys():
            before, after = self.contents.get(name) or {}, later.contents.get(name) or {}
            fields = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
            if fields:
                found[name] = {key: (before.get(key), after.get(key)) for key in sorted(fields)}
        return found

    def moved(self, later: Traces) -> set[str]:
        """Return which objects were written between this and a later look."""
        names = self.versions.keys() | later.versions.keys()
        return {name for name in names if self.versions.get(name) != later.versions.get(name)}


def of(scene: Scene) -> Traces:
    """Look at everything."""
    found = Traces(git=scene.git("for-each-ref"))
    for kind in _kinds(scene):
        for obj in scene.kubernetes.list(kind):
            metadata = obj["metadata"]
            name = f"{kind.plural}.{kind.group} {metadata.get('namespace', '')}/{metadata['name']}"
            found.versions[name] = metadata["resourceVersion"]
            found.contents[name] = _content(obj)
    found.brokers = _brokers(scene)
    return found


def _kinds(scene: Scene) -> list[Kind]:
    """Return every kind that can be listed, by discovery."""
    versions = [("", "v1")]
    for group in scene.kubernetes.read("/apis")["groups"]:
        versions.append((group["name"], group["preferredVersion"]["version"]))
    kinds = []
    for group, version in versions:
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        for each in scene.kubernetes.read(root)["resources"]:
            if "/" not in each["name"] and "list" in each["verbs"] and each["kind"] != "Event":
                kinds.append(Kind(group, version, each["kind"], each["name"], each["namespaced"]))
    return kinds


def _content(obj: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what tells of any write, compared for itself, and what Argo CD sets itself."""
    moving = ("resourceVersion", "managedFields", "generation")
    metadata = {k: v for k, v in obj["metadata"].items() if k not in moving}
    content = {k: v for k, v in obj.items() if k != "status"} | {"metadata": metadata}
    if ((content.get("operation") or {}).get("initiatedBy") or {}).get("automated"):
        del content["operation"]
    if obj.get("kind") == "Lease":
        content["spec"] = {k: v for k, v in obj["spec"].items() if not k.endswith("Time")}
    return content if obj.get("kind") != "Secret" else {**content, "data": _hash(content.get("data"))}


def _brokers(scene: Scene) -> dict[str, str]:
    environment = config.read(scene.user.labs / "lab/service.yaml")["lab"]
    access = Access(scene.kubernetes, environment, read_only=False)
    connection, _ = access.connect(scene.kubernetes.list(KAFKA, "prompt-kafka")[0], environment.kafka.user)
    with connection:
        topics = connection.topics()
        ends = {
            topic.name: [(each.partition, each.end) for each in connection.offsets(topic.name)]
            for topic in topics
            if not topic.name.startswith("__")
        }
        settings = {t.name: (t.topic_id, sorted(t.settings.items()), len(t.partitions)) for t in topics}
        acls = sorted(str(each) for each in connection.admin.describe_acls(_every_acl())[0])
        groups = sorted(str(each) for each in connection.groups())
    access.close()
    return {
        "settings": _hash(settings),
        "ends": _hash(ends),
        "acls": _hash(acls),
        "groups": _hash(groups),
    }


def _every_acl() -> Any:
    from kafka.admin import (
        ACLFilter,
        ACLOperation,
        ACLPermissionType,
        ACLResourcePatternType,
        ResourcePatternFilter,
        ResourceType,
    )

    every = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    return ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, every)


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
