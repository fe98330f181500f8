"""A refreshed token goes back into the kubeconfig, as kubectl puts it there.

kubectl writes the whole file anew; here only the values that change are replaced in the text, so comments,
order and every other user stay as they are. Several processes may refresh at once, kubectl among them: the
refresh itself is serialised by a lock of ours that dies with its holder, the writing by the ``.lock`` file
that kubectl uses too.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from prompt_kafka.clients.auth.errors import CredentialsError
from prompt_kafka.core.clock import SYSTEM, Clock

KUBECTL_LOCK_S = 10.0
"""How long to wait for kubectl's lock; it holds it for milliseconds."""


@contextmanager
def refreshing(file: Path) -> Iterator[None]:
    """Hold the right to refresh the tokens of a kubeconfig; others wait, and then find new tokens in it."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prompt-kafka" / "locks"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:24]
    with (folder / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def kubectl_lock(file: Path, clock: Clock = SYSTEM) -> Iterator[None]:
    """Hold the lock file beside a kubeconfig that kubectl takes before it writes.

    Raises
    ------
    CredentialsError
        Another process keeps it.
    """
    lock = file.with_name(f"{file.name}.lock")
    if not clock.wait_until(lambda: _made(lock), KUBECTL_LOCK_S):
        raise CredentialsError(
            "the kubeconfig is locked by another process",
            where=str(lock),
            next="when no kubectl is at work on it, remove that file",
        )
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _made(lock: Path) -> bool:
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True


def provider_config(file: Path, user: str) -> dict[str, str]:
    """Return the ``auth-provider.config`` of a user as the file has it now; empty when it is gone."""
    try:
        node = _config_node(_compose(file.read_text(encoding="utf-8")), user)
    except (OSError, _NotThere):
        return {}
    return {key.value: value.value for key, value in node.value if hasattr(value, "value")}


def write_back(file: Path, user: str, changed: Mapping[str, str]) -> None:
    """Write changed values into a user's ``auth-provider.config``, and nothing else.

    Raises
    ------
    CredentialsError
        The file cannot be written, is locked, or no longer has the user.
    """
    real = file.resolve()
    try:
        with kubectl_lock(file):
            before = real.read_bytes().decode("utf-8")
            _replace(real, edited(before, user, changed).encode())
    except _NotThere:
        raise CredentialsError(
            "the new token cannot be kept: the user is no longer in the kubeconfig",
            where=f"{file} (user {user})",
        ) from None
    except OSError as error:
        raise CredentialsError(
            f"the new token cannot be kept: {error.strerror}", where=str(file), next="make the file writable"
        ) from None


def edited(text: str, user: str, changed: Mapping[str, str]) -> str:
    """Return a kubeconfig's text with the values of a user's ``auth-provider.config`` replaced or added."""
    node = _config_node(_compose(text), user)
    edits: list[tuple[int, int, str]] = []
    present = {key.value: (key, value) for key, value in node.value}
    added = []
    for name, value in changed.items():
        if name in present:
            edits.append(_replacement(text, *present[name], json.dumps(value)))
        else:
            added.append((name, value))
    if added:
        edits.append(_insertion(text, node, added))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


class _NotThere(Exception):
    pass


def _replacement(text: str, key: Any, value: Any, new: str) -> tuple[int, int, str]:
    start, end = value.start_mark.index, value.end_mark.index
    if start == end:
        # An empty value has no place of its own: the new one goes behind the colon.
        colon = text.index(":", key.end_mark.index) + 1
        return colon, colon, f" {new}"
    # A block scalar ends after its line.
    return start, end, new + ("\n" if text[start:end].endswith("\n") else "")


def _insertion(text: str, node: Any, added: list[tuple[str, str]]) -> tuple[int, int, str]:
    if node.flow_style:
        at = node.start_mark.index + 1
        new = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in added)
        return at, at, new + (", " if node.value else "")
    first = node.value[0][0].start_mark
    indent = " " * first.column
    new = "".join(f"{name}: {json.dumps(value)}\n{indent}" for name, value in added)
    return first.index, first.index, new


def _compose(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).compose(text)
    except YAMLError:
        raise _NotThere from None


def _config_node(root: Any, user: str) -> Any:
    """Return the mapping node ``users[name=user].user.auth-provider.config``."""
    for entry in getattr(_value(root, "users"), "value", None) or ():
        if getattr(_value(entry, "name"), "value", None) == user:
            node = _value(_value(_value(entry, "user"), "auth-provider"), "config")
            if node is not None and isinstance(node.value, list) and node.tag.endswith(":map"):
                return node
    raise _NotThere


def _value(node: Any, name: str) -> Any:
    pairs = node.value if node is not None and isinstance(node.value, list) else []
    pairs = [pair for pair in pairs if isinstance(pair, tuple)]
    return next((value for key, value in pairs if key.value == name), None)


def _replace(file: Path, data: bytes) -> None:
    """Put a new file in the place of the old one, with its mode and owner."""
    before = file.stat()
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            os.fchmod(out.fileno(), before.st_mode & 0o7777)
            with suppress(OSError):
                os.fchown(out.fileno(), before.st_uid, before.st_gid)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
