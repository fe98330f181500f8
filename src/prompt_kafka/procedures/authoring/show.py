"""Rendered objects as YAML, to be shown: whole, or as they are before and after."""

from __future__ import annotations

import difflib
import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from prompt_kafka.procedures.rendered import Difference, Key, Manifest


def dump(manifest: Mapping[str, Any]) -> str:
    """Return an object as YAML, its keys in their order."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    out = io.StringIO()
    yaml.dump(dict(manifest), out)
    return out.getvalue()


def difference_shown(
    before: Mapping[Key, Manifest], brought: Difference, *, removed: bool = False
) -> tuple[str, ...]:
    """Return what is different in each object: a new one whole, another as a difference.

    Parameters
    ----------
    before
        The objects as they are.
    removed
        Also show what goes.
    """
    found = {**brought.added, **brought.changed, **(brought.removed if removed else {})}
    return tuple(
        dump(found[key])
        if key in brought.added
        else _lines(key, before.get(key), None if key in brought.removed else found[key])
        for key in sorted(found)
    )


def _lines(key: Key, old: Manifest | None, new: Manifest | None) -> str:
    one, other = (dump(each).splitlines() if each else [] for each in (old, new))
    lines = list(difflib.unified_diff(one, other, n=2, lineterm=""))[2:]
    return "\n".join([f"{key[0]} {key[1]}", *(line for line in lines if not line.startswith("@@"))])
