"""Environments checked by processes of their own: on every core, and stopped when a chart does not end.

A template can loop for ever and take all memory, and a library cannot be interrupted. A process can.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from prompt_kafka.adapters.checking.read import SCHEMAS, Checked, environment
from prompt_kafka.checks.catalogue import UNREADABLE
from prompt_kafka.checks.finding import Place
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import PromptKafkaError

PATIENCE_S = 20.0
"""For how long one rendering may take; the largest of Phalanx takes a tenth of a second."""

SCHEMAS_S = 600.0
"""For how long the schemas of an operator may take: the first time they are fetched and generated."""

MEMORY = 4 * 2**30
"""Bytes that a process may use."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: str = ""
    at: str = ""
    since: float = 0.0
    broken: list[tuple[str, str]] = field(default_factory=list)


def check(
    top: Path, names: list[str], applications: tuple[str, ...], *, patience: float = PATIENCE_S
) -> Iterator[list[Checked]]:
    """Yield what was found, one environment after the other, in the order in which they end.

    Parameters
    ----------
    names
        Environments.
    applications
        Which applications; all with Strimzi's resources when empty.
    """
    waiting = list(reversed(names))
    workers = [_start(top, applications) for _ in range(min(len(names), os.cpu_count() or 1))]
    try:
        for worker in workers:
            _give(worker, waiting.pop(), [])
        while busy := [worker for worker in workers if worker.task]:
            ready = wait([worker.pipe for worker in busy], timeout=1.0)
            for worker in busy:
                if worker.pipe in ready:
                    found = _hear(worker)
                    if found is not None:
                        yield found
                        worker.task = ""
                        if waiting:
                            _give(worker, waiting.pop(), [])
                        continue
                allowed = SCHEMAS_S if worker.at == SCHEMAS else patience
                late = SYSTEM.monotonic() - worker.since > allowed
                if worker.task and (late or not worker.process.is_alive()):
                    said = (
                        f"it does not end within {patience:g} s" if late else "it ends the process (memory?)"
                    )
                    _stop(worker)
                    fresh = _start(top, applications)
                    _give(fresh, worker.task, [*worker.broken, (worker.at, said)])
                    workers[workers.index(worker)] = fresh
    finally:
        for worker in workers:
            _stop(worker)


def _hear(worker: _Worker) -> list[Checked] | None:
    try:
        kind, value = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join(1.0)
        return None
    worker.since = SYSTEM.monotonic()
    if kind == "at":
        worker.at = value
        return None
    if kind == "error":
        raise value
    return [*value, *(_endless(worker.task, *each) for each in worker.broken)]


def _endless(environment_: str, application: str, said: str) -> Checked:
    folder = application if application == "environments" else f"applications/{application}"
    finding = UNREADABLE.found(
        f"rendering {application} does not work: {said}",
        Place(folder),
        mend="look for a template that loops or a value that multiplies",
    )
    return Checked(environment_, application, (finding,))


def _give(worker: _Worker, task: str, broken: list[tuple[str, str]]) -> None:
    worker.task, worker.broken = task, broken
    worker.at, worker.since = "environments", SYSTEM.monotonic()
    worker.pipe.send((task, tuple(name for name, _ in broken)))


def _start(top: Path, applications: tuple[str, ...]) -> _Worker:
    # A copy of this process is quicker, and safe until Helm's library has threads of its own in it.
    alone = "helm_python" not in sys.modules and threading.active_count() == 1
    context: Any = multiprocessing.get_context("fork" if alone else "spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, top, applications), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _stop(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.kill()
    worker.process.join()


def _work(pipe: Connection, top: Path, applications: tuple[str, ...]) -> None:
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    # What Helm's library says on dying is not for the reader: the parent tells what it was doing.
    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        while True:
            name, broken = pipe.recv()
            if broken and "environments" in broken:
                pipe.send(("done", []))
                continue
            try:
                found = environment(top, name, applications, broken, lambda at: pipe.send(("at", at)))
                pipe.send(("done", found))
            except PromptKafkaError as error:
                pipe.send(("error", error))
    except (EOFError, OSError, KeyboardInterrupt):
        return
