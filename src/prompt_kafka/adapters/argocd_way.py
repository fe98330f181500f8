"""Which way leads to Argo CD: its API, when there is a token for it, or the Application resources.

A token is of one server, and a shell's variables outlive the environment that they were set for: before
anything is changed through the API, the Application there must be the one in the cluster, as far as both can
be seen.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol

from prompt_kafka.adapters import argocd, argocd_rest
from prompt_kafka.adapters.argocd_rest import ArgoServer
from prompt_kafka.clients.kinds import APPLICATION
from prompt_kafka.clients.kubernetes import Forbidden, Kubernetes, NotFound
from prompt_kafka.core.changes import Refresh, Sync
from prompt_kafka.core.delivery import Application
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.service import Environment


class ArgoCd(Protocol):
    """What the runbook asks of Argo CD."""

    @property
    def way(self) -> str:
        """Name of the way, for people."""

    def applications(self) -> tuple[Application, ...]:
        """Return the Applications."""

    def refresh(self, action: Refresh) -> None:
        """Ask for a comparison."""

    def sync(self, action: Sync, revision: str, who: str) -> None:
        """Ask for a sync, unless this run's is under way already."""

    def close(self) -> None:
        """Close connections of its own."""


class ByResources:
    """Through the Application resources in the cluster."""

    way = "Application resources"

    def __init__(self, kubernetes: Kubernetes, namespace: str) -> None:
        self._kubernetes, self._namespace = kubernetes, namespace

    def applications(self) -> tuple[Application, ...]:
        """Return the Applications."""
        found = self._kubernetes.list(APPLICATION, self._namespace)
        return tuple(argocd.application(obj) for obj in found)

    def refresh(self, action: Refresh) -> None:
        """Ask for a comparison."""
        argocd.refresh(self._kubernetes, action)

    def sync(self, action: Sync, revision: str, who: str) -> None:
        """Set the operation."""
        argocd.sync(self._kubernetes, action, revision, who)

    def close(self) -> None:
        """Do nothing: the connection is another's."""


class ByRest:
    """Through Argo CD's API."""

    def __init__(self, server: ArgoServer, kubernetes: Kubernetes, namespace: str) -> None:
        self.server, self._kubernetes, self._namespace = server, kubernetes, namespace
        self._verified: set[str] = set()

    @property
    def way(self) -> str:
        """Name of the way, for people."""
        return f"REST API at {self.server.address}"

    def applications(self) -> tuple[Application, ...]:
        """Return the Applications that the token may see."""
        return argocd_rest.applications(self.server, self._namespace)

    def refresh(self, action: Refresh) -> None:
        """Have it compare."""
        self._verify(action.application, action.namespace)
        argocd_rest.refresh(self.server, action)

    def sync(self, action: Sync, revision: str, who: str) -> None:
        """Ask for a sync."""
        self._verify(action.application, action.namespace)
        argocd_rest.sync(self.server, action, revision, who)

    def close(self) -> None:
        """Close the connections."""
        self.server.close()

    def _verify(self, name: str, namespace: str) -> None:
        if name in self._verified:
            return
        try:
            here = self._kubernetes.get(APPLICATION, name, namespace)["metadata"]["uid"]
        except (Forbidden, NotFound):
            here = ""  # often granted in Argo CD only: then the token must be believed
        there = (self.server.get(name, namespace).get("metadata") or {}).get("uid", "")
        if here and here != there:
            raise RefusedError(
                "another-argocd",
                f"the application {name} of {self.server.address} is not the one of this cluster",
                where=f"context {self._kubernetes.context}",
                next=f"set {argocd_rest.SERVER} and {argocd_rest.TOKEN} for this environment, or unset them",
            )
        self._verified.add(name)


def argocd_of(
    kubernetes: Kubernetes, environment: Environment, variables: Mapping[str, str] | None = None
) -> ArgoCd:
    """Return the way to Argo CD of an environment."""
    known = os.environ if variables is None else variables
    server = ArgoServer.from_environment(known, environment.argocd_server)
    if server is not None:
        return ByRest(server, kubernetes, environment.argocd_namespace)
    return ByResources(kubernetes, environment.argocd_namespace)
