"""What the stories of upgrades share: a lab at some versions, what runs there, traffic, a kill in a roll."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.killing.scene import IDENTITY
from tests.story.conftest import User, wait_until

LONG = 1200.0


@contextmanager
def lab_of(user: User, *words: str) -> Iterator[None]:
    """Give a lab, and remove the private clone of its Git afterwards."""
    user.env |= IDENTITY
    user.run("lab", "up", *words, timeout=600)
    yield
    clones = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prompt-kafka/git"
    for clone in clones.glob("*.git"):
        if str(user.home) in (clone / "config").read_text():
            shutil.rmtree(clone)
            clone.with_name(f"{clone.name}.lock").unlink()


def pods(user: User) -> dict[str, str]:
    """Return the Kafka version of each pod."""
    found = json.loads(
        user.kubectl("get", "pods", "-n", "prompt-kafka", "-l", "strimzi.io/kind=Kafka", "-o", "json")
    )
    return {
        pod["metadata"]["name"]: pod["metadata"]["annotations"]["strimzi.io/kafka-version"]
        for pod in found["items"]
        if "strimzi.io/pool-name" in pod["metadata"]["labels"]
    }


def status_of(user: User) -> dict[str, Any]:
    """Return the status of the Kafka resource."""
    found: dict[str, Any] = json.loads(
        user.kubectl("get", "kafka", "prompt-kafka", "-n", "prompt-kafka", "-o", "json")
    )["status"]
    return found


def finalized(user: User) -> str:
    """Return the metadata level that the brokers have finalized."""
    return str(user.json("upgrade", "kafka")["metadata"])


def done(user: User, *words: str) -> dict[str, Any]:
    """Carry a change out and return its record."""
    record: dict[str, Any] = json.loads(user.run(*words, "--yes", "-o", "json", timeout=LONG).stdout)
    assert record["state"] == "done"
    return record


class Traffic:
    """The service's data flow while something is done; every message accounted for."""

    def __init__(self, user: User) -> None:
        self._process = user.start("lab", "traffic", "--rate", "100", "-o", "json")

    def end(self) -> dict[str, Any]:
        self._process.send_signal(signal.SIGINT)
        out, err = self._process.communicate(timeout=300)
        assert out, err
        report: dict[str, Any] = json.loads(out)
        assert report["checked"], err
        return report


def killed_once_in_the_roll(user: User, *words: str) -> str:
    """Begin a change, kill it with -9 while the pods roll; return the run."""
    process = user.start(*words, "--yes")
    before = set(pods(user).values())
    wait_until(lambda: len(set(pods(user).values()) | before) > 1, 300, "the first pod of another version")
    process.kill()
    process.communicate(timeout=30)
    (run,) = [each for each in user.json("run", "list") if each["state"] == "running"]
    return str(run["id"])
