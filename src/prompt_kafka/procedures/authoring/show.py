"""A rendered object as YAML, to be shown."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML


def dump(manifest: Mapping[str, Any]) -> str:
    """Return an object as YAML, its keys in their order."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    out = io.StringIO()
    yaml.dump(dict(manifest), out)
    return out.getvalue()
