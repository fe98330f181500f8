"""Searching and browsing topics, beside kcat, jq and a consumer's loop, on one broker with the same data.

``BENCH_MESSAGES`` is how many messages of 400 bytes a topic gets (1 000 000). kcat and jq are Debian's
packages; what is not installed is said and left out. Ours runs in this process, warm, as a service would run
it; the peers are started anew for each measurement, as a person would start them.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.kafka_node import KafkaNode, kafka_node

from bench.measure import Figure, report
from bench.messages_data import NEEDLE, Topics, fill
from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.clients.kafka.codecs import Buffer
from prompt_kafka.clients.kafka.reach import reach
from prompt_kafka.messages import Asking, Filter, Range, search
from prompt_kafka.messages.bounds import resolve
from prompt_kafka.messages.filters import read
from prompt_kafka.messages.lane import Piece
from prompt_kafka.messages.scan import Scan

WHERE = "value.visit.detector == 42 && value.visit.exposure % 5 == 0"
JQ = "select((.payload|fromjson) as $v | $v.visit.detector == 42 and $v.visit.exposure % 5 == 0)"
MEMORY = """
import resource, sys
from prompt_kafka.clients.kafka import KafkaConnection
from prompt_kafka.messages import Asking, Filter, search
from prompt_kafka.messages.filters import read
with KafkaConnection([("127.0.0.1", int(sys.argv[1]))]) as connection:
    search(connection, Asking(sys.argv[2], Filter((read("any", sys.argv[3]),))))
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def timed(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def floor(connection: KafkaConnection, topic: str) -> None:
    """Fetch and decompress everything, and do nothing with it."""
    known = reach(connection, topic)
    asked = [resolve(Range(), each) for each in known.found.values()]

    def work(piece: Piece, buffer: Buffer) -> int:
        return sum(len(batch.payload_in(buffer)) for each in piece.fetched for batch in each.batches)

    with Scan(connection, topic, asked, work, forwards=True) as scan:
        while not scan.finished:
            scan.take(0.1)


def find(connection: KafkaConnection, topic: str, wanted: Filter, count: int | None, **more: Any) -> None:
    found = search(connection, Asking(topic, wanted, wanted=None, **more))
    assert found.page.ending == "end of the range", found.page.ending
    assert count is None or found.progress.matches == count, found.progress


def consumer_loop(node: KafkaNode, topic: str, partitions: int) -> None:
    """Look at each value with a consumer, as its documentation shows."""
    import confluent_kafka as ck

    settings = {"bootstrap.servers": node.bootstrap, "group.id": "bench", "enable.auto.commit": False,
                "enable.partition.eof": True}  # fmt: skip
    consumer = ck.Consumer(settings)
    consumer.assign([ck.TopicPartition(topic, p, ck.OFFSET_BEGINNING) for p in range(partitions)])
    ended = matches = 0
    while ended < partitions:
        for message in consumer.consume(10_000, 1.0):
            error = message.error()
            if error is not None:
                ended += error.code() == ck.KafkaError._PARTITION_EOF
            elif NEEDLE in (message.value() or b""):
                matches += 1
    consumer.close()
    assert matches == 1, matches


def shell(line: str, expected: int | None) -> None:
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert expected is None or int(done.stdout) == expected, (line, done.stdout, done.stderr)


def measure(runs: int) -> None:
    """Fill the topics, then measure everything in turn, so that a noisy moment hits all."""
    count = int(os.environ.get("BENCH_MESSAGES", "1000000"))
    missing = [tool for tool in ("kcat", "jq") if shutil.which(tool) is None]
    if missing:
        print(f"messages: not installed, so not measured: {', '.join(missing)} (apt-get install kcat jq)")
    with tempfile.TemporaryDirectory(prefix="prompt-kafka-bench-") as folder:
        with kafka_node(Path(folder) / "node") as node:
            began = time.monotonic()
            topics = fill(node, count)
            print(f"messages: {count} of 400 bytes a topic, filled in {time.monotonic() - began:.0f} s")
            _measure(node, topics, max(3, runs), missing)


def _measure(node: KafkaNode, topics: Topics, runs: int, missing: list[str]) -> None:
    text = NEEDLE.decode()
    needle = Filter((read("any", text),)).compile()
    kcat = f"kcat -b {node.bootstrap} -C -q -e -o beginning -t"
    values: dict[str, list[float]] = {}

    def note(name: str, action: Callable[[], Any], unit: float = 1.0) -> None:
        values.setdefault(name, []).append(timed(action) * unit)

    with node.connect() as connection, node.connect("kafka-admin", read_only=True) as secure:
        key = random.Random(5).randrange(topics.count)
        own = Filter((read("key", f"visit-{key}"),)).compile()
        cel = Filter(where=WHERE).compile()
        for topic in topics.all:
            floor(connection, topic)  # from here on the brokers' files are in memory
        floor(secure, topics.lz4)
        for _ in range(runs):
            for topic in topics.all:
                note(f"{topic}, search", lambda t=topic: find(connection, t, needle, 1))  # type: ignore[misc]
                note(f"{topic}, floor", lambda t=topic: floor(connection, t))  # type: ignore[misc]
                if "kcat" not in missing:
                    line = f"{kcat} {topic} | grep -c -F '{text}'"
                    note(f"{topic}, kcat | grep -F", lambda line=line: shell(line, 1))  # type: ignore[misc]
            note(f"{topics.lz4}, consumer loop", lambda: consumer_loop(node, topics.lz4, 1))
            note(f"{topics.lz4}, search over TLS", lambda: find(secure, topics.lz4, needle, 1))
            note(f"{topics.lz4}, floor over TLS", lambda: floor(secure, topics.lz4))
            note(f"{topics.lz4}, CEL", lambda: find(connection, topics.lz4, cel, topics.selected))
            if not missing:
                line = f"{kcat} {topics.lz4} -J | jq -c '{JQ}' | wc -l"
                note(f"{topics.lz4}, kcat -J | jq", lambda line=line: shell(line, topics.selected))  # type: ignore[misc]
            note(f"{topics.twelve}, exact key", lambda: find(connection, topics.twelve, own, None), 1000)
            note(f"{topics.twelve}, one partition", lambda: find(connection, topics.twelve, needle, None,
                 partitions=(0,)), 1000)  # fmt: skip
        for _ in range(100):
            note(
                f"{topics.twelve}, newest 100",
                lambda: search(connection, Asking(topics.twelve, wanted=100)),
                1000,
            )
        for topic in (topics.small, topics.lz4):
            name = f"{topic}, memory of the search"
            for _ in range(runs):
                values.setdefault(name, []).append(_memory(node, topic, text))
    _report(topics, values, missing)


def _memory(node: KafkaNode, topic: str, text: str) -> float:
    """Return the most that a process had in memory that searched a topic, in MB."""
    words = [sys.executable, "-c", MEMORY, str(node.plain[1]), topic, text]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout) / 1000


