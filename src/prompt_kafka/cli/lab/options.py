"""Options that mean the same on every command of the lab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Function = Callable[..., Any]


def name_option(function: Function) -> Function:
    """Add ``--name``, which lab is meant."""
    return click.option("--name", default="lab", show_default=True, help="Which lab.")(function)
