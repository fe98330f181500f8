"""The loopback network and the ports of a lab, chosen so that labs side by side do not meet."""

from __future__ import annotations

import socket
from pathlib import Path

from prompt_kafka.lab.settings import LabSettings, LabStateError

OCTETS = range(64, 127)

#: The supervisor listens here on the network's ``.0.1`` while the lab is up: the sign that it is taken.
CLAIM_PORT = 29092


def choose_network(home: Path) -> tuple[int, int, int]:
    """Return the second number of a free network, a port for the API and one for Slack.

    Raises
    ------
    LabStateError
        If none is left.
    """
    taken: set[str | int] = set()
    for file in home.glob("*/lab.json"):
        try:
            settings = LabSettings.from_json(file.read_text(), str(file))
        except (LabStateError, OSError):
            continue
        taken |= {settings.network, settings.api_port, settings.slack_port}
    busy = _listening_networks()
    for octet in OCTETS:
        network, api_port, slack_port = f"127.{octet}", 16000 + octet, 17000 + octet
        if {network, api_port, slack_port} & taken or network in busy:
            continue
        # The last two are `LabSettings.argocd_port` and `forge_port`.
        local = (api_port, slack_port, 18000 + octet, 19000 + octet)
        ports = ((f"{network}.0.1", CLAIM_PORT), *(("127.0.0.1", port) for port in local))
        if all(bindable(address, port) for address, port in ports):
            return octet, api_port, slack_port
    raise LabStateError(
        "no loopback network is left for another lab (127.64 to 127.126)",
        where=str(home),
        next="remove a lab: `prompt-kafka lab down --purge --name NAME`",
    )


def bindable(address: str, port: int) -> bool:
    """Whether a server could listen at this address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _listening_networks() -> set[str]:
    """Return the loopback networks on which a process listens, another user's lab for instance."""
    networks = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            local, state = columns[1], columns[3]
            address = bytes.fromhex(local.split(":")[0])[-4:][::-1]
            if state == "0A" and address[0] == 127:
                networks.add(f"127.{address[1]}")
    return networks
