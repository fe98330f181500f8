"""Ctrl-C that is always safe: it ends a run while it looks or waits, never inside an act or a write.

A signal that comes inside of these is kept until they are over. A person who insists, with the third one,
gets out at once; what was kept before is enough to take the run up.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INSISTS = 3


class Interrupts:
    """Takes SIGINT, SIGTERM and SIGHUP while a run acts; a context.

    Attributes
    ----------
    by
        The name of the signal that came, empty when none did.
    """

    def __init__(self) -> None:
        self.by = ""
        self._times = 0
        self._open = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for each in SIGNALS:
                if signal.getsignal(each) is not signal.SIG_IGN:  # as nohup and a shell's & have it
                    self._before[each] = signal.signal(each, self._came)
        return self

    def __exit__(self, *exc: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let a signal end what is done inside: looking and waiting.

        Raises
        ------
        KeyboardInterrupt
            One came, now or before.
        """
        if self._times == 1:
            raise KeyboardInterrupt
        self._open = True
        try:
            yield
        finally:
            self._open = False

    def ask(self, by: str) -> None:
        """Ask a run in another thread to end at its next look or wait, as a signal does here."""
        self.by, self._times = self.by or by, 1

    def _came(self, number: int, frame: FrameType | None) -> None:
        self._times += 1
        self.by = self.by or signal.Signals(number).name
        if self._open or self._times >= INSISTS:
            self._open = False
            raise KeyboardInterrupt