def _report(topics: Topics, values: dict[str, list[float]], missing: list[str]) -> None:
    units = {"memory": "MB", "exact key": "ms", "one partition": "ms", "newest": "ms"}
    figures = {
        name: Figure(name, next((u for word, u in units.items() if word in name), "s"), tuple(found))
        for name, found in values.items()
    }

    def ratio(one: str, other: str) -> float:
        return figures[one].median / figures[other].median

    ratios: dict[str, tuple[float, float | None]] = {}
    for topic in topics.all:
        own = f"{topic}, search"
        if "kcat" not in missing:
            ratios[f"{topic}: search / kcat | grep"] = (ratio(own, f"{topic}, kcat | grep -F"), 0.2)
        ratios[f"{topic}: search / floor"] = (ratio(own, f"{topic}, floor"), None)
    one = topics.lz4
    ratios[f"{one}: search / consumer loop"] = (ratio(f"{one}, search", f"{one}, consumer loop"), 0.125)
    ratios[f"{one}: M messages a second"] = (topics.count / figures[f"{one}, search"].median / 1e6, None)
    ratios["over TLS: search / floor"] = (ratio(f"{one}, search over TLS", f"{one}, floor over TLS"), 1.3)
    if not missing:
        ratios["CEL / kcat -J | jq"] = (ratio(f"{one}, CEL", f"{one}, kcat -J | jq"), 0.5)
    twelve = topics.twelve
    ratios["exact key / one partition"] = (
        ratio(f"{twelve}, exact key", f"{twelve}, one partition"), 1.3,
    )  # fmt: skip
    ratios["newest 100 of 12 partitions, p50 ms"] = (figures[f"{twelve}, newest 100"].median, 15)
    grown = figures[f"{one}, memory of the search"]
    ratios["memory of the search, MB"] = (grown.median, 200)
    small = figures[f"{topics.small}, memory of the search"].median
    ratios["memory: the topic / a tenth of it"] = (grown.median / small, None)
    ratios["load of the machine meanwhile"] = (os.getloadavg()[0], None)
    about = (
        f"{topics.count} JSON messages of 400 bytes, {topics.count // 5} of 8 kB, one broker; plaintext"
        " unless said" + (f"; not measured: {json.dumps(missing)}" if missing else "")
    )
    report("messages", about, list(figures.values()), ratios)
