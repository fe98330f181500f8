"""Runs a command of the product in this process, which ends itself at the first point not visited yet.

``python -m tests.killing.driver VISITED SIGNAL WORD…``. Nothing is mocked: the product's own functions are
called through; only, before and after each of them this process may send itself the signal. Points are

* before and after the run's record is created or saved, named by the states of its steps;
* before and after each action, each object that is written, each commit, push and post, each request that
  changes something at the forge;
* after the k-th look of each stage (the look before a step, and the looks of its wait).

The points are written down before dying, so a run that is resumed over and over dies once at every one.
With ``none`` for the signal it lives, and may run a command at one point (`HOOK`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

LOOKS = (1, 2, 5, 10, 20, 40)
"""After which looks of one stage it dies."""

LETTERS = {"pending": "-", "intended": "i", "acted": "a", "proved": "p"}

HOOK = "PROMPT_KAFKA_TEST_HOOK"
"""A JSON list: the end of a point's name, and the command that is run when it is reached."""


class Points:
    """The points that were visited, in a file that outlives the process."""

    def __init__(self, file: Path, number: signal.Signals | None) -> None:
        self._file, self._signal = file, number
        self._visited = set(file.read_text().splitlines()) if file.exists() else set()
        self._sent = False
        self._stage = "-"
        self._looks = 0
        self._main = threading.main_thread()
        self._hook: list[str] = json.loads(os.environ.get(HOOK, "[]"))

    def reach(self, point: str) -> None:
        """Die here, unless this process or one before it did so already."""
        name = f"{self._stage} {point}"
        if self._sent or name in self._visited or threading.current_thread() is not self._main:
            return
        if self._hook and name.endswith(self._hook[0]):
            subprocess.run(self._hook[1:], check=True, capture_output=True)
            self._hook = []
        self._visited.add(name)
        with self._file.open("a") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        if self._signal is not None:
            self._sent = True
            os.kill(os.getpid(), self._signal)

    def around(self, function: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        """Return a function with a point before and one after it."""

        @wraps(function)
        def through(*args: Any, **kwargs: Any) -> Any:
            point = name(*args, **kwargs)
            if not point:
                return function(*args, **kwargs)
            self.reach(f"before {point}")
            done = function(*args, **kwargs)
            self.reach(f"after {point}")
            return done

        return through

    def keeping(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that keeps a record, with points around it; the record names the stage."""

        @wraps(function)
        def through(store: Any, record: Any) -> Any:
            stage = f"{record.state.value}:" + "".join(LETTERS[step.state.value] for step in record.steps)
            self.reach(f"before keep {stage}")
            done = function(store, record)
            self._stage, self._looks = stage, 0
            self.reach("after keep")
            return done

        return through

    def looking(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that looks, with a point after some of its calls."""

        @wraps(function)
        def through(observer: Any, parts: Any) -> Any:
            world = function(observer, parts)
            if not observer._reads_only:
                self._looks += 1
                if self._looks in LOOKS:
                    self.reach(f"after look {self._looks}")
            return world

        return through


def _written(verb: str) -> Callable[..., str]:
    def name(_: Any, *args: Any, **kwargs: Any) -> str:
        if kwargs.get("dry_run"):
            return ""
        if isinstance(args[0], dict):
            return f"{verb} {args[0]['kind']} {_plain(args[0]['metadata']['name'])}"
        return f"{verb} {args[0].kind} {_plain(args[1])}"

    return name


def _plain(name: str) -> str:
    """Return a name that is the same in every run: a run's record is named by its time."""
    return "of the run" if name.startswith("prompt-kafka-run-") else name


def _git(*arguments: str, **_: Any) -> str:
    return next((f"git {word}" for word in ("commit", "push") if word in arguments), "")


def _below(path: str) -> str:
    """Return what is asked of a repository at the forge, the same for every pull request and branch."""
    return "/".join(part for part in path.split("/")[4:6] if not part.isdigit())


def main() -> None:
    number = None if sys.argv[2] == "none" else signal.Signals[sys.argv[2]]
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:  # a suite in a shell's background
        signal.signal(number, signal.default_int_handler)
    points = Points(Path(sys.argv[1]), number)
    sys.argv = ["prompt-kafka", *sys.argv[3:]]
    from prompt_kafka import wiring
    from prompt_kafka.adapters import git_commit
    from prompt_kafka.adapters.forge_http import ForgeHttp
    from prompt_kafka.adapters.observe import Observer
    from prompt_kafka.adapters.runs import RunStore
    from prompt_kafka.adapters.slack import Slack
    from prompt_kafka.cli.main import main as command
    from prompt_kafka.clients.kubernetes import Kubernetes

    changed: Any = RunStore
    changed.create = points.keeping(RunStore.create)
    changed.save = points.keeping(RunStore.save)
    changed = Observer
    changed.observe = points.looking(Observer.observe)
    changed = Kubernetes
    for verb in ("create", "patch", "replace", "delete"):
        setattr(changed, verb, points.around(getattr(Kubernetes, verb), _written(verb)))
    changed = Slack
    changed.post = points.around(Slack.post, lambda _, channel, text, mark, *__, **___: f"post {mark[1]}")
    changed = ForgeHttp
    changed.send = points.around(ForgeHttp.send, lambda _, how, path, *__: f"github {how} {_below(path)}")
    changed = wiring
    changed.perform = points.around(wiring.perform, lambda action, *_, **__: f"{type(action).__name__}")
    changed = git_commit
    changed.run = points.around(git_commit.run, _git)
    command()


if __name__ == "__main__":
    main()
