"""Seeded downtimes of a lab, each ended by ``cold-startup``, every message of the data flow accounted for.

Run it: ``python -m tests.story.cold_orders --out tests/story/results/cold_orders.json``; with ``--add FILE``
it goes on where an earlier part ended.
One lab serves them all. Traffic flows through several downtimes in a row, with one account at its end; where
tails are cut off there is one account for each downtime, by sequence number, read before and after.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.factory import session
from prompt_kafka.lab.traffic.settings import RESULTS
from prompt_kafka.targets import TargetOptions
from tests.story.conftest import User, wait_until

NODES = tuple(f"lab-node-{number}" for number in range(6))
CONTROLLERS = tuple(f"prompt-kafka-controller-{number}" for number in range(3))
BROKERS = tuple(f"prompt-kafka-kafka-{number}" for number in (3, 4, 5))
NEEDS_HELP = ("wedged quorum", "frozen broker", "operator at zero", "shut down")
"""Downtimes that do not end by themselves."""

ALONE_S = 8.0
"""So long it is watched that a downtime does not end by itself."""
HEAD_START_S = 20.0
"""So much earlier the broker that lost its tails is back than those that have everything."""
TOGETHER = 6
"""Downtimes through which one run of traffic flows."""
PATIENCE_S = 420.0


@dataclass(frozen=True, slots=True)
class Order:
    """One downtime.

    Attributes
    ----------
    kind
        ``power loss``, ``cut tails`` or one of `NEEDS_HELP`.
    nodes
        In which order the machines come back, and seconds before each; 0 is with the one before.
    names_late_s
        For how long names do not resolve after the power is back; 0 for not at all.
    blank, recovering
        The controller whose disk is empty, the broker whose log recovery is long; empty for none.
    asked_first
        ``cold-startup`` is begun before any machine is back.
    victim
        The broker that is frozen, or deleted while there is no operator, or that loses its tails.
    """

    seed: int
    kind: str
    nodes: tuple[tuple[str, float], ...] = ()
    names_late_s: float = 0.0
    blank: str = ""
    recovering: str = ""
    asked_first: bool = False
    victim: str = ""


def orders(seed: int, count: int) -> Iterator[Order]:
    """Yield so many downtimes: every fourth one does not end by itself, every tenth one cuts tails off."""
    for number in range(count):
        own = seed * 1000 + number
        dice = random.Random(own)
        if number % 4 == 3:
            kind = NEEDS_HELP[number // 4 % len(NEEDS_HELP)]
            yield Order(own, kind, victim=dice.choice(BROKERS))
            continue
        nodes = [
            (node, round(dice.choice((0.0, 0.0, 0.3, 1.0)), 1)) for node in dice.sample(NODES, len(NODES))
        ]
        kind = "cut tails" if number % 10 == 8 else "power loss"
        if kind == "cut tails":
            yield Order(own, kind, victim=dice.choice(BROKERS), asked_first=True)
            continue
        yield Order(
            own,
            kind,
            tuple(nodes),
            names_late_s=dice.choice((0.0, 0.0, 4.0)),
            blank=dice.choice(("", "", dice.choice(CONTROLLERS))),
            recovering=dice.choice(("", "", dice.choice(BROKERS))),
            asked_first=dice.random() < 0.5,
        )


Keep = Callable[[dict[str, Any]], None]


class Lab:
    """The lab on which they happen.

    Parameters
    ----------
    user
        At whose terminal everything is typed.
    """

    def __init__(self, user: User) -> None:
        self.user = user

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
            found["said"] = done.stderr.strip()[-2000:]
        return found

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
        out = self.user.run("lab", "faults", "power-loss", *cut, "-o", "json").stdout
        cuts = [
            f"{c['pod']} {c['topic']}-{c['partition']} {c['first']}-{c['end']}"
            for c in json.loads(out)["cuts"]
        ]
        if order.blank:
            self.user.run("lab", "faults", "blank-disk", order.blank)
        if order.recovering:
            self.user.run("lab", "faults", "long-recovery", order.recovering, "--seconds", "4")
        if order.names_late_s:
            self.user.run("lab", "faults", "dns-late")
        back = threading.Thread(target=self._power_back, args=(order,))
        if not order.asked_first:
            back.start()
            back.join()
            return self._startup(), cuts
        back.start()
        done = self._startup()
        back.join()
        return done, cuts

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
        return self.user.run("cold-startup", "--yes", "-o", "json", code=None, timeout=PATIENCE_S)

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


def _why(status: dict[str, Any]) -> str:
    return "; ".join(problem["what"] for problem in status["problems"])[:500]


def _seconds(record: dict[str, Any]) -> float | None:
    if "started" not in record:
        return None
    begin, end = datetime.fromisoformat(record["started"]), datetime.fromisoformat(record["updated"])
    return round((end - begin).total_seconds(), 1)


def with_traffic(
    lab: Lab, chosen: list[Order], rate: float = 120.0
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Run downtimes while the data flows; return what happened, and the account."""
    with lab.traffic(rate) as account:
        found = []
        for order in chosen:
            found.append(lab.downtime(order))
            SYSTEM.sleep(1)
    return found, account


