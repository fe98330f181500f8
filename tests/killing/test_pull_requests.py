"""A run that opens a pull request, and one that merges it, killed at every point: one commit, one request.

On the lab's API server and the lab's forge alone: no Kafka, seconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from prompt_kafka.core.changes import CommitFiles, FileChange
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.delivered import Committed
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.request import RestartRequest
from prompt_kafka.core.run import RunRecord, RunState
from prompt_kafka.core.service import Environment, PullRequests, Target
from prompt_kafka.lab.forge import Forge
from prompt_kafka.procedures.pull_request import by_pull_request
from prompt_kafka.targets import owner
from tests.contracts.servers import lab_server
from tests.killing.driver import HOOK
from tests.killing.scene import IDENTITY
from tests.killing.test_killing import Place

pytestmark = pytest.mark.lab

FILE = "applications/prompt-kafka/values.yaml"
REQUESTS = Environment("here", delivery="pull-request", pull_request=PullRequests(repository="lab/phalanx"))


class Delivery(Place):
    """A place with a repository, its forge, and an environment whose changes go by pull request."""

    def __init__(self, root: Path, home: Path) -> None:
        super().__init__(root, home)
        self.user.env |= {**IDENTITY, "XDG_CACHE_HOME": str(home / "cache")}
        self.bare = home / "phalanx.git"
        self._git("init", "-q", "--bare", "-b", "main", str(self.bare))
        self._git("clone", "-q", str(self.bare), str(home / "seed"))
        for path in (FILE, "environments/values-here.yaml"):
            (home / "seed" / path).parent.mkdir(parents=True)
            (home / "seed" / path).write_text("a: 1\n")
        for words in (("add", "."), ("commit", "-q", "-m", "seed"), ("push", "-q", "origin", "HEAD:main")):
            self._git("-C", str(home / "seed"), *words)
        self.forge = Forge(home / "forge", self.bare, 0)
        self.forge.start()
        told = json.loads((home / "service.yaml").read_text())
        told["environments"]["here"] |= {
            "repository": str(self.bare),
            "delivery": "pull-request",
            "pull_request": {
                "repository": "lab/phalanx",
                "url": self.forge.url,
                "token_file": str(home / "forge/forge-token"),
                "merge": "run",
            },
        }
        (home / "service.yaml").write_text(json.dumps(told))

    def close(self) -> None:
        self.forge.stop()
        super().close()

    def _git(self, *words: str) -> str:
        env = {**os.environ, **IDENTITY}
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True, env=env).stdout

    def begin_change(self, text: str) -> RunRecord:
        """Keep a run that nobody carries out yet; it changes a file by pull request."""
        before = self._git("-C", str(self.bare), "show", f"main:{FILE}")
        commit = CommitFiles(self.bare.as_uri(), "main", "Change a value", (FileChange(FILE, before, text),))
        blobs = tuple((each.path, each.blobs[1]) for each in commit.files)
        step = Step("commit", "why", commit, proof=(Committed("main", blobs),), undo=commit.undone)
        here = replace(REQUESTS, pull_request=replace(REQUESTS.pull_request, url=self.forge.url))
        target = Target("here", False, "lab", "prompt-kafka", "")
        plan = by_pull_request(Plan("change", target, "change a value", (step,)), here)
        at = SYSTEM.now()
        name = f"{at:%Y%m%d-%H%M%S-%f}"
        record = RunRecord.begin(name, plan.marked(name), owner(), at, RestartRequest())
        self.store.create(record)
        return record

    def commits(self, branch: str) -> list[str]:
        """Return the runs of the commits on a branch."""
        form = "--format=%(trailers:key=Prompt-Kafka-Run,valueonly)"
        return self._git("-C", str(self.bare), "log", "--no-merges", form, branch).split()

    def drive(self, visited: Path, how: str, *words: str, dies: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command that ends itself at the next point, or at one only."""
        where = ("-e", "here", "--config", str(self.user.home / "service.yaml"))
        hook = json.dumps([dies, "sh", "-c", "kill -9 $PPID"]) if dies else "[]"
        path = ":".join(each for each in sys.path if each)
        return subprocess.run(
            [sys.executable, "-m", "tests.killing.driver", str(visited), how, *words, *where],
            env={**self.user.environment(), "PYTHONPATH": path, HOOK: hook},
            cwd=self.user.home,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    with lab_server(tmp_path_factory.mktemp("api")) as api:
        found = Delivery(api.root, tmp_path_factory.mktemp("home"))
        yield found
        found.close()


def _killed_everywhere(delivery: Delivery, run: str, visited: Path) -> str:
    while (done := delivery.drive(visited, "SIGKILL", "run", "resume", run)).returncode != 0:
        if delivery.store.load(run).state is RunState.DONE:
            break
        said = f"{visited.read_text()}{done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == -signal.SIGKILL, said
        assert len(visited.read_text().splitlines()) < 200
    points = visited.read_text()
    print(points)
    return points


@pytest.mark.slow
def test_killed_everywhere_one_pull_request_is_opened_and_merged(delivery: Delivery, tmp_path: Path) -> None:
    run = delivery.begin_change("a: 2\n")
    points = _killed_everywhere(delivery, run.id, tmp_path / "opening")
    for each in ("after git push", "before OpenPullRequest", "after github POST pulls"):
        assert each in points
    record = delivery.store.load(run.id)
    (pull,) = delivery.forge.pulls.all()
    assert (pull.state, pull.base) == ("open", "main")
    assert delivery.commits(pull.head) == [run.id]
    assert record.because == f"waits for the merge of {pull.head} into main"
    assert record.steps[1].evidence == (f"pull request #1 is open: {delivery.forge.site}/lab/phalanx/pull/1",)
    _merged(delivery, record, tmp_path)


def _merged(delivery: Delivery, record: RunRecord, tmp_path: Path) -> None:
    """Merge it by a run, killed everywhere."""
    from prompt_kafka.adapters.forge import Forge as Client
    from prompt_kafka.adapters.forge_http import ForgeHttp
    from prompt_kafka.core.forge import Project
    from prompt_kafka.core.world import RequestsOf, Seen, World
    from prompt_kafka.procedures.pull_request import merging

    (pull,) = delivery.forge.pulls.all()
    client = Client(Project("x", "lab", "phalanx"), ForgeHttp(delivery.forge.url, delivery.forge.token))
    client.look(pull.head, "main")
    now = SYSTEM.now()
    seen = {RequestsOf(pull.head, "main"): Seen(client.look(pull.head, "main"), now)}
    client.end()
    world = World(record.plan.target, now, requests=seen)
    environment = replace(REQUESTS, pull_request=replace(REQUESTS.pull_request, merge="run"))
    plan = merging(record, world, environment)
    assert plan is not None
    name = f"{now:%Y%m%d-%H%M%S-%f}-merge"
    delivery.store.create(RunRecord.begin(name, plan.marked(name), owner(), now, continues=record.id))
    points = _killed_everywhere(delivery, name, tmp_path / "merging")
    for each in ("before github PUT", "after github PUT", "after github DELETE"):
        assert each in points
    assert delivery.forge.pulls.get(1).merged_at
    assert delivery.forge.pulls.commit(pull.head) == ""
    assert delivery.commits("main").count(record.id) == 1
    assert delivery._git("-C", str(delivery.bare), "show", f"main:{FILE}") == "a: 2\n"
    assert delivery._git("-C", str(delivery.bare), "log", "--merges", "--format=%s", "main").count("\n") == 1


def test_aborted_its_pull_request_is_closed_and_its_branch_gone(delivery: Delivery, tmp_path: Path) -> None:
    run = delivery.begin_change("a: 3\n")
    opened = "after github POST pulls"
    dead = delivery.drive(tmp_path / "visited", "none", "run", "resume", run.id, dies=opened)
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    pull = delivery.forge.pulls.all()[0]
    assert (pull.state, run.id in pull.body) == ("open", True)
    done = delivery.drive(tmp_path / "other", "none", "run", "abort", run.id, "--take-over", "it was killed")
    assert done.returncode == 0, done.stderr
    assert "undoing: open a pull request" in done.stdout
    assert delivery.forge.pulls.all()[0].state == "closed"
    assert delivery.forge.pulls.commit(pull.head) == ""
    assert delivery.store.load(run.id).state is RunState.ABORTED


def test_closed_by_a_person_the_run_stops_with_what_was_said(delivery: Delivery, tmp_path: Path) -> None:
    run = delivery.begin_change("a: 4\n")
    opened = "after github POST pulls"
    dead = delivery.drive(tmp_path / "visited", "none", "run", "resume", run.id, dies=opened)
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    pull = delivery.forge.pulls.all()[0]
    delivery.forge.pulls.change(pull.number, user="grace", state="closed")
    with delivery.forge.pulls.changing():
        pull.comments.append(("grace", "not this week"))
    done = delivery.drive(tmp_path / "other", "none", "run", "resume", run.id)
    assert done.returncode == 6, f"{done.stdout}\n{done.stderr}"
    assert "was closed without a merge by grace: not this week" in done.stderr
    assert "reopen it" in done.stderr
    assert [each.state for each in delivery.forge.pulls.all() if each.head == pull.head] == ["closed"]


def test_continue_says_what_it_waits_for_and_merges_when_it_may(delivery: Delivery, tmp_path: Path) -> None:
    visited, rules = tmp_path / "visited", delivery.forge.pulls.rules
    run = delivery.begin_change("a: 5\n")
    done = delivery.drive(visited, "none", "run", "resume", run.id)
    assert done.returncode == 0, done.stderr
    pull = delivery.forge.pulls.all()[0]
    assert f"pull request #{pull.number} is open: {delivery.forge.site}" in done.stdout
    rules.reviews = 1
    early = delivery.drive(visited, "none", "run", "continue", run.id, "--yes")
    assert early.returncode == 6, early.stderr
    assert f"pull request #{pull.number} is not merged yet: " in early.stderr
    assert "or give --wait 2h" in early.stderr
    waited = delivery.drive(visited, "none", "run", "continue", run.id, "--yes", "--wait", "1s")
    assert waited.returncode == 5, waited.stderr
    assert "waited in vain" in waited.stderr and "such as an approving review" in waited.stdout
    pull.reviews.append(("grace", "CHANGES_REQUESTED"))
    asked = delivery.drive(visited, "none", "run", "continue", run.id, "--yes", "--wait", "1h")
    assert asked.returncode == 6, asked.stderr
    assert "changes are asked for by grace" in asked.stderr, "waiting would not help"
    pull.reviews.append(("grace", "APPROVED"))
    planned = delivery.drive(visited, "none", "run", "continue", run.id, "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert f"1. merge pull request #{pull.number} into main" in planned.stdout
    assert f"by hand: gh pr merge {pull.number} --repo 127.0.0.1:" in planned.stdout
    assert not delivery.forge.pulls.get(pull.number).merged_at
    went_on = delivery.drive(visited, "none", "run", "continue", run.id, "--yes")
    assert delivery.forge.pulls.get(pull.number).merged_at, went_on.stderr
    assert "Traceback" not in went_on.stderr
    assert went_on.returncode == 4, f"the rest is planned, and there are no brokers: {went_on.stderr}"
    assert delivery.forge.token not in "".join((done.stdout, waited.stdout, went_on.stdout, went_on.stderr))
    rules.reviews = 0
