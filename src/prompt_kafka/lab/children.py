"""The supervisor's children that are not pods: started again when they die."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab import processes
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.state import LabState

log = logging.getLogger(__name__)

GRACE = 10.0
LOG_LIMIT = 16 * 1024 * 1024
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.1, 5.0, 10.0


class Child:
    """One process of the lab, with its own log and record.

    Parameters
    ----------
    name
        ``apiserver`` or ``controllers``.
    command
        What runs it.
    state
        The lab's folder.
    held
        Whether it has to stay down (a fault).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        state: LabState,
        *,
        held: Callable[[], bool] = lambda: False,
        clock: Clock = SYSTEM,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._state = state
        self._held = held
        self._clock = clock
        self._process: Process | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def end_leftover(self) -> None:
        """End the process that a killed supervisor has left behind."""
        left = Process.load(self._state.record(self.name))
        if left is not None and left.alive():
            log.info("ending the %s of the last supervisor, pid %d", self.name, left.pid)
            processes.stop([left], GRACE, clock=self._clock)

    def start(self) -> None:
        """Start it and watch over it."""
        if not self._held():
            self._launch()
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        if self._process is not None:
            processes.stop([self._process], GRACE, clock=self._clock)
        if self._thread.is_alive():
            self._thread.join(GRACE)
        self._state.record(self.name).unlink(missing_ok=True)

    def _launch(self) -> Process:
        file = self._state.log(self.name)
        if file.exists() and file.stat().st_size > LOG_LIMIT:
            processes.rotate(file)
        process = processes.start(self._command, state=self._state.root, log=file, cwd=self._state.root)
        process.save(self._state.record(self.name))
        self._process = process
        log.info("started the %s, pid %d", self.name, process.pid)
        return process

    def _run(self) -> None:
        pause, process = FIRST_PAUSE, self._process or self._again()
        while process is not None:
            begun = self._clock.monotonic()
            process.wait()
            if self._stopping.is_set():
                return
            if self._clock.monotonic() - begun > STEADY:
                pause = FIRST_PAUSE
            log.warning("the %s ended (%s), starting it again", self.name, process.exit_code())
            process.forget()
            if self._clock.sleep(pause, self._stopping):
                return
            pause = min(pause * 2, LONGEST_PAUSE)
            process = self._again()

    def _again(self) -> Process | None:
        """Start it as soon as it need not stay down; return None when told to stop before that."""
        while self._held():
            if self._clock.sleep(FIRST_PAUSE, self._stopping):
                return None
        process = self._launch()
        if self._stopping.is_set():
            processes.stop([process], GRACE, clock=self._clock)
            return None
        return process
