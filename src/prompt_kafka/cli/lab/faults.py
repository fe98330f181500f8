"""``prompt-kafka lab faults …``: break something on purpose, and mend it again."""

from __future__ import annotations

import click

from prompt_kafka.cli.lab.options import name_option


@click.group("faults")
def command() -> None:
    """Break something in the lab on purpose; `status` should name it and the command that mends it."""


@command.command("freeze")
@click.argument("pod")
@name_option
def freeze(pod: str, name: str) -> None:
    """Stop a pod's process where it is (SIGSTOP): it holds its connections and answers nobody."""
    from prompt_kafka.lab_factory import fault

    fault(name, "freeze", pod)
    _told(f"{pod} is frozen")


@command.command("thaw")
@click.argument("pod")
@name_option
def thaw(pod: str, name: str) -> None:
    """Let a frozen pod go on."""
    from prompt_kafka.lab_factory import fault

    fault(name, "thaw", pod)
    _told(f"{pod} goes on")


@command.command("kill")
@click.argument("pod")
@name_option
def kill(pod: str, name: str) -> None:
    """End a pod's process with `kill -9`; the kubelet starts it again."""
    from prompt_kafka.lab_factory import fault

    fault(name, "kill", pod)
    _told(f"{pod} is killed")


@command.command("hold")
@click.argument("pod")
@name_option
def hold(pod: str, name: str) -> None:
    """End a pod's process with `kill -9` and keep it down until `release`."""
    from prompt_kafka.lab_factory import fault

    fault(name, "hold", pod)
    _told(f"{pod} is down, held until: prompt-kafka lab faults release")


@command.command("power-loss")
@name_option
def power_loss(name: str) -> None:
    """End every Kafka process at once with `kill -9`, and keep the nodes down until `release`.

    The page cache survives this: it is a crash of the processes, not the loss of what was not flushed.
    """
    from prompt_kafka.lab_factory import fault

    fault(name, "power-loss", "")
    _told("all Kafka processes are killed, held until: prompt-kafka lab faults release")


@command.command("release")
@name_option
def release(name: str) -> None:
    """End every fault."""
    from prompt_kafka.lab_factory import fault

    ended = fault(name, "release", "")
    _told(f"ended: {', '.join(ended)}" if ended else "there was no fault")


@command.command("list")
@name_option
def list_faults(name: str) -> None:
    """List the faults that are active."""
    from prompt_kafka.lab_factory import fault

    for line in fault(name, "list", "") or ("no fault is active",):
        click.echo(line)


def _told(text: str) -> None:
    click.echo(f"{text}; see: prompt-kafka status")
