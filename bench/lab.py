"""A lab for a benchmark: driven by the command, in a state folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.by_hand import rss_mb
from prompt_kafka.lab import processes


@dataclass(frozen=True)
class Lab:
    """A state folder and the command that works on it."""

    home: Path

    def run(self, *words: str) -> str:
        return subprocess.run(
            _command(*words), env=self._env, check=True, capture_output=True, text=True, timeout=600
        ).stdout

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            _command(*words), env=self._env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    @property
    def _env(self) -> dict[str, str]:
        return {**os.environ, "XDG_STATE_HOME": str(self.home), "NO_COLOR": "1"}

    @property
    def root(self) -> Path:
        return self.home / "prompt-kafka" / "labs" / "lab"

    def memory_mb(self) -> tuple[float, float]:
        """Return the memory of the Kafka nodes and of everything else of the lab, in MB (PSS)."""
        kafka = other = 0.0
        for process in processes.marked(self.root):
            if b"kafka.Kafka" in Path(f"/proc/{process.pid}/cmdline").read_bytes():
                kafka += rss_mb(process.pid)
            else:
                other += rss_mb(process.pid)
        return kafka, other


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "prompt_kafka.cli.main", *words]


@contextmanager
def lab() -> Iterator[Lab]:
    """Give a lab that is not up yet; purge it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="bench-lab-"))
    made = Lab(home)
    try:
        yield made
    finally:
        if made.root.exists():
            made.run("lab", "down", "--purge")
        shutil.rmtree(home, ignore_errors=True)
