"""Reads from a node's log how its present start goes: the only witness of what is on its disk.

Kafka tells what it finds on a disk nowhere but in its log, and Strimzi's start script tells there that it
formatted an empty one. Lines are Kafka's own (4.0 to 4.2), whatever layout the service gives them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from prompt_kafka.clients.kubernetes import Kubernetes, NotFound, Object
from prompt_kafka.clients.transport import Invalid
from prompt_kafka.core.surroundings import NodeLog, Placed

HEAD_BYTES = 4 << 20
"""So much is read from the beginning: some thousand partitions are loaded in that."""

RECENT_S = 15
TAIL_LINES = 400

_FORMATTED = re.compile(r"^Formatting .*directory .* with metadata\.version ", re.MULTILINE)
_NOT_EMPTY = re.compile(r"^All of the log directories are already formatted", re.MULTILINE)
_OTHER_CLUSTER = re.compile(r"Invalid cluster\.id in: \S*meta\.properties\. Expected \S+, but read (\S+)")
_UNRESOLVED = re.compile(
    r"UnknownHostException: ([\w.-]+)|Couldn't resolve server ([\w.-]+):\d+"
    r"|DNS resolution failed for ([\w.-]+)"
)
_PROGRESS = re.compile(r"\((\d+)/(\d+) completed in ")
_TO_LOAD = re.compile(r"(?:Recovering|Loading|Skipping recovery of) (\d+) logs from ")
_ON_DISK = re.compile(
    r"Completed load of Log\(.*?, topic=(\S+), partition=(\d+), .*?logEndOffset=(\d+)\)", re.MULTILINE
)
_WATERMARK = re.compile(r"Log loaded for partition (\S+) with initial high watermark (\d+)")
_CUT_BACK = re.compile(r"\[UnifiedLog partition=([^,\]]+), [^\]]*\] Truncating to offset (\d+)")
_METADATA = re.compile(
    r"LogLoader partition=__cluster_metadata-0, [^\]]*\] Loading producer state till offset (\d+)"
)
_CAUGHT_UP = re.compile(r"finished catching up to the current high water mark of (\d+)")
_BROKER_RAN = re.compile(r"from RECOVERY to RUNNING")
_CLEAN = re.compile(r"Skipping recovery of \d+ logs")
_UNCLEAN = re.compile(r"since no clean shutdown file was found")


def read(pod: str, head: str, recent: str) -> NodeLog:
    """Return what a log says.

    Parameters
    ----------
    pod
        The node's pod.
    head
        The log of the present start from its beginning, as far as it was read.
    recent
        What was written in the last seconds.
    """
    formatted = True if _FORMATTED.search(head) else False if _NOT_EMPTY.search(head) else None
    other = _OTHER_CLUSTER.search(head) or _OTHER_CLUSTER.search(recent)
    names = {next(name for name in match.groups() if name) for match in _UNRESOLVED.finditer(recent)}
    announced = _TO_LOAD.findall(head)
    progress = _PROGRESS.findall(head)
    loaded, to_load = progress[-1] if progress else ("0", announced[-1] if announced else "0")
    found = ((f"{topic}-{index}", int(end)) for topic, index, end in _ON_DISK.findall(head))
    return NodeLog(
        pod=pod,
        formatted=formatted,
        other_cluster=other[1] if other else "",
        unresolved=tuple(sorted(names)),
        loaded=int(loaded),
        to_load=int(to_load),
        on_disk=tuple(sorted(dict(found).items())),
        watermarks=_first(_WATERMARK.findall(head)),
        cut_back=_lowest(_CUT_BACK.findall(head)),
        metadata_on_disk=max(map(int, _METADATA.findall(head)), default=0),
        metadata_caught_up=int((_CAUGHT_UP.findall(head) or ["0"])[0]),
        unclean=True if _UNCLEAN.search(head) else False if _CLEAN.search(head) else None,
    )


def _first(found: Sequence[tuple[str, str]]) -> tuple[Placed, ...]:
    """Return the offset that was told first of each partition."""
    return tuple(sorted({where: int(offset) for where, offset in reversed(found)}.items()))


def _lowest(found: Sequence[tuple[str, str]]) -> tuple[Placed, ...]:
    offsets: dict[str, int] = {}
    for where, offset in found:
        offsets[where] = min(offsets.get(where, int(offset)), int(offset))
    return tuple(sorted(offsets.items()))


def with_earlier(log: NodeLog, earlier: NodeLog) -> NodeLog:
    """Return what a node's log says with what that of its failed start before says of the disk."""
    return replace(
        log,
        formatted=log.formatted or earlier.formatted,
        on_disk=_of_both(max, log.on_disk, earlier.on_disk),
        watermarks=_of_both(max, log.watermarks, earlier.watermarks),
        cut_back=_of_both(min, log.cut_back, earlier.cut_back),
        metadata_on_disk=max(log.metadata_on_disk, earlier.metadata_on_disk),
    )


def _of_both(
    choose: Callable[[int, int], int], now: tuple[Placed, ...], earlier: tuple[Placed, ...]
) -> tuple[Placed, ...]:
    offsets = dict(now)
    for where, offset in earlier:
        offsets[where] = choose(offsets.get(where, offset), offset)
    return tuple(sorted(offsets.items()))


Earlier = dict[tuple[str, int], NodeLog | None]
"""What the failed start before says, by the pod's uid and its restarts: read once, it does not change."""


def of_pods(kubernetes: Kubernetes, pods: Sequence[Object], known: Earlier) -> tuple[NodeLog, ...]:
    """Read the logs of these pods; one that has none yet says nothing.

    A broker that ended before it ran, as they do that wait for controllers in vain, may have cut its logs
    back already: then its start before belongs to the present one, and is kept in `known`.
    """

    def one(pod: Object) -> NodeLog:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]

        def part(**bounds: int) -> str:
            return _or_nothing(lambda: kubernetes.logs(name, namespace, container=None, **bounds))

        log = read(name, part(limitBytes=HEAD_BYTES), part(sinceSeconds=RECENT_S, tailLines=TAIL_LINES))
        restarts = max(
            (each["restartCount"] for each in (pod.get("status") or {}).get("containerStatuses") or ()),
            default=0,
        )
        key = pod["metadata"]["uid"], restarts
        broker = (pod["metadata"].get("labels") or {}).get("strimzi.io/broker-role") == "true"
        if broker and restarts and key not in known:
            before = part(limitBytes=HEAD_BYTES, previous=1)
            known[key] = read(name, before, "") if before and not _BROKER_RAN.search(before) else None
        earlier = known.get(key)
        return with_earlier(log, earlier) if earlier else log

    if not pods:
        return ()
    with ThreadPoolExecutor(len(pods), thread_name_prefix="logs") as pool:
        return tuple(pool.map(one, pods))


def _or_nothing(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except (NotFound, Invalid):
        return ""
