"""``prompt-kafka lab …``: the table of the lab's commands."""

from __future__ import annotations

import click

from prompt_kafka.cli.lazy import Entry, LazyGroup

ENTRIES = {
    "up": Entry("lab.up", "Bring the service up on this machine, and prove it."),
    "down": Entry("lab.down", "Stop it; the data stays. --purge removes it."),
    "traffic": Entry("lab.traffic", "The service's data flow, every message accounted for."),
    "faults": Entry("lab.faults", "Break something on purpose, by name; and mend it again."),
    "logs": Entry("lab.logs", "Log of a pod or of a process of the lab."),
    "list": Entry("lab.list", "The labs of this machine."),
    "kubeconfig": Entry("lab.kubeconfig", "Path of the lab's kubeconfig, for kubectl."),
}


@click.command("lab", cls=LazyGroup, entries=ENTRIES)
def command() -> None:
    """The service on this machine: real Kafka, behind a small Kubernetes API.

    Without Docker and without Kubernetes. What is simulated is named by `lab up` and `status`.
    """
