"""A lab in which downtimes are brought about and ended, and what is left of the messages is counted."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.factory import session
from prompt_kafka.lab.traffic.settings import RESULTS
from prompt_kafka.targets import TargetOptions
from tests.story.conftest import User, wait_until
from tests.story.downtimes import (
    ALONE_S,
    BROKERS,
    CONTROLLERS,
    HEAD_START_S,
    NEEDS_HELP,
    NODES,
    PATIENCE_S,
    Order,
)


class Lab:
    """The lab on which they happen.

    Parameters
    ----------
    user
        At whose terminal everything is typed.
    evidence
        Folder to which the nodes' logs are copied when a downtime did not end as it should.
    """

    def __init__(self, user: User, evidence: Path | None = None) -> None:
        self.user = user
        self._evidence = evidence

    def downtime(self, order: Order) -> dict[str, Any]:
        """Bring a downtime about, have it ended, and return what happened."""
        began = time.monotonic()
        found: dict[str, Any] = {**asdict(order), "nodes": [f"{node} +{wait}" for node, wait in order.nodes]}
        if order.kind in NEEDS_HELP:
            found["alone"] = self._needs_help(order)
            done = self._startup()
        else:
            done, found["cuts"] = self._power_loss(order)
        status = self.user.json("status", code=None)
        found |= {
            "exit": done.returncode,
            "healthy": status["healthy"],
            "why": "" if status["healthy"] else _why(status),
        }
        found["seconds"] = round(time.monotonic() - began, 1)
        record = json.loads(done.stdout) if done.stdout.strip().startswith("{") else {}
        steps = (record.get("plan") or {}).get("steps") or []
        found["acted"] = [
            step["title"]
            for step, state in zip(steps, record.get("steps") or [], strict=False)
            if state["acted"] or any("asked again" in line for line in state["evidence"])
        ]
        found["startup_s"] = _seconds(record)
        if done.returncode:
            said = done.stderr.strip()
            found["said"] = said[max(0, said.find("\nerror: ")) :].strip()[-4000:]
        return found

    def keep_evidence(self, order: Order, found: dict[str, Any]) -> None:
        """Copy the logs of the nodes and what was found to a folder, where there is one for that."""
        if self._evidence is None:
            return
        folder = self._evidence / str(order.seed)
        shutil.copytree(self.user.labs / "lab/pods", folder, ignore=_but_logs, dirs_exist_ok=True)
        (folder / "found.json").write_text(json.dumps(found, indent=1))

    def _needs_help(self, order: Order) -> str:
        user = self.user
        if order.kind == "wedged quorum":
            user.run("lab", "faults", "wedge-quorum")
        elif order.kind == "frozen broker":
            user.run("lab", "faults", "freeze", order.victim)
        elif order.kind == "operator at zero":
            user.run("lab", "faults", "operator-down")
            user.kubectl("delete", "pod", order.victim, "-n", "prompt-kafka", "--wait=false")
        else:
            accept = ("--accept", "snapshot-age", "--accept", "producers")
            user.run("cold-shutdown", "--graceful", "--yes", *accept, timeout=PATIENCE_S)
        wait_until(lambda: not user.json("status", code=None)["healthy"], 60, "the downtime")
        SYSTEM.sleep(ALONE_S)
        return "healed alone" if user.json("status", code=None)["healthy"] else "did not heal"

    def _power_loss(self, order: Order) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        cut: tuple[str, ...] = ()
        if order.kind == "cut tails":
            order = replace(order, nodes=self._the_poorest_first(order.victim))
            cut = ("--cut-tail", str(order.seed), "--minority", order.victim)
        if order.others_first:
            others = [name for name in BROKERS if name != order.victim]
            self.user.run("lab", "faults", "hold", *others)
            wait_until(lambda: self._in_sync() == {order.victim}, 60, "the others out of sync")
        out = self.user.run("lab", "faults", "power-loss", *cut, "-o", "json").stdout
        cuts = [
            f"{c['pod']} {c['topic']}-{c['partition']} {c['first']}-{c['end']}"
            for c in json.loads(out)["cuts"]
        ]
        if order.others_first:
            self.user.run("lab", "faults", "release", "hold")  # a pod's name is its machine's too
        if order.blank:
            self.user.run("lab", "faults", "blank-disk", order.blank)
        if order.recovering:
            self.user.run("lab", "faults", "long-recovery", order.recovering, "--seconds", "4")
        if order.names_late_s:
            self.user.run("lab", "faults", "dns-late")
        with ThreadPoolExecutor(1) as pool:
            back = pool.submit(self._power_back, order)
            if not order.asked_first:
                back.result()
            done = self._startup()
            back.result()
        return done, cuts

    def _in_sync(self) -> set[str]:
        """Return the brokers that are in sync for any partition of the results."""
        with self.kafka() as connection:
            (topic,) = [each for each in connection.topics() if each.name == RESULTS]
        return {f"prompt-kafka-kafka-{node}" for each in topic.partitions for node in each.in_sync}

    def _the_poorest_first(self, victim: str) -> tuple[tuple[str, float], ...]:
        """Return the machines: the controllers' and the one whose broker lost its tails, then the others.

        The first of a partition's in-sync replicas that comes back leads it, also when it has lost most.
        """
        where = "jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName}{'\\n'}{end}"
        told = self.user.kubectl(
            "get", "pods", "-n", "prompt-kafka", "-l", "strimzi.io/kind=Kafka", "-o", where
        )
        host = dict(line.split() for line in told.splitlines())
        first = [host[name] for name in (*CONTROLLERS, victim)]
        others = [node for node in NODES if node not in first]
        return (*((node, 0.0) for node in first), (others[0], HEAD_START_S), *((n, 0.0) for n in others[1:]))

    def _power_back(self, order: Order) -> None:
        together: list[str] = []
        for node, wait in order.nodes:
            if wait and together:
                self.user.run("lab", "faults", "release", *together)
                together = []
            SYSTEM.sleep(wait)
            together.append(node)
        self.user.run("lab", "faults", "release", *together)
        if order.names_late_s:
            SYSTEM.sleep(order.names_late_s)
            self.user.run("lab", "faults", "release", "dns-late")

    def _startup(self) -> subprocess.CompletedProcess[str]:
        """Start, and end a start that hangs; what it was waiting for is in what it says."""
        process = self.user.start("cold-startup", "--yes", "-o", "json")
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            again = self.user.run("cold-startup", "--dry-run", code=None)
            err += f"hung for {PATIENCE_S:.0f} s\n{out}\n{again.stdout}{again.stderr}"
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @contextmanager
    def traffic(self, rate: float) -> Iterator[dict[str, Any]]:
        """Have the data flow, and fill in its account at the end."""
        account: dict[str, Any] = {}
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background; children would inherit it
            signal.signal(signal.SIGINT, signal.default_int_handler)
        flow = self.user.start("lab", "traffic", "--rate", f"{rate:g}", "-o", "json")
        try:
            SYSTEM.sleep(4)
            yield account
        finally:
            flow.send_signal(signal.SIGINT)
            out, err = flow.communicate(timeout=300)
        account |= json.loads(out) if out.strip() else {"failed to report": err[-1000:]}

    @contextmanager
    def kafka(self) -> Iterator[KafkaConnection]:
        """Connect to the brokers, to read."""
        config = self.user.labs / "lab" / "service.yaml"
        with session(TargetOptions(environment="lab", config=config)) as service:
            yield service.kafka()

    def await_watermarks(self) -> None:
        """Wait until every broker has written down that everybody has everything: every five seconds."""
        with self.kafka() as connection:
            ends = {f"{RESULTS} {each.partition} {each.end}" for each in connection.offsets(RESULTS)}
        files = tuple((self.user.labs / "lab/volumes").glob("*/*/kafka-log*/replication-offset-checkpoint"))
        assert len(files) >= len(BROKERS), files
        wait_until(
            lambda: sum(ends <= set(file.read_text().splitlines()) for file in files) >= len(BROKERS),
            60,
            "the high watermarks on every disk",
        )

    def sequences(self) -> Counter[tuple[int, str, int]]:
        """Return how often each sequence number of each run of traffic is in each partition."""
        found: Counter[tuple[int, str, int]] = Counter()
        with self.kafka() as connection:
            for offsets in connection.offsets(RESULTS):
                position = offsets.start
                while position < offsets.end:
                    fetched = connection.fetch(
                        RESULTS, offsets.partition, position, committed=False, wait=1.0
                    )
                    assert fetched.next_offset > position
                    for record in fetched.records():
                        mark = json.loads(record.value or b"{}")["traffic"]
                        found[offsets.partition, mark["run"], mark["sequence"]] += 1
                    position = fetched.next_offset
        return found


def _but_logs(folder: str, names: list[str]) -> list[str]:
    """Leave out of a pod's folder everything but its logs."""
    return ["rootfs", "container.json"] if "logs" in names else []


def _why(status: dict[str, Any]) -> str:
    return "; ".join(problem["what"] for problem in status["problems"])[:500]


def _seconds(record: dict[str, Any]) -> float | None:
    if "started" not in record:
        return None
    begin, end = datetime.fromisoformat(record["started"]), datetime.fromisoformat(record["updated"])
    return round((end - begin).total_seconds(), 1)
