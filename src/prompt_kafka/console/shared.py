"""One look for all who ask: made once at a time, kept, and made anew when it is older than somebody wants.

However many people watch, the service is asked as often as by one of them.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """What was seen last.

    Attributes
    ----------
    value
        None when nothing has been seen yet.
    at
        When `value` was seen, UTC.
    error
        Why the last look saw nothing; None when it did.
    """

    value: T | None = None
    at: datetime | None = None
    error: PromptKafkaError | None = None


class Shared(Generic[T]):
    """A value that many want and one makes.

    Parameters
    ----------
    make
        Looks; may take seconds, may raise.
    """

    def __init__(self, make: Callable[[], T], clock: Clock = SYSTEM) -> None:
        self._make, self._clock = make, clock
        self._turn = threading.Lock()
        self._kept: Kept[T] = Kept()
        self._made = float("-inf")

    @property
    def kept(self) -> Kept[T]:
        """What was seen last, without looking."""
        return self._kept

    def get(self, max_age_s: float) -> Kept[T]:
        """Return what was seen within some seconds; look when nothing was."""
        asked = self._clock.monotonic()
        if asked - self._made <= max_age_s:
            return self._kept
        with self._turn:
            if self._made < asked:
                began = self._clock.now()
                try:
                    self._kept = Kept(self._make(), began)
                except PromptKafkaError as error:
                    self._kept = Kept(self._kept.value, self._kept.at, error)
                except Exception as error:  # a page says so; the next look may succeed
                    traceback.print_exc(file=sys.stderr)
                    said = PromptKafkaError(f"the console failed: {type(error).__name__}")
                    self._kept = Kept(self._kept.value, self._kept.at, said)
                self._made = self._clock.monotonic()
        return self._kept
