"""The terminal: one rich console for all commands, and the marks that they share."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.theme import Theme

from prompt_kafka.core.durations import age as age
from prompt_kafka.core.verdict import Answer

THEME = Theme(
    {
        "good": "green",
        "bad": "bold red",
        "unsure": "yellow",
        "quiet": "dim",
        "target": "bold",
        "production": "bold white on red",
        "command": "cyan",
    }
)

STYLE = {Answer.YES: "good", Answer.NO: "bad", Answer.UNKNOWN: "unsure"}
MARK = {Answer.YES: "✓", Answer.NO: "✗", Answer.UNKNOWN: "?"}


def terminal(*, stderr: bool = False) -> Console:
    """Return a console for standard output; colours only where a person looks."""
    return _fitted(Console(theme=THEME, highlight=False, stderr=stderr, soft_wrap=True))


def _fitted(console: Console) -> Console:
    """Give output that goes to a file or a pipe all the width that its tables want."""
    if not console.is_terminal:
        console.width = 240
    return console


def show_target(line: str, production: bool, console: Console) -> None:
    """Print the TARGET line, which nobody should overlook where it is production."""
    console.print(f"[{'production' if production else 'target'}]{escape(line)}[/]")
