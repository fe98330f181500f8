"""The canary sings beside a run, about once a second, for whoever watches it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.world import Look, Part, World

EVERY_S = 1.0
_CANARY: frozenset[Look] = frozenset({Part.CANARY})


class Pulse:
    """A thread that looks at the canary again and again; a context.

    Parameters
    ----------
    observe
        Looks; used by this thread only.
    told
        Gets what was seen.
    """

    def __init__(
        self,
        observe: Callable[[frozenset[Look]], World],
        told: Callable[[World], None],
        clock: Clock = SYSTEM,
    ) -> None:
        self._observe = observe
        self._told = told
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sing, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._thread.join(1.0)

    def _sing(self) -> None:
        while not self._clock.sleep(EVERY_S, self._stopping):
            try:
                world = self._observe(_CANARY)
            except (PromptKafkaError, RuntimeError, OSError):
                continue
            self._told(world)
