"""The plans that were shown, so that an approval can be compared with what was read."""

from __future__ import annotations

import threading
from collections import OrderedDict

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.saved import SavedPlan

KEPT = 100


class Plans:
    """The plans that were shown, so that an approval can be compared with what was read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, SavedPlan] = OrderedDict()

    def keep(self, saved: SavedPlan) -> None:
        """Keep a plan that is shown."""
        with self._lock:
            self._kept[saved.digest] = saved
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def refuse_if_moved(self, digest: str, now: Plan) -> None:
        """Refuse to run another plan than the one that was read (``plan-moved``)."""
        with self._lock:
            saved = self._kept.get(digest)
        if saved is not None:
            saved.refuse_if_moved(now)
        elif digest != now.digest:
            raise RefusedError(
                "plan-moved", "the plan is another one than was shown", next="read it, and approve that"
            )
