"""Where rehearsals are kept: the last one of each request, on the machine where it was made."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from prompt_kafka.clients.files import state_home, write_atomic
from prompt_kafka.core.codec import decode, encode
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.rehearsal import SCHEMA, Rehearsal
from prompt_kafka.core.request import Request


def _path(environment: str, request: Request) -> Path:
    asked = json.dumps(encode(request), sort_keys=True)
    name = f"{environment}-{hashlib.sha256(asked.encode()).hexdigest()[:16]}.json"
    return state_home() / "rehearsals" / name


def last(environment: str, request: Request) -> Rehearsal | None:
    """Return the last rehearsal of a request; None when there is none that this version can read."""
    try:
        data = json.loads(_path(environment, request).read_text())
        found = decode(data, Rehearsal) if data.get("schema") == SCHEMA else None
    except (OSError, ValueError, PromptKafkaError):
        return None
    return found if isinstance(found, Rehearsal) else None


def keep(rehearsal: Rehearsal, request: Request) -> None:
    """Keep a rehearsal in the place of the one before."""
    path = _path(rehearsal.environment, request)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, json.dumps(encode(rehearsal), indent=2))
