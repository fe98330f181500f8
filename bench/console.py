"""How quick the console answers: start, pages over HTTP beside its own smallest page, memory."""

from __future__ import annotations

import http.client
import re
import statistics
import subprocess
import time

from bench.by_hand import rss_mb
from bench.lab import Lab, lab
from bench.measure import Figure, report

PAGES = {
    "health (the floor)": "/healthz",
    "now, no new look": "/",
    "newest 100 messages": "/topics/butler-writer/messages",
    "one record": "/topics/butler-writer/messages/0/0",
    "topics": "/topics",
    "runbook": "/runbook",
}


class _Browser:
    """One connection that stays, signed in by the link."""

    def __init__(self, link: str) -> None:
        self._host, _, path = link.removeprefix("http://").partition("/")
        self._http = http.client.HTTPConnection(self._host, timeout=120)
        self._http.request("GET", f"/{path}")
        answer = self._http.getresponse()
        answer.read()
        self._cookie = (answer.getheader("set-cookie") or "").partition(";")[0]

    def ms(self, path: str) -> float:
        began = time.perf_counter()
        self._http.request("GET", path, headers={"cookie": self._cookie})
        answer = self._http.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        assert answer.status == 200, (path, answer.status, body[:300])
        return took


def _started(made: Lab) -> tuple[subprocess.Popen[str], str, float]:
    began = time.monotonic()
    process = made.start("console", "--port", "0")
    assert process.stdout is not None
    link = process.stdout.readline().strip()
    assert re.match(r"http://\S+token=", link), link
    return process, link, time.monotonic() - began


def measure(runs: int) -> None:
    """Start the console, ask for each page in turn, and weigh it."""
    starts: list[float] = []
    with lab() as made:
        made.run("lab", "up")
        made.run("lab", "traffic", "--duration", "30s")
        process = None
        for _ in range(max(runs, 5)):
            if process is not None:
                process.terminate()
                process.wait(60)
            process, link, took = _started(made)
            starts.append(took)
        assert process is not None
        browser = _Browser(link)
        times: dict[str, list[float]] = {name: [] for name in PAGES}
        for path in PAGES.values():
            browser.ms(path)
        for _ in range(max(runs, 5) * 20):
            for name, path in PAGES.items():
                times[name].append(browser.ms(path))
                time.sleep(0.04)  # below the console's own limit of 30 requests a second
        memory = rss_mb(process.pid)
        process.terminate()
        process.wait(60)
    figures = [Figure(name, "ms", tuple(values)) for name, values in times.items()]
    start, weight = Figure("start, until its link", "s", tuple(starts)), Figure("memory", "MB", (memory,))
    newest = times["newest 100 messages"]
    report(
        "console",
        "one browser, warm, over HTTP on loopback, against six nodes that idle",
        [start, *figures, weight],
        {
            "start, s": (start.median, 1.5),
            "newest 100 messages, p50 ms": (statistics.median(newest), 20),
            "newest 100 messages, p99 ms": (statistics.quantiles(newest, n=100)[98], 60),
            "memory, MB": (memory, 150),
        },
    )
