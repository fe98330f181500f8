"""Reads from the operator's log what it is doing, and why it does not go on: in its own words.

Its status says little while it works and nothing when it cannot start. Lines are Strimzi's (0.45 to 1.2):
``yyyy-MM-dd HH:mm:ss LEVEL Class:line - Reconciliation #n(watch|timer) Kafka(ns/name): message``, a failure
followed by the exception.
"""

from __future__ import annotations

import re
from itertools import groupby

from prompt_kafka.clients.kinds import POD
from prompt_kafka.clients.kubernetes import Kubernetes, KubernetesError, NotFound
from prompt_kafka.clients.transport import Invalid

SECONDS, LINES = 120, 200
PODS = "name=strimzi-cluster-operator"

_LINE = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +(?:INFO|WARN|ERROR) +\S+ - "
    r"(?:Reconciliation #\d+\(\w+\) )?(?:(Kafka\([^)]*\)): )?(.*)$"
)
_EXCEPTION = re.compile(r"^(?:Caused by: )?(?:[\w]+\.)+(?:\w+\$)?(\w+(?:Exception|Problem|Error)): (.*)$")
_FAILED = re.compile(r"Failed to reconcile|createOrUpdate failed|failed to start")
_SAYS = re.compile(
    r"ClusterOperator \S+ is starting|Kafka is (?:up|down)grading|first phase of the upgrade|Rolling Pod |"
    r"Will temporarily skip verifying pod|under-replicated|giving up after|[Uu]pdat\w+ metadata version|"
    rf"force-rolled|is paused|{_FAILED.pattern}"
)


def read(text: str) -> tuple[str, ...]:
    """Return what a log says that an administrator wants to know, oldest first; each line once."""
    said: list[str] = []
    failing = False
    for line in text.splitlines():
        if found := _LINE.match(line):
            where, message = found[1], found[2].strip()
            failing = bool(_FAILED.search(message))
            if _SAYS.search(message):
                said.append(f"{where}: {message}" if where and failing else message)
        elif failing and (cause := _EXCEPTION.match(line)):
            said[-1] += f": {cause[1]}: {cause[2]}"
            failing = False
    return tuple(line for line, _ in groupby(said))


def of_operator(kubernetes: Kubernetes, namespace: str) -> tuple[tuple[str, ...], str]:
    """Return what the operator has said lately, and why it could not be read where that is so."""
    try:
        pods = kubernetes.list(POD, namespace, labels=PODS)
        living = [pod["metadata"] for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        if not living:
            return (), ""
        name = max(living, key=lambda each: str(each.get("creationTimestamp", "")))["name"]
        return read(kubernetes.logs(name, namespace, sinceSeconds=SECONDS, tailLines=LINES)), ""
    except (NotFound, Invalid):
        return (), ""  # it has none yet
    except KubernetesError as error:
        return (), error.what
