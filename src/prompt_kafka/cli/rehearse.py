"""``--rehearse``: show a procedure being tried in a lab, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from prompt_kafka.cli.console import terminal
from prompt_kafka.cli.options import rendered
from prompt_kafka.cli.progress import Progress
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import ExitCode
from prompt_kafka.core.request import Request
from prompt_kafka.factory import Session

if TYPE_CHECKING:
    from prompt_kafka.cli.change import ChangeOptions


def rehearse(session: Session, request: Request, how: ChangeOptions, output: str) -> int:
    """Rehearse a request; return 0 when it came to its end there, 1 when not."""
    from prompt_kafka import rehearsal

    machine = output != "text"
    console = terminal(stderr=machine)
    began = SYSTEM.monotonic()

    def say(text: str) -> None:
        console.print(f"  {SYSTEM.monotonic() - began:6.1f} s  {escape(text)}")

    console.print("[bold]rehearsal[/] in a lab; nothing is done to the environment itself")
    done = rehearsal.rehearse(session, request, how.terms, say=say, listener=Progress(console, began=began))
    for title, seconds in done.steps:
        console.print(f"  {seconds:6.1f} s  {escape(title)}", highlight=False)
    console.print(f"[{'good' if done.proved else 'bad'}]{escape(done.line)}[/]")
    rendered(output, lambda: encode(done), lambda: f"{done.line}\n")
    return ExitCode.OK if done.proved else ExitCode.FAILED
