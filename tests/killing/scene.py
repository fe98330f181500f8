"""A lab in which a run is killed, and an eye on it that counts what was done to it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from prompt_kafka.clients.kinds import APPLICATION, POD, Kind
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.delivery import RUN_INFO, STEP_INFO
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.forge import runs_of
from tests.story.conftest import User

NAMESPACE = "prompt-kafka"
IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}


class Scene:
    """A lab, the person who works on it, and what has happened there since it was opened.

    Attributes
    ----------
    user, kubernetes, bare
        The person, a connection of the test's own, and the bare Git repository that Argo CD follows.
    number
        Counts what was done here, so that names are new each time.
    waiting
        The run that waits for the merge of its pull request.
    """

    def __init__(self, user: User) -> None:
        self.user = user
        self.kubernetes = Kubernetes.connect(user.labs / "lab/kubeconfig")
        self.bare = user.labs / "lab/git/phalanx.git"
        self.number = 0
        self.waiting = ""
        self._uids: dict[str, set[str]] = {}
        self._operations: set[tuple[str, str, str]] = set()
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, args=(kind,), daemon=True) for kind in (POD, APPLICATION)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._closing.set()
        self.kubernetes.close()
        _forget_clones(self.user.home)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", f"--git-dir={self.bare}", *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    # What is counted

    def rolls(self) -> Counter[str]:
        """Return how often each Kafka pod was made anew."""
        return Counter({name: len(uids) - 1 for name, uids in self._uids.items() if len(uids) > 1})

    def roll_events(self) -> Counter[str]:
        """Return how often the operator has told that it rolls each pod."""
        notes = self.user.kubectl(
            "get",
            "events.events.k8s.io",
            "-n",
            NAMESPACE,
            "-o",
            "jsonpath={range .items[*]}{.note}{'\\n'}{end}",
        )
        told = [line.split()[2] for line in notes.splitlines() if line.startswith("Rolling Pod ")]
        return Counter(told)

    def commits(self) -> Counter[str]:
        """Return how many commits of the branch each run has made."""
        form = "--format=%(trailers:key=Prompt-Kafka-Run,valueonly,separator=%x2C)"
        return Counter(line for line in self.git("log", form, "main").splitlines() if line)

    def commits_anywhere(self) -> Counter[str]:
        """Return how many commits each run has made on whatever branch, merges aside."""
        form = "--format=%(trailers:key=Prompt-Kafka-Run,valueonly,separator=%x2C)"
        return Counter(line for line in self.git("log", "--all", "--no-merges", form).splitlines() if line)

    def pull_requests(self) -> Counter[str]:
        """Return how many pull requests bear each run's line."""
        file = self.user.labs / "lab/forge.json"
        told = json.loads(file.read_text()) if file.exists() else []
        return Counter(run for each in told for run in runs_of(each["body"]))

    def operations(self) -> Counter[str]:
        """Return how many operations Argo CD has begun for each step of each run."""
        return Counter(f"{run} {step}" for run, step, _ in self._operations)

    def posts(self) -> Counter[str]:
        """Return how many messages each run has posted for each key, by their metadata, in all channels."""
        found: Counter[str] = Counter()
        for file in (self.user.labs / "lab").glob("slack*.sqlite"):
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as store:
                for (body,) in store.execute("SELECT body FROM messages"):
                    payload = (json.loads(body).get("metadata") or {}).get("event_payload") or {}
                    if payload.get("run"):
                        found[f"{payload['run']} {payload.get('key', '')}"] += 1
        return found

    # How

    def _follow(self, kind: Kind) -> None:
        while not self._closing.is_set():
            try:
                found, version = self.kubernetes.list_at(kind)
                for obj in found:
                    self._note(obj)
                for change, obj in self.kubernetes.watch(kind, resource_version=version, timeout=30):
                    if change != "BOOKMARK":
                        self._note({**obj, "kind": kind.kind})
                    if self._closing.is_set():
                        return
            except (PromptKafkaError, RuntimeError):
                self._closing.wait(0.5)

    def _note(self, obj: dict[str, Any]) -> None:
        if obj["kind"] == "Pod":
            if "strimzi.io/pool-name" in (obj["metadata"].get("labels") or {}):
                self._uids.setdefault(obj["metadata"]["name"], set()).add(obj["metadata"]["uid"])
            return
        state = (obj.get("status") or {}).get("operationState") or {}
        info = {each["name"]: each["value"] for each in (state.get("operation") or {}).get("info") or ()}
        if info.get(RUN_INFO):
            self._operations.add((info[RUN_INFO], info.get(STEP_INFO, ""), state.get("startedAt", "")))


def _forget_clones(home: Path) -> None:
    """Remove the private clones of repositories below a folder from the machine's cache."""
    clones = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prompt-kafka/git"
    for clone in clones.glob("*.git"):
        if str(home) in (clone / "config").read_text():
            shutil.rmtree(clone)
            clone.with_name(f"{clone.name}.lock").unlink()
