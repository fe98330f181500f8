"""The Lease that says the controllers live.

The lab's operators are parts of the controllers process, not processes in their pods. The kubelet shows an
operator's pod as running only as long as this Lease is fresh, so an operator that is down looks down.
"""

from __future__ import annotations

import logging
import os
import threading

from prompt_kafka.clients.kinds import LEASE
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, Kubernetes, NotFound
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError

log = logging.getLogger(__name__)

LEASE_NAMESPACE, LEASE_NAME = "kube-system", "lab-controllers"
LEASE_SECONDS = 3
_RENEW = 0.75


def identity(pid: int) -> str:
    """Return how the controllers' process signs the Lease."""
    return f"controllers-{pid}"


def holder(kubernetes: Kubernetes) -> str:
    """Return who signed the Lease last; empty where nobody has, or gave it up."""
    lease = kubernetes.find(LEASE, LEASE_NAME, LEASE_NAMESPACE)
    return str(((lease or {}).get("spec") or {}).get("holderIdentity") or "")


class Heart:
    """Renews the Lease that says the controllers live.

    Parameters
    ----------
    kubernetes
        The API.
    """

    def __init__(self, kubernetes: Kubernetes, *, clock: Clock = SYSTEM) -> None:
        self._kubernetes = kubernetes
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Give the Lease up."""
        self._stopping.set()
        self._thread.join(2.0)
        try:
            self._kubernetes.patch(
                LEASE,
                LEASE_NAME,
                LEASE_NAMESPACE,
                {"spec": {"holderIdentity": "", "leaseDurationSeconds": 1}},
            )
        except PromptKafkaError:
            pass

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._renew()
            except PromptKafkaError as error:
                log.info("the lease is not renewed: %s", error.what)
            self._clock.sleep(_RENEW, self._stopping)

    def _renew(self) -> None:
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": identity(os.getpid()), "leaseDurationSeconds": LEASE_SECONDS}
        body = {"spec": {**spec, "renewTime": now}}
        try:
            self._kubernetes.patch(LEASE, LEASE_NAME, LEASE_NAMESPACE, body)
        except NotFound:
            self._create({**spec, "renewTime": now, "acquireTime": now})
        except Conflict:
            pass

    def _create(self, spec: dict[str, object]) -> None:
        lease = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"name": LEASE_NAME, "namespace": LEASE_NAMESPACE},
            "spec": spec,
        }
        try:
            self._kubernetes.create(lease)
        except AlreadyExists:
            pass
        except NotFound:
            space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": LEASE_NAMESPACE}}
            self._kubernetes.create(space)
