"""Options of every upgrade."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Function = Callable[..., Any]


def upgrade_options(function: Function) -> Function:
    """Add ``--with-undeployed`` and ``--stable``."""
    function = click.option(
        "--stable", default=2.0, show_default=True, help="Seconds for which the end state must hold."
    )(function)
    return click.option(
        "--with-undeployed", is_flag=True, help="Bring along what else is in Git and not deployed."
    )(function)
