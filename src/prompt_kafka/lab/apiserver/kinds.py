"""The closed list of built-in kinds."""

from __future__ import annotations

from typing import Any

from prompt_kafka.lab.apiserver.resources import Resource, Scale


def _core(kind: str, plural: str, **more: Any) -> Resource:
    return Resource("", "v1", kind, plural, **more)


_RBAC = "rbac.authorization.k8s.io"

BUILT_IN: tuple[Resource, ...] = (
    _core(
        "Namespace",
        "namespaces",
        namespaced=False,
        short_names=("ns",),
        status=True,
        subresources=("finalize",),
    ),
    _core(
        "Pod",
        "pods",
        short_names=("po",),
        categories=("all",),
        status=True,
        generation=True,
        returned=True,
        subresources=("binding", "eviction", "exec", "log", "portforward"),
    ),
    _core("Node", "nodes", namespaced=False, short_names=("no",), status=True),
    _core("Secret", "secrets"),
    _core("ConfigMap", "configmaps", short_names=("cm",)),
    _core("Service", "services", short_names=("svc",), categories=("all",), status=True, returned=True),
    _core("Endpoints", "endpoints", short_names=("ep",), create_on_update=True),
    _core(
        "PersistentVolume",
        "persistentvolumes",
        namespaced=False,
        short_names=("pv",),
        status=True,
        returned=True,
    ),
    _core(
        "PersistentVolumeClaim", "persistentvolumeclaims", short_names=("pvc",), status=True, returned=True
    ),
    _core("ServiceAccount", "serviceaccounts", short_names=("sa",), returned=True),
    _core("Event", "events", short_names=("ev",), create_on_update=True),
    Resource(
        "events.k8s.io",
        "v1",
        "Event",
        "events",
        short_names=("ev",),
        create_on_update=True,
        stored=("", "events"),
    ),
    Resource(
        "apps",
        "v1",
        "Deployment",
        "deployments",
        short_names=("deploy",),
        categories=("all",),
        status=True,
        scale=Scale(),
        generation=True,
    ),
    Resource(
        "apps",
        "v1",
        "ReplicaSet",
        "replicasets",
        short_names=("rs",),
        categories=("all",),
        status=True,
        scale=Scale(),
        generation=True,
    ),
    Resource("coordination.k8s.io", "v1", "Lease", "leases", must_match=True, create_on_update=True),
    Resource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", generation=True),
    Resource(_RBAC, "v1", "Role", "roles", create_on_update=True),
    Resource(_RBAC, "v1", "RoleBinding", "rolebindings", create_on_update=True),
    Resource(_RBAC, "v1", "ClusterRole", "clusterroles", namespaced=False, create_on_update=True),
    Resource(
        _RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False, create_on_update=True
    ),
    Resource(
        "policy",
        "v1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        short_names=("pdb",),
        status=True,
        generation=True,
        must_match=True,
    ),
    Resource(
        "networking.k8s.io",
        "v1",
        "NetworkPolicy",
        "networkpolicies",
        short_names=("netpol",),
        generation=True,
    ),
    Resource(
        "networking.k8s.io", "v1", "Ingress", "ingresses", short_names=("ing",), status=True, generation=True
    ),
    Resource(
        "storage.k8s.io",
        "v1",
        "StorageClass",
        "storageclasses",
        namespaced=False,
        short_names=("sc",),
        returned=True,
    ),
    Resource(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        namespaced=False,
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        status=True,
        generation=True,
        must_match=True,
        returned=True,
    ),
    Resource(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectAccessReview",
        "selfsubjectaccessreviews",
        namespaced=False,
        not_stored=True,
    ),
    Resource(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectRulesReview",
        "selfsubjectrulesreviews",
        namespaced=False,
        not_stored=True,
    ),
    Resource(
        "authentication.k8s.io",
        "v1",
        "SelfSubjectReview",
        "selfsubjectreviews",
        namespaced=False,
        not_stored=True,
    ),
)
