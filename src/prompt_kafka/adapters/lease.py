"""One acting run per cluster: a Lease that names the run and its owner, held only while acting."""

from __future__ import annotations

import os
import socket
import threading
from datetime import datetime
from typing import Any, Self

from prompt_kafka.clients.kinds import LEASE
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError, RefusedError

DURATION_S = 30
"""After so long without a renewal its holder is taken for dead."""


class RunLease:
    """Holds a cluster's Lease as a context.

    Parameters
    ----------
    kubernetes, namespace, cluster
        Whose Lease it is.
    run, owner
        Who takes it.
    take_over
        Take it even from a holder that still renews it.

    Raises
    ------
    RefusedError
        Another run holds it (``another-run``).
    """

    def __init__(
        self,
        kubernetes: Kubernetes,
        namespace: str,
        cluster: str,
        *,
        run: str,
        owner: str,
        take_over: bool = False,
        clock: Clock = SYSTEM,
    ) -> None:
        self._kubernetes = kubernetes
        self._namespace = namespace
        self._name = f"prompt-kafka-{cluster}"
        self._holder = f"{run} {owner} {os.getpid()}"
        self._run = run
        self._take_over = take_over
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)
        self.lost = threading.Event()

    def __enter__(self) -> Self:
        self._take()
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._thread.join(2)
        if not self.lost.is_set():
            try:
                self._patch({"holderIdentity": ""})
            except PromptKafkaError:
                return

    def _take(self) -> None:
        found = self._kubernetes.find(LEASE, self._name, self._namespace)
        if found is None:
            metadata = {"name": self._name, "namespace": self._namespace}
            lease = {
                "apiVersion": LEASE.api_version,
                "kind": "Lease",
                "metadata": metadata,
                "spec": self._spec(),
            }
            try:
                self._kubernetes.create(lease)
            except AlreadyExists:
                self._take()
            return
        holder = str((found.get("spec") or {}).get("holderIdentity") or "")
        if holder and holder != self._holder and not self._take_over:
            run, owner, pid = (*holder.split(" "), "", "")[:3]
            if not (self._expired(found) or _gone(owner, pid)):
                raise RefusedError(
                    "another-run",
                    f"run {run} of {owner} is acting on this cluster",
                    where=f"Lease {self._namespace}/{self._name}",
                    next=f"watch it: prompt-kafka run show {run}; if its process is gone: "
                    f"prompt-kafka run resume {run} --take-over REASON; "
                    f"without a sign of life it is free {self._left_s(found):.0f} s from now",
                )
        try:
            self._patch(self._spec(), version=found["metadata"]["resourceVersion"])
        except Conflict:
            self._take()

    def _expired(self, lease: Object) -> bool:
        return self._left_s(lease) < 0

    def _left_s(self, lease: Object) -> float:
        """Return in how many seconds the Lease is free when its holder gives no sign of life."""
        renewed = lease["spec"].get("renewTime")
        if not renewed:
            return -1.0
        return DURATION_S - (self._clock.now() - datetime.fromisoformat(renewed)).total_seconds()

    def _spec(self) -> dict[str, Any]:
        now = self._clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": DURATION_S,
            "acquireTime": now,
            "renewTime": now,
        }

    def _patch(self, spec: dict[str, Any], *, version: str | None = None) -> None:
        body: dict[str, Any] = {"spec": spec}
        if version is not None:
            body["metadata"] = {"resourceVersion": version}
        self._kubernetes.patch(LEASE, self._name, self._namespace, body)

    def _renew(self) -> None:
        while not self._clock.sleep(DURATION_S / 3, self._stopping):
            try:
                found = self._kubernetes.get(LEASE, self._name, self._namespace)
                if found["spec"].get("holderIdentity") != self._holder:
                    self.lost.set()
                    return
                self._patch(
                    {"renewTime": self._spec()["renewTime"]}, version=found["metadata"]["resourceVersion"]
                )
            except NotFound:
                self.lost.set()
                return
            except PromptKafkaError:
                continue


def _gone(owner: str, pid: str) -> bool:
    """Return whether a holder's process was on this machine and is there no more."""
    if owner.rpartition("@")[2] != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
