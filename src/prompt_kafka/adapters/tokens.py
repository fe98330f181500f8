"""Where a token is found: in a file that the configuration names, else in a variable. It is never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def found(
    file: str, variable: str, variables: Mapping[str, str] | None = None, *, name: str = "token"
) -> tuple[str, str]:
    """Return a token, or an empty one and why there is none.

    A file that an environment names comes before the variable, so that one environment's token is never
    sent to where another's belongs.

    Parameters
    ----------
    file
        Empty where none is named.
    name
        What is missing, in words.
    """
    if file:
        path = Path(file).expanduser()
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            return "", f"the token file {path} cannot be read: {getattr(error, 'strerror', 'not text')}"
        return token, "" if token else f"the token file {path} is empty"
    token = (os.environ if variables is None else variables).get(variable, "").strip()
    return token, "" if token else f"no {name} in {variable}"
