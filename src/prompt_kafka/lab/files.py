"""Files that several processes of a lab read and write at once: see :mod:`prompt_kafka.clients.files`."""

from __future__ import annotations

from prompt_kafka.clients.files import locked, write_atomic

__all__ = ["locked", "write_atomic"]
