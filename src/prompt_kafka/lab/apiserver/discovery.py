"""What clients ask first: which versions, groups and kinds there are."""

from __future__ import annotations

import platform
from typing import Any

from prompt_kafka.core.labs import LAB_MARK
from prompt_kafka.lab.apiserver.errors import no_such_resource
from prompt_kafka.lab.apiserver.registry import Registry

Object = dict[str, Any]
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
GIT_VERSION = f"v1.34.4{LAB_MARK}"


def version() -> Object:
    """Answer ``/version``."""
    return {
        "major": "1",
        "minor": "34",
        "gitVersion": GIT_VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": f"linux/{_MACHINES.get(platform.machine(), platform.machine())}",
    }


def core_versions(address: str) -> Object:
    """Answer ``/api``."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def _group(name: str, versions: list[str]) -> Object:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def groups(registry: Registry) -> Object:
    """Answer ``/apis``."""
    found = [_group(name, versions) for name, versions in registry.groups().items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def group(registry: Registry, name: str) -> Object:
    """Answer ``/apis/<group>``."""
    versions = registry.groups().get(name)
    if versions is None:
        raise no_such_resource()
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def resources(registry: Registry, group: str, version: str) -> Object:
    """Answer ``/api/v1`` and ``/apis/<group>/<version>``."""
    found = registry.of(group, version)
    if not found:
        raise no_such_resource()
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": [entry for resource in found for entry in resource.discovery()],
    }
