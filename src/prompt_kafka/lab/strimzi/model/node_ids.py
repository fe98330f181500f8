"""Which node ids a node pool has.

Ids are the identity of the disks: what a pool has it keeps (``status.nodeIds``). New ones come from the
annotation ``strimzi.io/next-node-ids``, else the lowest that no pool of the cluster uses.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count

log = logging.getLogger(__name__)

_PART = re.compile(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*")


@dataclass(frozen=True, slots=True)
class PoolIds:
    """Ids of a pool before and after.

    Parameters
    ----------
    current
        Ids the pool had.
    desired
        Ids it is to have, ascending.
    """

    current: tuple[int, ...]
    desired: tuple[int, ...]

    @property
    def added(self) -> tuple[int, ...]:
        """Ids that are new."""
        return tuple(node for node in self.desired if node not in self.current)

    @property
    def removed(self) -> tuple[int, ...]:
        """Ids that go."""
        return tuple(node for node in self.current if node not in self.desired)


def id_range(text: str | None) -> tuple[int, ...]:
    """Return the ids that an annotation such as ``[0, 3, 10-19]`` lists, in its order.

    A wrong text is reported and counts as empty, as the operator does. Ranges may descend.
    """
    if not text:
        return ()
    inner = re.fullmatch(r"\s*\[(.*)\]\s*", text, re.DOTALL)
    ids: list[int] = []
    for part in inner[1].split(",") if inner and inner[1].strip() else ():
        match = _PART.fullmatch(part)
        if match is None:
            inner = None
            break
        first, last = int(match[1]), int(match[2] or match[1])
        ids += range(first, last + 1) if first <= last else range(first, last - 1, -1)
    if inner is None:
        log.warning("node id range %r is not valid and is ignored", text)
        return ()
    return tuple(ids)


def assign(
    replicas: int,
    current: Sequence[int],
    taken: Iterable[int],
    *,
    next_ids: Sequence[int] = (),
    remove_ids: Sequence[int] = (),
) -> PoolIds:
    """Return the ids of a pool.

    Parameters
    ----------
    replicas
        How many it is to have.
    current
        The ids it has.
    taken
        The ids of every pool of the cluster, this one included.
    next_ids, remove_ids
        Ids preferred when it grows or shrinks.
    """
    have = tuple(sorted(current))
    if replicas <= len(have):
        going = [node for node in dict.fromkeys(remove_ids) if node in have]
        going += [node for node in reversed(have) if node not in going]
        gone = set(going[: len(have) - replicas])
        return PoolIds(have, tuple(node for node in have if node not in gone))
    used = set(taken) | set(have)
    fresh: list[int] = []
    candidates = chain(next_ids, count())
    while len(have) + len(fresh) < replicas:
        node = next(candidates)
        if node not in used:
            used.add(node)
            fresh.append(node)
    return PoolIds(have, tuple(sorted((*have, *fresh))))
