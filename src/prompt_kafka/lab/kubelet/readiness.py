"""Whether a node is ready, asked as Strimzi's probes ask (strimzi.md 5.5).

A controller is ready when its port listens, a broker when its state is at least 3 (and it answers over TLS:
the agent that production asks runs inside the broker and is as mute as the broker when that is frozen).
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path

from prompt_kafka.core.clock import SYSTEM, Clock

STATE_FILE = "tmp/lab-broker-states"

STARTING, RECOVERY, RUNNING, CONTROLLED_SHUTDOWN, SHUTTING_DOWN = 1, 2, 3, 6, 7
_WORDS = (
    ("is now STARTING", STARTING),
    ("to RECOVERY", RECOVERY),
    ("to RUNNING", RUNNING),
    ("Beginning controlled shutdown", CONTROLLED_SHUTDOWN),
    ("to SHUTTING_DOWN", SHUTTING_DOWN),
)
REASONS = {
    STARTING: "Starting",
    RECOVERY: "Recovery",
    RUNNING: "Running",
    CONTROLLED_SHUTDOWN: "ShuttingDown",
    SHUTTING_DOWN: "ShuttingDown",
}


def broker_state(file: Path) -> int:
    """Return a broker's state from what its life cycle has written; 0 before it has registered."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return 0
    for line in reversed(lines):
        for word, state in _WORDS:
            if word in line:
                return state
    return 0


def listens(ip: str, port: int) -> bool:
    """Return whether a socket listens at an address, without connecting to it."""
    wanted = f"{socket.inet_aton(ip)[::-1].hex().upper()}:{port:04X}"
    mapped = f"0000000000000000FFFF0000{wanted}"
    for table, local in (("/proc/net/tcp6", mapped), ("/proc/net/tcp", wanted)):
        try:
            text = Path(table).read_text()
        except OSError:
            continue
        for line in text.splitlines()[1:]:
            columns = line.split(None, 4)
            if columns[1] == local and columns[3] == "0A":
                return True
    return False


class Answer:
    """One kept connection to a broker, on which it is asked for its API versions again and again.

    Parameters
    ----------
    address
        Where it listens for other brokers.
    certificates
        Folder of its own certificate, ``<pod>.crt`` and ``<pod>.key``.
    """

    _REQUEST = struct.pack(">hhih", 18, 0, 1, 11) + b"lab-kubelet"

    def __init__(self, address: tuple[str, int], certificates: Path, pod: str) -> None:
        self._address = address
        self._files = certificates / f"{pod}.crt", certificates / f"{pod}.key"
        self._socket: ssl.SSLSocket | None = None

    def __call__(self, timeout: float) -> bool:
        """Return whether the broker answers within `timeout` seconds."""
        for _ in range(2):
            fresh = self._socket is None
            try:
                connection = self._socket or self._connect(timeout)
                self._socket = connection
                connection.settimeout(timeout)
                connection.sendall(struct.pack(">i", len(self._REQUEST)) + self._REQUEST)
                size = struct.unpack(">i", self._read(connection, 4))[0]
                self._read(connection, size)
                return True
            except TimeoutError:
                self.close()
                return False
            except (OSError, ValueError):
                self.close()
                if fresh:
                    return False
        return False

    def _connect(self, timeout: float) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(*map(str, self._files))
        plain = socket.create_connection(self._address, timeout)
        try:
            return context.wrap_socket(plain)
        except BaseException:
            plain.close()
            raise

    @staticmethod
    def _read(connection: ssl.SSLSocket, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = connection.recv(size - len(data))
            if not part:
                raise ConnectionResetError
            data += part
        return data

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            try:
                self._socket.close()
            except OSError:
                pass
            self._socket = None


class Prober:
    """Asks again and again whether a container is ready, and tells when the answer changes.

    Parameters
    ----------
    check
        Returns whether it is ready now, given the time it may take.
    changed
        Called when `ready` or `state` has changed.
    state
        Returns the broker's state; its changes are told too.
    initial, period, timeout
        Seconds before the first question, between questions, for an answer.
    failures
        How many bad answers in a row make a ready container unready.
    """

    def __init__(
        self,
        check: Callable[[float], bool],
        changed: Callable[[], None],
        *,
        state: Callable[[], int] = lambda: 0,
        initial: float,
        period: float,
        timeout: float,
        failures: int = 3,
        clock: Clock = SYSTEM,
    ) -> None:
        self.ready = False
        self.state = 0
        self._check, self._changed, self._read_state = check, changed, state
        self._initial, self._period, self._timeout, self._failures = initial, period, timeout, failures
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe", daemon=True)

    def start(self, *, at_once: bool = False) -> None:
        """Begin to ask; `at_once` asks a first time before returning, for a process that runs already."""
        if at_once:
            self.state = self._read_state()
            self.ready = self._check(self._timeout)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()

    def _run(self) -> None:
        pause, bad = self._initial, 0
        while not self._clock.sleep(pause, self._stopping):
            before = self.ready, self.state
            self.state = self._read_state()
            good = self._check(self._timeout)
            bad = 0 if good else bad + 1
            if self._stopping.is_set():
                return
            if good or bad >= self._failures:
                self.ready = good
            if (self.ready, self.state) != before:
                self._changed()
            pause = self._period if self.ready else min(self._period, 0.2)
