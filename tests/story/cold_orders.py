"""Seeded downtimes of a lab, each ended by ``cold-startup``, every message of the data flow accounted for.

Run it: ``python -m tests.story.cold_orders --out tests/story/results/cold_orders.json``; with ``--add FILE``
it goes on where an earlier part ended, with ``--part 1/2`` it does every second one.
One lab serves them all. Traffic flows through several downtimes in a row, with one account at its end; where
tails are cut off there is one account for each downtime, by sequence number, read before and after.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.lab.traffic.settings import RESULTS
from tests.story.cold_lab import Lab
from tests.story.conftest import User
from tests.story.downtimes import PATIENCE_S, TOGETHER, Order, orders

Keep = Callable[[dict[str, Any]], None]


def with_traffic(
    lab: Lab, chosen: list[Order], rate: float = 120.0
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Run downtimes while the data flows; return what happened, and the account."""
    with lab.traffic(rate) as account:
        found = []
        for order in chosen:
            found.append(lab.downtime(order))
            if found[-1]["exit"] or not found[-1]["healthy"]:
                lab.keep_evidence(order, found[-1])
            SYSTEM.sleep(1)
    return found, account


def at_rest(lab: Lab, order: Order) -> dict[str, Any]:
    """Bring a downtime about once the data has come to rest; return the loss by sequence and as reported."""
    out = lab.user.run("lab", "traffic", "--rate", "400", "--duration", "4s", "-o", "json", code=None).stdout
    account = json.loads(out)
    if order.kind == "cut tails":
        lab.await_watermarks()
    before = lab.sequences()
    found = lab.downtime(order)
    lost = before - lab.sequences()
    found["acknowledged"] = account["acknowledged"]
    by_partition = Counter(f"{RESULTS}-{partition}" for partition, _, _ in lost.elements())
    found["lost_by_sequence"] = dict(sorted(by_partition.items()))
    found["lost_as_reported"] = reported(found.get("said", ""))
    if found["lost_by_sequence"] != found["lost_as_reported"]:
        lab.keep_evidence(order, found)
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
            each = at_rest(lab, order)
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


def _added(results: dict[str, Any], earlier: list[dict[str, Any]]) -> dict[str, Any]:
    """Return results with those of earlier parts, in the order of their seeds."""
    parts = [*earlier, results]
    found = sorted((each for part in parts for each in part["downtimes"]), key=lambda each: each["seed"])
    return summary(results["seed"], found, [account for part in parts for account in part["accounts"]])


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", default="", help="only downtimes of this kind")
    parser.add_argument("--without", default="", help="leave downtimes of this kind out")
    parser.add_argument("--part", default="1/1", help="1/2: every second one that is left")
    parser.add_argument(
        "--add", type=Path, action="append", default=[], help="go on from the results of earlier parts"
    )
    parser.add_argument("--evidence", type=Path, help="keep the nodes' logs where something went wrong")
    options = parser.parse_args()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored in the background, and by children then

    earlier = [json.loads(file.read_text()) for file in options.add]

    def keep(results: dict[str, Any]) -> None:
        if options.out:
            options.out.write_text(json.dumps(_added(results, earlier), indent=1) + "\n")

    done = {each["seed"] for part in earlier for each in part["downtimes"]}
    part, parts = map(int, options.part.split("/"))
    chosen = [
        order
        for order in orders(options.seed, options.count)
        if options.only in ("", order.kind) and order.kind != options.without and order.seed not in done
    ][part - 1 :: parts]
    if not chosen:
        keep(summary(options.seed, [], []))
        return 0
    with tempfile.TemporaryDirectory(prefix="cold-orders-") as home:
        user = User(Path(home))
        user.run("lab", "up", timeout=PATIENCE_S)
        try:
            lab = Lab(user, options.evidence)
            results = run(lab, options.seed, chosen, lambda line: print(line, flush=True), keep)
        finally:
            user.run("lab", "down", "--purge", code=None)
    keep(results)
    print(json.dumps({key: value for key, value in results.items() if key not in ("accounts", "downtimes")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
