"""Which cluster and which user: kubeconfig files as kubectl reads them.

``KUBECONFIG`` may name several files whose entries are merged, and paths in a file are relative to it. Each
entry remembers the file it came from, because a refreshed token is written back there. lightkube reads one
file and drops fields that exec plug-ins need, so it is handed what is found here
(:mod:`prompt_kafka.clients.auth`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prompt_kafka.core.errors import UsageError

DEFAULT_FILE = "~/.kube/config"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_CLUSTER_PATHS = ("certificate-authority",)
_USER_PATHS = ("client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True, slots=True)
class Login:
    """One context: a cluster, a user, and where both are written.

    Attributes
    ----------
    context, namespace
        Names; ``default`` is kubectl's namespace where a context names none.
    cluster, user
        The entries as written, with paths made absolute. Secrets are in here: never show it.
    user_name
        Name of the user's entry.
    file
        The file that the user's entry is in; None inside a cluster.
    """

    context: str
    namespace: str
    cluster: Mapping[str, Any] = field(repr=False)
    user: Mapping[str, Any] = field(default_factory=dict, repr=False)
    user_name: str = ""
    file: Path | None = None

    @property
    def server(self) -> str:
        """Address of the API."""
        return str(self.cluster.get("server") or "http://localhost:8080").rstrip("/")

    @property
    def where(self) -> str:
        """The place to mend, for error messages."""
        return f"{self.file or 'service account'} (context {self.context})"


def load(kubeconfig: Path | None, context: str | None) -> Login:
    """Return one context of a kubeconfig, of the ones kubectl would use when none is given.

    Raises
    ------
    UsageError
        There is no such file or context, or it cannot be read.
    """
    files = _files(kubeconfig)
    present = [file for file in files if file.is_file()]
    if not present:
        inside = _service_account() if kubeconfig is None and context is None else None
        if inside is not None:
            return inside
        raise UsageError(
            f"no kubeconfig {', '.join(map(str, files))}",
            next="name one with --kubeconfig, or start the lab: make up",
        )
    documents = [(file, _read(file)) for file in present]
    return _choose(documents, context)


def _files(kubeconfig: Path | None) -> list[Path]:
    if kubeconfig is not None:
        return [kubeconfig.expanduser()]
    named = [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return [Path(part).expanduser() for part in named or [DEFAULT_FILE]]


def _read(file: Path) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped]  # lightkube's own reader

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(file.read_bytes(), Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(
            f"the kubeconfig is not YAML: {getattr(error, 'problem', None)}", where=f"{file}{line}"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read the kubeconfig: {error.strerror}", where=str(file)) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UsageError("the kubeconfig is not a mapping", where=str(file))
    return document


def _choose(documents: list[tuple[Path, dict[str, Any]]], context: str | None) -> Login:
    where = ", ".join(str(file) for file, _ in documents)
    contexts, clusters, users = (
        _entries(documents, plural, singular)
        for plural, singular in (("contexts", "context"), ("clusters", "cluster"), ("users", "user"))
    )
    name = context or next((str(d["current-context"]) for _, d in documents if d.get("current-context")), "")
    if not name:
        raise UsageError("the kubeconfig names no current context", where=where, next="give --context")
    if name not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        raise UsageError(f"no context {name!r}", where=where, next=f"contexts there: {known}")
    file, chosen = contexts[name]
    cluster_name, user_name = str(chosen.get("cluster") or ""), str(chosen.get("user") or "")
    for kind, wanted, there in (("cluster", cluster_name, clusters), ("user", user_name, users)):
        if wanted not in there and (wanted or kind == "cluster"):
            raise UsageError(
                f"context {name} names {kind} {wanted!r}, which is not there",
                where=str(file),
                next=f"{kind}s there: {', '.join(sorted(there)) or 'none'}",
            )
    cluster_file, cluster = clusters[cluster_name]
    user_file, user = users.get(user_name, (file, {}))
    return Login(
        context=name,
        namespace=str(chosen.get("namespace") or "default"),
        cluster=_absolute(cluster, _CLUSTER_PATHS, cluster_file),
        user=_with_command(_absolute(user, _USER_PATHS, user_file), user_file),
        user_name=user_name,
        file=user_file,
    )


def _entries(
    documents: Iterable[tuple[Path, dict[str, Any]]], plural: str, singular: str
) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Return the named entries of all files; of two with one name the first counts, as for kubectl."""
    found: dict[str, tuple[Path, dict[str, Any]]] = {}
    for file, document in documents:
        entries = document.get(plural) or []
        if not isinstance(entries, list):
            raise UsageError(f"{plural} is not a list", where=str(file))
        for entry in entries:
            if not isinstance(entry, dict) or "name" not in entry:
                raise UsageError(f"an entry of {plural} has no name", where=str(file))
            body = entry.get(singular) or {}
            if not isinstance(body, dict):
                raise UsageError(f"{singular} {entry['name']} is not a mapping", where=str(file))
            found.setdefault(str(entry["name"]), (file, body))
    return found


def _absolute(entry: dict[str, Any], keys: Iterable[str], file: Path) -> dict[str, Any]:
    made = dict(entry)
    for key in keys:
        if isinstance(made.get(key), str) and made[key]:
            made[key] = str(file.parent.absolute() / made[key])
    return made


def _with_command(user: dict[str, Any], file: Path) -> dict[str, Any]:
    """Make the path of an exec plug-in absolute; a bare name is looked up in ``PATH`` when it runs."""
    plugin = user.get("exec")
    if isinstance(plugin, dict) and "/" in str(plugin.get("command", "")):
        user["exec"] = {**plugin, "command": str(file.parent.absolute() / plugin["command"])}
    return user


def _service_account() -> Login | None:
    """Return the way to the API from inside a pod."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port or not (SERVICE_ACCOUNT / "token").is_file():
        return None
    namespace = SERVICE_ACCOUNT / "namespace"
    return Login(
        context="in-cluster",
        namespace=namespace.read_text().strip() if namespace.is_file() else "default",
        cluster={
            "server": f"https://{f'[{host}]' if ':' in host else host}:{port}",
            "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt"),
        },
        user={"tokenFile": str(SERVICE_ACCOUNT / "token")},
        user_name="service account",
    )
