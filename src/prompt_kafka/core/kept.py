"""Conditions of what outlived a downtime: the metadata and the records. As data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from prompt_kafka.core import cold
from prompt_kafka.core.losses import doubtful, losses
from prompt_kafka.core.verdict import Verdict, judge, no, unknown, yes
from prompt_kafka.core.world import Look, Part, World


@dataclass(frozen=True, slots=True)
class MetadataKept:
    """The quorum has the metadata that were on the disks: no majority of blank controllers leads it."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES, Part.QUORUM, Part.LOGS, Part.CLAIMS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        for part in (world.nodes, world.quorum, world.logs):
            if part.because:
                return unknown(part.because)
        if cold.majority_blank(world):
            return no("a majority of controllers began with empty disks")
        return yes(f"the quorum knows the metadata up to {cold.metadata_known(world)} that were on disks")


@dataclass(frozen=True, slots=True)
class MetadataForgotten:
    """A majority of controllers began with empty disks: the metadata are being forgotten, do not wait."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.NODES, Part.QUORUM, Part.LOGS, Part.CLAIMS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if not cold.majority_blank(world):
            return no("a majority of controllers has the metadata")
        names = ", ".join(pod.name for pod in cold.blank_controllers(world))
        return yes(f"{names} began with empty disks, a majority: the metadata are being forgotten")


@dataclass(frozen=True, slots=True)
class NothingLost:
    """Nothing that was acknowledged is gone, as far as the nodes' logs and the groups tell."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.LOGS, Part.GROUPS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        if world.logs.known is None:
            return unknown(world.logs)
        if world.groups.known is None:
            return unknown(world.groups)
        lost = [f"lost {loss}" for loss in losses(world)]
        unseen = [
            f"the end of {lag.topic}-{lag.partition}, read by {group.id}, was not seen: {lag.unknown}"
            for group in world.groups.known
            for lag in group.lags
            if lag.unknown and lag.committed is not None and not lag.end
        ]
        if unseen and not lost:
            return unknown(unseen[0])
        return judge(lost, f"nothing acknowledged is missing{_doubt(world)}", most=20)


def _doubt(world: World) -> str:
    """Return what was cut off without anybody having been told, as far as is known, that it was safe."""
    cut = doubtful(world)
    return f"; cut off, never known to be acknowledged: {'; '.join(map(str, cut))}" if cut else ""


@dataclass(frozen=True, slots=True)
class RecordsLost:
    """Something that was acknowledged is gone: certain, so no waiting helps."""

    needs_to_see: ClassVar[frozenset[Look]] = frozenset({Part.LOGS, Part.GROUPS})

    def judge(self, world: World) -> Verdict:
        """Judge it on a World."""
        lost = losses(world)
        if not lost:
            return no("nothing is known to be lost")
        total = sum(loss.certain for loss in lost)
        return yes(f"{total} acknowledged records are lost: {'; '.join(map(str, lost))}")


OfData = MetadataKept | MetadataForgotten | NothingLost | RecordsLost
