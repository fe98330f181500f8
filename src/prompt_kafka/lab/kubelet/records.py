"""What is written down of a container: enough to adopt its process, and to tell how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from prompt_kafka.clients.files import write_atomic
from prompt_kafka.lab.processes import Process

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ContainerRecord:
    """One container of a pod (``container.json``).

    Attributes
    ----------
    uid
        The pod's.
    image, env, cwd
        What it runs, and what ``exec`` beside it runs with.
    pid, start_time, boot
        Its process; pid 0 before the first start.
    roles, ports
        Of a Kafka node, by listener name.
    ip
        The pod's address.
    restarts
        How often it was started again.
    started_at
        When it was last started.
    ended
        How the present process ended (``state.terminated``), once it has.
    last
        How the one before it ended.
    """

    uid: str
    image: str
    pid: int = 0
    start_time: int = 0
    boot: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""
    roles: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    ip: str = ""
    restarts: int = 0
    started_at: str = ""
    ended: Mapping[str, Any] | None = None
    last: Mapping[str, Any] | None = None

    @property
    def process(self) -> Process | None:
        """The process, whether it lives or not; None before the first start."""
        return Process(self.pid, self.start_time, self.boot) if self.pid else None

    @property
    def alive(self) -> bool:
        """Whether the process lives."""
        process = self.process
        return process is not None and process.alive()

    @classmethod
    def load(cls, file: Path) -> Self | None:
        """Read a record; None when there is no readable one."""
        try:
            document = json.loads(file.read_text())
            known = {key: document[key] for key in cls.__dataclass_fields__ if key in document}
            known["roles"] = tuple(known.get("roles") or ())
            return cls(**known)
        except (OSError, ValueError, TypeError):
            return None

    def save(self, file: Path) -> None:
        """Write the record."""
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(file, json.dumps(asdict(self), indent=1))

    def with_process(self, process: Process, started_at: str) -> Self:
        """Return the record of a container that has just been started."""
        again = self.restarts + (1 if self.ended is not None else 0)
        return replace(
            self,
            pid=process.pid,
            start_time=process.start_time,
            boot=process.boot,
            started_at=started_at,
            restarts=again,
            last=self.ended if self.ended is not None else self.last,
            ended=None,
        )


def containers(pods: Path) -> list[tuple[str, str, ContainerRecord]]:
    """Return the records of all pods in a lab: namespace, name and record."""
    found = []
    for file in sorted(pods.glob("*/*/container.json")):
        record = ContainerRecord.load(file)
        if record is not None:
            found.append((file.parent.parent.name, file.parent.name, record))
    return found
