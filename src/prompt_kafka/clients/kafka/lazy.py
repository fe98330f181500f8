"""Importing kafka-python when it is needed, and safely.

It takes 0.1 s, so it is not done before a connection is made. Its packages import each other in circles: two
threads that begin at different ends would see half a module.
"""

from __future__ import annotations

import threading

_lock = threading.Lock()


def preload() -> None:
    """Import kafka-python, by one thread at a time."""
    with _lock:
        import kafka.admin  # noqa: F401
