"""How long a container that ended waits before it is started again."""

from __future__ import annotations

FIRST, LONGEST, FORGET = 10.0, 300.0, 600.0


class Backoff:
    """Kubernetes' restart back-off: at once, then 10 s, doubling to 5 min, all divided by the lab's factor.

    Parameters
    ----------
    factor
        By which the times are divided.
    """

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._next = 0.0
        self._until = 0.0
        self._ended = float("-inf")

    def ended(self, now: float, ran: float) -> float:
        """Say that the container ended after `ran` seconds; return the seconds until it may start again."""
        if ran * self._factor >= FORGET:
            self._next = 0.0
        wait = self._next / self._factor
        self._next = FIRST if self._next == 0.0 else min(self._next * 2, LONGEST)
        self._until = now + wait
        return wait

    def left(self, now: float) -> float:
        """Return the seconds that are still to be waited."""
        return max(0.0, self._until - now)

    @property
    def crashing(self) -> bool:
        """Whether it has ended more than once lately."""
        return self._next > FIRST