def with_cut_tails(lab: Lab, order: Order) -> dict[str, Any]:
    """Cut tails off once the data has come to rest; return the loss by sequence number and as reported."""
    out = lab.user.run("lab", "traffic", "--rate", "400", "--duration", "4s", "-o", "json", code=None).stdout
    account = json.loads(out)
    SYSTEM.sleep(7)  # the high watermarks are written down every five seconds
    before = lab.sequences()
    found = lab.downtime(order)
    lost = before - lab.sequences()
    found["acknowledged"] = account["acknowledged"]
    by_partition = Counter(f"{RESULTS}-{partition}" for partition, _, _ in lost.elements())
    found["lost_by_sequence"] = dict(sorted(by_partition.items()))
    found["lost_as_reported"] = reported(found.get("said", ""))
    if found["exit"]:
        again = lab.user.run("cold-startup", "--yes", "--accept", "loss", code=None, timeout=PATIENCE_S)
        found["accepted_exit"] = again.returncode
    return found


def reported(said: str) -> dict[str, int]:
    """Return the certain losses of the results' partitions that a stopped start names."""
    found: dict[str, int] = {}
    for part in said.replace("\n", " ").split(";"):
        words = part.split(f"{RESULTS}-")
        if len(words) == 2 and words[1][:1].isdigit() and ":" in words[1]:
            partition, _, rest = words[1].partition(":")
            found[f"{RESULTS}-{partition}"] = int(rest.split()[0].rstrip(","))
    return dict(sorted(found.items()))


def run(
    lab: Lab,
    seed: int,
    everything: list[Order],
    say: Callable[[str], None] = print,
    keep: Keep = lambda _: None,
) -> dict[str, Any]:
    """Run downtimes and return all results; `keep` gets them after each account.

    Tails are cut off last: what was lost then would disturb the accounts of the others.
    """
    flowing = [order for order in everything if order.kind != "cut tails"]
    accounts: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for first in range(0, len(flowing), TOGETHER):
        results, account = with_traffic(lab, flowing[first : first + TOGETHER])
        found += results
        accounts.append(account)
        for each in results:
            said = each.get("said", "")[:200]
            say(f"{each['seed']} {each['kind']}: exit {each['exit']}, {each['seconds']} s {said}")
        say(f"  acknowledged {account.get('acknowledged')}, lost {account.get('lost')}")
        keep(summary(seed, found, accounts))
    for order in everything:
        if order.kind == "cut tails":
            each = with_cut_tails(lab, order)
            found.append(each)
            lost = f"by sequence {each['lost_by_sequence']}, reported {each['lost_as_reported']}"
            say(f"{each['seed']} cut tails: exit {each['exit']}, {each['seconds']} s, {lost}")
            keep(summary(seed, found, accounts))
    return summary(seed, found, accounts)


def summary(seed: int, found: list[dict[str, Any]], accounts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the results so far."""
    cut = [each for each in found if each["kind"] == "cut tails"]
    return {
        "seed": seed,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "count": len(found),
        "kinds": dict(Counter(each["kind"] for each in found)),
        "proved": sum(each["exit"] == 0 and each["healthy"] for each in found),
        "did not heal alone": sum(each.get("alone") == "did not heal" for each in found),
        "acknowledged": sum(account.get("acknowledged", 0) for account in accounts),
        "lost": sum(account.get("lost", 0) for account in accounts),
        "checked": all(account.get("checked") for account in accounts),
        "cut tails": {
            "downtimes": len(cut),
            "with loss": sum(bool(each["lost_by_sequence"]) for each in cut),
            "reported exactly": sum(each["lost_by_sequence"] == each["lost_as_reported"] for each in cut),
            "called a success over a loss": sum(
                each["exit"] == 0 and bool(each["lost_by_sequence"]) for each in cut
            ),
        },
        "accounts": accounts,
        "downtimes": found,
    }


def _added(results: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """Return results with those of an earlier part."""
    found = earlier["downtimes"] + results["downtimes"]
    return summary(results["seed"], found, earlier["accounts"] + results["accounts"])


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", default="", help="only downtimes of this kind")
    parser.add_argument("--add", type=Path, help="go on from the results of an earlier part")
    options = parser.parse_args()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored in the background, and by children then

    earlier = json.loads(options.add.read_text()) if options.add else None

    def keep(results: dict[str, Any]) -> None:
        if options.out:
            whole = _added(results, earlier) if earlier else results
            options.out.write_text(json.dumps(whole, indent=1) + "\n")

    with tempfile.TemporaryDirectory(prefix="cold-orders-") as home:
        user = User(Path(home))
        user.run("lab", "up", timeout=PATIENCE_S)
        try:
            done = {each["seed"] for each in earlier["downtimes"]} if earlier else set()
            chosen = [
                order
                for order in orders(options.seed, options.count)
                if options.only in ("", order.kind) and order.seed not in done
            ]
            results = run(Lab(user), options.seed, chosen, lambda line: print(line, flush=True), keep)
        finally:
            user.run("lab", "down", "--purge", code=None)
    keep(results)
    print(json.dumps({key: value for key, value in results.items() if key not in ("accounts", "downtimes")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
