"""The port-forwards of one session: made when first needed, shared, closed together."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from prompt_kafka.clients.forward import PortForward
from prompt_kafka.clients.kubernetes import Kubernetes

Port = tuple[str, int]


class Forwards:
    """Port-forwards to pods of one namespace.

    Parameters
    ----------
    kubernetes
        The way through the API; a read-only connection may forward.
    namespace
        Of the pods.
    """

    def __init__(self, kubernetes: Kubernetes, namespace: str) -> None:
        self._kubernetes, self._namespace = kubernetes, namespace
        self._lock = threading.Lock()
        self._open: dict[Port, PortForward] = {}

    def address(self, pod: str, port: int) -> tuple[str, int]:
        """Return the local address that leads to a pod's port."""
        return self._of((pod, port)).address

    def check(self, ports: Iterable[Port]) -> dict[Port, str | Exception]:
        """Try the ways to some pods at once.

        Returns
        -------
        dict
            For each, an empty text when the port answers, why the pod does not, or the error of the API when
            it does not let us forward.
        """
        wanted = list(ports)

        def one(port: Port) -> str | Exception:
            try:
                return self._of(port).check()
            except Exception as error:
                return error

        with ThreadPoolExecutor(max(1, len(wanted)), thread_name_prefix="forward") as pool:
            return dict(zip(wanted, pool.map(one, wanted), strict=True))

    def close(self) -> None:
        """Close them all."""
        with self._lock:
            open_now, self._open = list(self._open.values()), {}
        for each in open_now:
            each.close()

    def _of(self, port: Port) -> PortForward:
        with self._lock:
            if port not in self._open:
                self._open[port] = PortForward(self._kubernetes.streams, self._namespace, *port)
            return self._open[port]
