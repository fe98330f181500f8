"""The loss of what was not flushed: the ends of log segments cut off, as a machine without power loses them.

A process that is killed loses nothing, the page cache is the kernel's. A machine that loses its power loses
what the kernel had not written: of a partition's log any part after the last flush, in the middle of a batch
too. Kafka flushes a segment when it rolls to the next one and notes the partition's recovery point; so only
the last segment is cut, and only behind that point. The metadata log is flushed by Kafka at every append and
is never touched. Cuts follow from a seed.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

METADATA = "__cluster_metadata"
CHECKPOINT = "recovery-point-offset-checkpoint"

#: baseOffset, batchLength … lastOffsetDelta: the start of a record batch (format 2).
_HEADER = struct.Struct(">qiiBIhi")
_PREFIX = 12


@dataclass(frozen=True, slots=True)
class Cut:
    """What one partition lost on one broker.

    Attributes
    ----------
    first, end
        Offsets from `first` up to, but without, `end` are gone.
    bytes
        How much was cut off.
    inside_a_batch
        Whether a part of a batch is left, which Kafka has to find and drop.
    """

    pod: str
    topic: str
    partition: int
    first: int
    end: int
    bytes: int
    inside_a_batch: bool

    def __str__(self) -> str:
        where = "inside a batch" if self.inside_a_batch else "between batches"
        lost = (
            f"offset {self.first}" if self.end - self.first == 1 else f"offsets {self.first}-{self.end - 1}"
        )
        return f"{self.pod}: {self.topic}-{self.partition} lost {lost} ({self.bytes} bytes, {where})"


@dataclass(frozen=True, slots=True)
class Batch:
    """Where a record batch is in its segment."""

    position: int
    size: int
    first: int
    end: int


def cut(log_dir: Path, pod: str, seed: int) -> tuple[Cut, ...]:
    """Cut the unflushed tail of every partition in a log directory; return what was cut."""
    flushed = recovery_points(log_dir)
    found = []
    for folder in sorted(log_dir.iterdir()):
        topic, _, number = folder.name.rpartition("-")
        if not folder.is_dir() or not topic or not number.isdigit() or topic == METADATA:
            continue
        segments = sorted(folder.glob("*.log"))
        if not segments:
            continue
        done = _cut(
            segments[-1], flushed.get((topic, int(number)), 0), random.Random(f"{seed}:{folder.name}")
        )
        if done is not None:
            found.append(Cut(pod, topic, int(number), *done))
    return tuple(found)


def _cut(segment: Path, flushed: int, dice: random.Random) -> tuple[int, int, int, bool] | None:
    size = segment.stat().st_size
    all_batches = tuple(batches(segment))
    unflushed = [batch for batch in all_batches if batch.first >= flushed]
    if not unflushed:
        return None
    first = dice.choice(unflushed)
    inside = dice.random() < 0.5
    position = first.position + (dice.randrange(1, first.size) if inside else 0)
    os.truncate(segment, position)
    with segment.open("rb") as file:
        os.fsync(file.fileno())
    return first.first, all_batches[-1].end, size - position, inside


def batches(segment: Path) -> Iterator[Batch]:
    """Yield the whole batches of a segment in their order."""
    position, size = 0, segment.stat().st_size
    with segment.open("rb") as file:
        while position + _HEADER.size <= size:
            file.seek(position)
            base, length, _, magic, _, _, last = _HEADER.unpack(file.read(_HEADER.size))
            if magic != 2 or length <= 0 or position + _PREFIX + length > size:
                return
            yield Batch(position, _PREFIX + length, base, base + last + 1)
            position += _PREFIX + length


def recovery_points(log_dir: Path) -> dict[tuple[str, int], int]:
    """Return up to which offset, without it, each partition was flushed for certain."""
    try:
        lines = (log_dir / CHECKPOINT).read_text().splitlines()[2:]
    except OSError:
        return {}
    points = {}
    for line in lines:
        words = line.split()
        if len(words) == 3:
            points[words[0], int(words[1])] = int(words[2])
    return points
