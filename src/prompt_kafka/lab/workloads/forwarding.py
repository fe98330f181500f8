"""The data path of a load balancer that has an address of its own: TCP, from there to a ready pod."""

from __future__ import annotations

import itertools
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

log = logging.getLogger(__name__)

CONNECT_S = 2.0
Address = tuple[str, int]
Backends = Callable[[], list[Address]]


class Forwarder:
    """Listens at one address; each connection goes to the next of the pods that are ready then.

    Parameters
    ----------
    address
        Where it listens.
    backends
        Returns where the ready pods listen.
    """

    def __init__(self, address: Address, backends: Backends) -> None:
        self._backends = backends
        self._turn = itertools.count()
        self._socket = socket.create_server(address, backlog=64)
        self.address: Address = self._socket.getsockname()
        threading.Thread(target=self._serve, name=f"balance-{address[0]}", daemon=True).start()

    def stop(self) -> None:
        """Stop listening; connections that are open go on."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        there = self._backends()
        start = next(self._turn)
        for offset in range(len(there)):
            try:
                pod = socket.create_connection(there[(start + offset) % len(there)], CONNECT_S)
            except OSError:
                continue
            for each in (pod, client):
                each.settimeout(None)
            threading.Thread(target=_pump, args=(pod, client), daemon=True).start()
            _pump(client, pod)
            return
        client.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Copy until one side ends; then both end."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


class Forwarding:
    """The forwarders that there should be."""

    def __init__(self) -> None:
        self._there: dict[Address, Forwarder] = {}

    def keep(self, wanted: Mapping[Address, Backends]) -> Iterable[Address]:
        """Begin and end forwarders, so that these are there; return those that cannot be had."""
        for address in self._there.keys() - wanted.keys():
            self._there.pop(address).stop()
        missing = []
        for address in wanted.keys() - self._there.keys():
            try:
                self._there[address] = Forwarder(address, wanted[address])
            except OSError as error:
                log.warning("no load balancer at %s:%d: %s", *address, error.strerror)
                missing.append(address)
        return missing

    def stop(self) -> None:
        """End all."""
        self.keep({})
