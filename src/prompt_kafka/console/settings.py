"""Where the console listens, whom it believes, and whether it acts."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from prompt_kafka.core.errors import RefusedError, UsageError

Network = IPv4Network | IPv6Network

USER_HEADER, GROUPS_HEADER = "x-auth-request-user", "x-auth-request-groups"
"""What Gafaelfawr's ingress sends of who is signed in."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the console is served.

    Attributes
    ----------
    address, port
        Where it listens.
    proxies
        Addresses from which a proxy's identity headers are believed; without any, a one-time link signs in.
    hostnames
        Names by which it may be asked for, besides its address: behind a proxy, the proxy's.
    path
        What precedes every path, such as ``/prompt-kafka``; empty for nothing.
    allow_run
        It may act although it does not listen on loopback.
    operators, approvers
        Groups whose members may act, and may approve.
    """

    address: str = "127.0.0.1"
    port: int = 8085
    proxies: tuple[Network, ...] = ()
    hostnames: tuple[str, ...] = ()
    path: str = ""
    allow_run: bool = False
    operators: frozenset[str] = frozenset()
    approvers: frozenset[str] = frozenset()

    @property
    def on_loopback(self) -> bool:
        """Nobody on another machine can reach it."""
        return ipaddress.ip_address(self.address).is_loopback

    @property
    def acts(self) -> bool:
        """A run may be started here."""
        return self.allow_run or (self.on_loopback and not self.proxies)

    @property
    def hosts(self) -> frozenset[str]:
        """What a request's Host may be."""
        own = {f"[{self.address}]" if ":" in self.address else self.address}
        if self.on_loopback:
            own |= {"localhost", "127.0.0.1", "[::1]"}
        return frozenset({f"{name}:{self.port}" for name in own} | set(self.hostnames))

    @property
    def origins(self) -> frozenset[str]:
        """What a request's Origin may be: itself, and the proxy's names over HTTPS."""
        return frozenset(
            {f"http://{host}" for host in self.hosts - set(self.hostnames)}
            | {f"https://{name}" for name in self.hostnames}
        )

    def believes(self, peer: str) -> bool:
        """Return whether the identity headers of a peer count."""
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.proxies)


def settings(
    *,
    address: str,
    port: int,
    proxies: tuple[str, ...] = (),
    hostnames: tuple[str, ...] = (),
    path: str = "",
    allow_run: bool = False,
    operators: tuple[str, ...] = (),
    approvers: tuple[str, ...] = (),
) -> Settings:
    """Read settings as they are given on the command line.

    Raises
    ------
    RefusedError
        It would listen for other machines without a proxy that says who asks (``not-loopback``).
    UsageError
        An address, a name or a path is none.
    """
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise UsageError(
            f"--address {address} is no IP address", next="give 127.0.0.1, or 0.0.0.0 behind a proxy"
        ) from None
    try:
        networks = tuple(ipaddress.ip_network(each) for each in proxies)
    except ValueError as error:
        raise UsageError(
            f"--behind-proxy: {error}", next="give the proxy's address or network: 10.1.0.0/16"
        ) from None
    if path and not (path.startswith("/") and path.strip("/") and "//" not in path):
        raise UsageError(f"--path {path!r} is no path", next="write /prompt-kafka")
    found = Settings(
        address,
        port,
        networks,
        tuple(name.lower() for name in hostnames),
        path.rstrip("/"),
        allow_run,
        frozenset(operators),
        frozenset(approvers),
    )
    if not found.on_loopback and not found.proxies:
        raise RefusedError(
            "not-loopback",
            f"{address} can be reached from other machines, and nobody would say who asks",
            next="leave --address away; or put a proxy that signs people in before it, and give its address "
            "with --behind-proxy and its name with --hostname",
        )
    if found.proxies and not found.hostnames:
        raise UsageError("behind a proxy the console must know its name", next="give --hostname NAME")
    return found
