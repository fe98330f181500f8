"""What the lab's operator does, written where its pod's log is looked for, in Strimzi's own layout."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from prompt_kafka.lab.state import PodFolder
from prompt_kafka.lab.strimzi.activity import CLUSTER_OPERATOR, Operator

PARTS = ("cluster_operator", "kafka_part", "rolls", "roller", "pod_sets")
"""Modules of this package that are the cluster operator; the entity operators have pods of their own."""


class OperatorLog(logging.Handler):
    """Appends to the log of each operator's pod, once the kubelet has begun it.

    Parameters
    ----------
    pods
        The folder of all pods' files.
    operators
        Tells which operators are in force.
    """

    def __init__(self, pods: Path, operators: Callable[[], Iterable[Operator]]) -> None:
        super().__init__(logging.INFO)
        self._pods = pods
        self._operators = operators

    def start(self) -> None:
        """Begin to write."""
        for part in PARTS:
            logging.getLogger(f"prompt_kafka.lab.strimzi.{part}").addHandler(self)

    def stop(self) -> None:
        """Write no more."""
        for part in PARTS:
            logging.getLogger(f"prompt_kafka.lab.strimzi.{part}").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a log that cannot be written stops nothing."""
        at = datetime.fromtimestamp(record.created)
        level = record.levelname.replace("WARNING", "WARN")
        name = record.module.title().replace("_", "")
        line = f"{at:%Y-%m-%d %H:%M:%S} {level:<5} {name}:{record.lineno} - {record.getMessage()}\n"
        for operator in self._operators():
            file = PodFolder(self._pods / operator.namespace / operator.pod).log(CLUSTER_OPERATOR)
            try:
                if file.exists():
                    with file.open("a") as log:
                        log.write(line)
            except OSError:
                continue
