"""What the pods of a service do while a run goes on, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prompt_kafka.core.objects import Nodes, Pod


@dataclass(frozen=True, slots=True)
class Change:
    """A pod came into a state.

    Attributes
    ----------
    state
        ``stopping``, ``gone``, ``starting``, ``ready`` or ``not ready``.
    renewed
        It is another pod than at the beginning.
    after_s
        Seconds since it was last ready; None when that was not seen.
    """

    name: str
    state: str
    since: float
    renewed: bool = False
    after_s: float | None = None
    why: str = ""


class Pods:
    """The pods as they were seen last."""

    def __init__(self) -> None:
        self.last: dict[str, Change] = {}
        self._first: dict[str, str] = {}
        self._uids: dict[str, str] = {}
        self._left: dict[str, float] = {}

    def saw(self, nodes: Nodes, now: float) -> Iterator[Change]:
        """Take in what was seen; yield what changed, nothing at the first sight of a pod."""
        for pod in nodes.pods:
            yield from self._pod(pod, now)
        for name in sorted(self.last.keys() - {pod.name for pod in nodes.pods}):
            if self.last[name].state != "gone":
                self._left.setdefault(name, now)
                self.last[name] = Change(name, "gone", now)
                yield self.last[name]

    def _pod(self, pod: Pod, now: float) -> Iterator[Change]:
        first = self._first.setdefault(pod.name, pod.uid)
        before = self.last.get(pod.name)
        same = self._uids.get(pod.name) == pod.uid
        self._uids[pod.name] = pod.uid
        state = "stopping" if pod.deleting else "ready" if pod.ready else "starting"
        if state == "starting" and same and before and before.state in ("ready", "not ready"):
            state = "not ready"
        if before is not None and same and before.state == state:
            return
        if state == "ready":
            left = self._left.pop(pod.name, None)
            after = now - left if left is not None else None
        else:
            self._left.setdefault(pod.name, now)
            after = None
        change = Change(pod.name, state, now, pod.uid != first, after, pod.why_not_ready)
        self.last[pod.name] = change
        if before is not None:
            yield change
