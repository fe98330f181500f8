"""What every controller of the lab stands on: a queue of keys, and the loop that looks at them.

With :mod:`prompt_kafka.lab.informer` the two pieces that Kubernetes' own controllers use, in their smallest
useful form: an informer mirrors the objects of one kind, and a :class:`Controller` is told which object to
look at and decides again from the whole, so a lost or doubled notice never matters.
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from prompt_kafka.clients.kubernetes import KubernetesError, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab.informer import Key, Listener, key_of

log = logging.getLogger(__name__)


class Queue:
    """Keys to look at, each at most once, some of them later."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._due: list[tuple[float, Key]] = []
        self._when: dict[Key, float] = {}
        self._busy: set[Key] = set()
        self._again: dict[Key, float] = {}
        self._condition = threading.Condition()
        self._closed = False

    def add(self, key: Key, after: float = 0.0) -> None:
        """Look at `key` in `after` seconds, or sooner when that was asked for already."""
        when = self._clock.monotonic() + after
        with self._condition:
            if key in self._busy:
                self._again[key] = min(when, self._again.get(key, when))
                return
            if self._when.get(key, float("inf")) <= when:
                return
            self._when[key] = when
            heapq.heappush(self._due, (when, key))
            self._condition.notify()

    def take(self) -> Key | None:
        """Return the next key that is due, waiting for it; None when the queue is closed."""
        with self._condition:
            while not self._closed:
                while self._due and self._when.get(self._due[0][1]) != self._due[0][0]:
                    heapq.heappop(self._due)
                if not self._due:
                    self._condition.wait()
                    continue
                left = self._due[0][0] - self._clock.monotonic()
                if left > 0:
                    self._condition.wait(left)
                    continue
                _, key = heapq.heappop(self._due)
                del self._when[key]
                self._busy.add(key)
                return key
            return None

    def done(self, key: Key) -> None:
        """Say that a taken key has been looked at; one key is never looked at twice at once."""
        with self._condition:
            self._busy.discard(key)
            again = self._again.pop(key, None)
        if again is not None:
            self.add(key, max(0.0, again - self._clock.monotonic()))

    def close(self) -> None:
        """Let every `take` return None."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()


class Controller:
    """A loop that brings objects, named by key, to what they ought to be.

    Parameters
    ----------
    name
        For logs and thread names.
    reconcile
        Looks at one key and acts. Returns seconds after which to look again, or None.
        An exception is logged and tried again with back-off.
    resync
        Seconds after which every key of `keys` is looked at again without a change; None for never.
    keys
        Lists the keys for `resync`.
    workers
        How many different keys may be looked at at once.
    """

    def __init__(
        self,
        name: str,
        reconcile: Callable[[Key], float | None],
        *,
        resync: float | None = None,
        keys: Callable[[], Iterable[Key]] = tuple,
        workers: int = 1,
        clock: Clock = SYSTEM,
    ) -> None:
        self.name = name
        self.queue = Queue(clock)
        self._reconcile = reconcile
        self._resync = resync
        self._keys = keys
        self._clock = clock
        self._failures: dict[Key, int] = {}
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(workers)
        ]
        if resync is not None:
            self._threads.append(threading.Thread(target=self._tick, name=f"{name}-timer", daemon=True))

    def add(self, key: Key, after: float = 0.0) -> None:
        """Ask for a look at `key`."""
        self.queue.add(key, after)

    def enqueue(self, _event: str, obj: Object) -> None:
        """Ask for a look at an object: a listener for :meth:`Informer.on_change`."""
        self.queue.add(key_of(obj))

    def enqueue_owner(self, kind: str) -> Listener:
        """Return a listener that asks for a look at an object's owner of `kind`."""

        def listener(_event: str, obj: Object) -> None:
            for owner in obj["metadata"].get("ownerReferences", ()):
                if owner["kind"] == kind:
                    self.queue.add((obj["metadata"].get("namespace", ""), owner["name"]))

        return listener

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Stop after the looks that are under way."""
        self._stopping.set()
        self.queue.close()
        end = self._clock.monotonic() + timeout
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(max(0.0, end - self._clock.monotonic()))

    @property
    def stopping(self) -> threading.Event:
        """Set when the controller is to stop; long waits inside a look should heed it."""
        return self._stopping

    def _tick(self) -> None:
        assert self._resync is not None
        while not self._clock.sleep(self._resync, self._stopping):
            for key in self._keys():
                self.queue.add(key)

    def _work(self) -> None:
        while (key := self.queue.take()) is not None:
            after: float | None
            try:
                after = self._reconcile(key)
                self._failures.pop(key, None)
            except Exception as error:
                count = self._failures[key] = self._failures.get(key, 0) + 1
                after = min(0.02 * 2**count, 5.0)
                self._report(key, error, count)
            self.queue.done(key)
            if after is not None and not self._stopping.is_set():
                self.queue.add(key, after)

    def _report(self, key: Key, error: Exception, count: int) -> None:
        if self._stopping.is_set():
            return
        where = "/".join(part for part in key if part)
        if isinstance(error, PromptKafkaError):
            level = logging.DEBUG if isinstance(error, KubernetesError) and count < 4 else logging.WARNING
            log.log(level, "%s: %s: %s (try %d)", self.name, where, error, count)
        else:
            log.error("%s: %s failed (try %d)", self.name, where, count, exc_info=error)


def owner_reference(owner: Object, *, controller: bool = True, block: bool = True) -> dict[str, Any]:
    """Return the reference by which an object belongs to `owner`."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": controller,
        "blockOwnerDeletion": block,
    }
