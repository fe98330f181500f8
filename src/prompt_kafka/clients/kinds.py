"""The kinds of object that the runbook and the lab name, as values.

An object is a plain dictionary everywhere in this project; what is needed besides is where its kind lives
in the API. A kind that is not listed here is made with :class:`Kind` where it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a kind lives in a Kubernetes API.

    Attributes
    ----------
    group
        API group, empty for the core group.
    version
        API version, such as ``v1``.
    kind, plural
        The name in manifests and the name in URLs.
    namespaced
        False for kinds of the whole cluster.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The ``apiVersion`` of a manifest of this kind."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """The URL path under which this kind's group and version are served."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the URL path of a collection, or of one object when `name` is given."""
        parts = [self.root]
        if self.namespaced and namespace is not None:
            parts.append(f"namespaces/{namespace}")
        parts.append(self.plural)
        if name is not None:
            parts.append(name)
        return "/".join(parts)


NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
NODE = Kind("", "v1", "Node", "nodes", namespaced=False)
POD = Kind("", "v1", "Pod", "pods")
SECRET = Kind("", "v1", "Secret", "secrets")
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
SERVICE = Kind("", "v1", "Service", "services")
ENDPOINTS = Kind("", "v1", "Endpoints", "endpoints")
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts")
PVC = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
PV = Kind("", "v1", "PersistentVolume", "persistentvolumes", namespaced=False)
EVENT = Kind("events.k8s.io", "v1", "Event", "events")
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments")
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets")
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
POD_DISRUPTION_BUDGET = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
NETWORK_POLICY = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
INGRESS = Kind("networking.k8s.io", "v1", "Ingress", "ingresses")
ROLE = Kind("rbac.authorization.k8s.io", "v1", "Role", "roles")
ROLE_BINDING = Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings")
STORAGE_CLASS = Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
CRD = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)

KAFKA = Kind("kafka.strimzi.io", "v1", "Kafka", "kafkas")
NODE_POOL = Kind("kafka.strimzi.io", "v1", "KafkaNodePool", "kafkanodepools")
TOPIC = Kind("kafka.strimzi.io", "v1", "KafkaTopic", "kafkatopics")
USER = Kind("kafka.strimzi.io", "v1", "KafkaUser", "kafkausers")
POD_SET = Kind("core.strimzi.io", "v1", "StrimziPodSet", "strimzipodsets")
APPLICATION = Kind("argoproj.io", "v1alpha1", "Application", "applications")
APP_PROJECT = Kind("argoproj.io", "v1alpha1", "AppProject", "appprojects")
VAULT_SECRET = Kind("ricoberger.de", "v1alpha1", "VaultSecret", "vaultsecrets")
VOLUME_SNAPSHOT = Kind("snapshot.storage.k8s.io", "v1", "VolumeSnapshot", "volumesnapshots")

KNOWN: dict[tuple[str, str], Kind] = {
    (kind.api_version, kind.kind): kind for kind in list(globals().values()) if isinstance(kind, Kind)
}


def kind_of(manifest: dict[str, object]) -> Kind:
    """Return the kind of a manifest.

    A Strimzi kind under another served version keeps its plural; an unknown kind gets the ordinary plural
    (lower case and ``s``), which is right for every kind in the service's charts.
    """
    api_version, name = str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))
    known = KNOWN.get((api_version, name))
    if known is not None:
        return known
    group, _, version = api_version.rpartition("/")
    for kind in KNOWN.values():
        if kind.group == group and kind.kind == name:
            return Kind(group, version, name, kind.plural, kind.namespaced)
    lower = name.lower()
    plural = lower[:-1] + "ies" if lower.endswith("y") else lower + ("es" if lower.endswith("s") else "s")
    return Kind(group, version, name, plural)
