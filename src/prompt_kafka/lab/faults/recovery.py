"""A log whose recovery takes long: a great many batches of one small record, which no topic knows.

After an unclean stop Kafka reads what lies behind the recovery point batch by batch. The filler is one more
partition in the broker's log directory, of a topic that does not exist; Kafka recovers it like any other,
finds that nobody wants it, and sets it aside. Nothing of the service's own data is touched.

While Kafka 4 reads its logs it calls itself STARTING; it is in RECOVERY only afterwards, until it is
unfenced. So the fault has two parts: a real recovery of some seconds, then the broker stopped in RECOVERY.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterable
from pathlib import Path

TOPIC = "lab-long-recovery"
#: Recovered in about four seconds, on a machine that does nothing else.
_BATCHES = 500_000


def fill(log_dir: Path) -> None:
    """Add a log that takes some seconds to recover, and forget that the last stop was a clean one."""
    folder = log_dir / f"{TOPIC}-0"
    folder.mkdir(mode=0o700)
    (log_dir / ".kafka_cleanshutdown").unlink(missing_ok=True)
    rest, pack = _batch(), struct.Struct(">q").pack
    (folder / f"{0:020d}.log").write_bytes(b"".join(pack(offset) + rest for offset in range(_BATCHES)))


def clear(log_dirs: Iterable[Path]) -> None:
    """Remove what `fill` has added, and what Kafka has made of it."""
    for log_dir in log_dirs:
        for folder in log_dir.glob(f"{TOPIC}-*"):
            shutil.rmtree(folder, ignore_errors=True)


def _batch() -> bytes:
    """Return a batch of one empty record, but for its offset, which its checksum leaves out."""
    record = bytes([12, 0, 0, 0, 1, 0, 0])  # length 6; attributes, time, offset, no key, no value, no headers
    checked = struct.pack(">hiqqqhii", 0, 0, 0, 0, -1, -1, -1, 1) + record
    body = struct.pack(">iBI", 0, 2, _crc32c(checked)) + checked
    return struct.pack(">i", len(body)) + body


def _crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF
