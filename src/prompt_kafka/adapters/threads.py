"""Threads for looks: as many as are asked for, and none that keeps the process from ending.

A look that waits for a frozen node must not keep whoever is on call waiting, neither for the others nor, once
they are shown, for the end of the command; a pool of the standard library is waited for at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads(Executor):
    """Runs each task in a thread of its own, which ends with the process."""

    def __init__(self, name: str) -> None:
        self._name = name

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a task; return its future."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def run() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, name=self._name, daemon=True).start()
        return future

    def once(self, look: Callable[[], T]) -> Callable[[], T]:
        """Return a look that begins when somebody first asks for it, and is taken once for all who ask."""
        lock, begun = threading.Lock(), list[Future[T]]()

        def result() -> T:
            with lock:
                if not begun:
                    begun.append(self.submit(look))
            return begun[0].result()

        return result

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> Any:
        """Do nothing: what runs ends by itself."""
