"""Records that were acknowledged and are gone: what no restart brings back, and what nobody may call success.

What a broker had on its disk and up to where it knew that everybody had it (the high watermark, written down
every five seconds) is in its log; so is that it cut its copy back, to agree with a leader that had less. What
was cut off below the high watermark had been acknowledged. What was cut off above it may have been: within
the last seconds before the lights went out nobody knows any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prompt_kafka.core.surroundings import NodeLog
from prompt_kafka.core.world import World


@dataclass(frozen=True, slots=True)
class Loss:
    """What a partition has lost.

    Attributes
    ----------
    partition
        As ``topic-index``.
    first
        The first offset that is gone.
    certain
        How many offsets from there had been acknowledged for certain.
    most
        How many may have been.
    """

    partition: str
    first: int
    certain: int
    most: int

    def __str__(self) -> str:
        more = f", perhaps {self.most}" if self.most > self.certain else ""
        count = f"{self.certain}{more} record{'s' if self.most != 1 else ''}"
        return f"{self.partition}: {count} from offset {self.first}"


def losses(world: World) -> tuple[Loss, ...]:
    """Return what was lost at this start, as far as logs and groups tell; certain ones only."""
    found = {loss.partition: loss for loss in _from_logs(world.logs.known or ()) if loss.certain}
    for group in world.groups.known or ():
        for lag in group.lags:
            if lag.committed is not None and lag.committed > lag.end and not lag.unknown:
                where, count = f"{lag.topic}-{lag.partition}", lag.committed - lag.end
                before = found.get(where)
                if before is None or before.certain < count:
                    found[where] = Loss(where, lag.end, count, max(count, before.most if before else 0))
    return tuple(found[where] for where in sorted(found))


def doubtful(world: World) -> tuple[Loss, ...]:
    """Return what was cut off though nobody is known to have been told that it was safe."""
    return tuple(loss for loss in _from_logs(world.logs.known or ()) if not loss.certain)


def _from_logs(logs: tuple[NodeLog, ...]) -> tuple[Loss, ...]:
    cuts: dict[str, int] = {}
    known: dict[str, int] = {}
    held: dict[str, int] = {}
    for log in logs:
        _keep(cuts, log.cut_back, min)
        _keep(known, log.watermarks, max)
        _keep(held, log.on_disk, max)
    found = []
    for where, first in sorted(cuts.items()):
        certain = max(0, known.get(where, 0) - first)
        most = max(certain, held.get(where, 0) - first)
        if most:
            found.append(Loss(where, first, certain, most))
    return tuple(found)


def _keep(
    kept: dict[str, int], placed: tuple[tuple[str, int], ...], choose: Callable[[int, int], int]
) -> None:
    for where, offset in placed:
        kept[where] = choose(kept.get(where, offset), offset)
