"""``--match``: only names like these, on every list."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from typing import Any

import click


def match_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--match``; the function gets the patterns as ``match``."""
    return click.option(
        "--match", multiple=True, metavar="GLOB", help="Only names like this, such as 'butler-*'."
    )(function)


def matching(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Return the test whether a name is like one of the patterns; without any, every name is."""
    if not patterns:
        return lambda name: True
    compiled = re.compile("|".join(fnmatch.translate(each) for each in patterns))
    return lambda name: compiled.match(name) is not None
