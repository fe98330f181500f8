"""A lab of the test's own, driven as a user drives it: by the command, in folders that vanish afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.lab import processes


@dataclass
class User:
    """A person at a terminal.

    Attributes
    ----------
    home
        Where their state is; the cache of jars is the machine's, so that a test needs no network.
    """

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "prompt_kafka.cli.main", *words]

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "NO_COLOR": "1",
            **self.env,
        }

    def run(
        self, *words: str, code: int | None = 0, timeout: float = 300, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command; check its exit code unless `code` is None."""
        done = subprocess.run(
            self.command(*words),
            env={**self.environment(), **env},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        if code is not None:
            assert done.returncode == code, (
                f"{' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    def json(self, *words: str, code: int | None = 0) -> Any:
        """Run a command with ``-o json`` and return what it printed."""
        return json.loads(self.run(*words, "-o", "json", code=code).stdout)

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Start a command and go on."""
        return subprocess.Popen(
            self.command(*words),
            env={**self.environment(), **env},
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    @property
    def labs(self) -> Path:
        return self.home / "state" / "prompt-kafka" / "labs"

    def processes(self, name: str = "lab") -> list[processes.Process]:
        """Return every living process of a lab."""
        return processes.marked(self.labs / name)

    def kubectl(self, *words: str, name: str = "lab") -> str:
        done = subprocess.run(
            ["kubectl", "--kubeconfig", str(self.labs / name / "kubeconfig"), *words],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout


def wait_until(condition: Any, timeout: float, what: str) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"{what} did not come within {timeout:.0f} s"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    person = User(tmp_path_factory.mktemp("home"))
    yield person
    for folder in person.labs.glob("*/"):
        person.run("lab", "down", "--purge", "--name", folder.name, code=None)
        processes.stop(processes.marked(folder), 5)
