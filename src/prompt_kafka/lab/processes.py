"""Processes that outlive whoever started them, known by pid *and* start time.

A pid alone may be another process by now, so nothing here is ever signalled by its number or its name: the
start time must match, and the signal goes through a pidfd. Every process also carries the lab's folder in
its environment, which finds those that were started but not yet written down when their starter was killed.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from prompt_kafka.clients.files import write_atomic
from prompt_kafka.core.clock import SYSTEM, Clock

#: Names the lab's folder in the environment of each of its processes.
MARK = "PROMPT_KAFKA_LAB_STATE"
#: Names the pod in the environment of its main process, and of no other.
POD_MARK = "PROMPT_KAFKA_LAB_POD"
UNKNOWN_EXIT = 137

_children: dict[int, subprocess.Popen[bytes]] = {}


def boot_id() -> str:
    """Return what tells one boot of this machine from the next; start times are counted from it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this boot.

    Parameters
    ----------
    pid
        Its number.
    start_time
        When it began, in clock ticks since the boot (field 22 of ``/proc/<pid>/stat``).
    boot
        The boot it belongs to.
    """

    pid: int
    start_time: int
    boot: str = field(default_factory=boot_id)

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Return the process that has this number now."""
        fields = _stat(pid)
        return None if fields is None else cls(pid, int(fields[19]))

    @classmethod
    def load(cls, file: Path) -> Self | None:
        """Read a process from a record; None when there is no readable one."""
        try:
            return cls.from_dict(json.loads(file.read_text()))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read a process from a record."""
        return cls(int(record["pid"]), int(record["start_time"]), str(record.get("boot", "")))

    def save(self, file: Path) -> None:
        """Write the process down."""
        write_atomic(file, json.dumps(asdict(self)))

    def alive(self) -> bool:
        """Whether it still runs (a stopped one does, a zombie does not)."""
        child = _children.get(self.pid)
        if child is not None:
            child.poll()
        fields = _stat(self.pid)
        return (
            fields is not None
            and int(fields[19]) == self.start_time
            and fields[0] not in "ZX"
            and self.boot == boot_id()
        )

    def frozen(self) -> bool:
        """Whether it is stopped by SIGSTOP."""
        fields = _stat(self.pid)
        return fields is not None and fields[0] == "T" and self.alive()

    def signal(self, number: int) -> bool:
        """Send a signal to it, and to nothing else; return False when it has ended."""
        try:
            handle = os.pidfd_open(self.pid)
        except (ProcessLookupError, OSError):
            return False
        try:
            # The pidfd holds on to the process, so what is checked now is what is signalled.
            if not self.alive():
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended; return whether it has."""
        try:
            handle = os.pidfd_open(self.pid)
        except (ProcessLookupError, OSError):
            return True
        try:
            if not self.alive():
                return True
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(None if timeout is None else max(0, int(timeout * 1000)))
        finally:
            os.close(handle)
        return not self.alive()

    def exit_code(self) -> int | None:
        """Return how it ended as a container would, 128 + signal; None when it was not ours to see."""
        child = _children.get(self.pid)
        if child is None or child.poll() is None:
            return None
        return child.returncode if child.returncode >= 0 else 128 - child.returncode

    def forget(self) -> None:
        """Let go of an ended child."""
        child = _children.get(self.pid)
        if child is not None and child.poll() is not None:
            del _children[self.pid]


def start(
    command: Sequence[str],
    *,
    state: Path,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Process:
    """Start a process in a session of its own, with its output added to a log.

    Parameters
    ----------
    state
        The lab's folder.
    env
        Added to the environment of this process.
    """
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("ab") as out:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=cwd,
            env={**os.environ, **(env or {}), MARK: str(state)},
            start_new_session=True,
        )
    process = Process.of(child.pid)
    if process is None:
        # It has ended already; its number is held until it is waited for.
        process = Process(child.pid, 0)
    _children[child.pid] = child
    return process


def stop(
    processes: Iterable[Process], grace: float, *, clock: Clock = SYSTEM, sig: int = signal.SIGTERM
) -> None:
    """End processes, all at once: TERM, up to `grace` seconds, then KILL."""
    living = [process for process in processes if process.signal(sig)]
    end = clock.monotonic() + grace
    for process in living:
        if not process.wait(max(0.0, end - clock.monotonic())):
            process.signal(signal.SIGKILL)
    for process in living:
        process.wait(5.0)


def marked(state: Path, *, pods: bool = False) -> list[Process]:
    """Return this user's processes that carry the mark of the lab at `state`, but for this one.

    With `pods` only the main processes of pods.
    """
    wanted, pod = f"{MARK}={state}".encode(), f"{POD_MARK}=".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted not in environment or (pods and not any(each.startswith(pod) for each in environment)):
            continue
        process = Process.of(int(folder.name))
        if process is not None and process.alive():
            found.append(process)
    return found


def rotate(log: Path, *, keep: int = 1) -> None:
    """Move a log that nobody writes to out of the way: ``x.log`` becomes ``x.log.1``."""
    for number in range(keep, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        newer = log if number == 1 else log.with_name(f"{log.name}.{number - 1}")
        if newer.exists():
            newer.replace(older)


def trim(log: Path, limit: int) -> bool:
    """Cut a log that is being written to: past `limit` bytes it is copied to ``.1`` and emptied in place.

    The writer has the file open for appending and goes on at its new end; lines written between the copy
    and the cut are lost.
    """
    try:
        if log.stat().st_size <= limit:
            return False
        data = log.read_bytes()
        write_atomic(log.with_name(f"{log.name}.1"), data)
        os.truncate(log, 0)
    except FileNotFoundError:
        return False
    return True


def _stat(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/<pid>/stat`` from the third on; the second may hold anything."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (OSError, ValueError):
        return None
    return text.rpartition(")")[2].split()
