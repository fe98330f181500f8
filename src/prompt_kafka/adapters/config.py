"""Finds and reads ``service.yaml``: the environments of the service and the ways to them.

Looked for in this order: ``--config``, the variable ``PROMPT_KAFKA_CONFIG``, ``service.yaml`` or
``deploy/service.yaml`` in the present folder or one above it, the user's XDG configuration folder. Without
any, `status` can still look at a cluster that is named on the command line; nothing is pinned then.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prompt_kafka.adapters.config_hours import operating
from prompt_kafka.adapters.config_keys import check_keys, line_of
from prompt_kafka.adapters.config_messages import messages
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.forge import METHODS, project_of
from prompt_kafka.core.messages import ANYTHING
from prompt_kafka.core.service import DEFAULT_LAG_OBJECTIVE_S, Environment, KafkaAccess, PullRequests

SCHEMA = 1
NAME = "service.yaml"
VARIABLE = "PROMPT_KAFKA_CONFIG"

ENVIRONMENT_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "production": bool,
    "context": str,
    "kubeconfig": str,
    "namespace": str,
    "cluster": str,
    "cluster_id": str,
    "operator_namespace": str,
    "kafka": dict,
    "groups": dict,
    "simulated": list,
    "repository": str,
    "branch": str,
    "application": str,
    "argocd_namespace": str,
    "argocd_server": str,
    "hours": (str, dict),
    "channel": str,
    "delivery": str,
    "branch_pattern": str,
    "pull_request": dict,
    "slack_url": str,
    "slack_token_file": str,
    "bring_back": str,
    "operator_application": str,
    "journal_filters": bool,
    "messages": dict,
}
KAFKA_KEYS = {"user": str, "reader": str, "canary_user": str, "canary_topic": str, "listener": str}
PULL_REQUEST_KEYS: Mapping[str, type] = {
    "url": str,
    "token_file": str,
    "repository": str,
    "merge": str,
    "method": str,
    "delete_branch": bool,
}
DELIVERIES = ("push", "branch", "pull-request")
_CHOICES = {"merge": ("person", "run"), "method": METHODS}


def find(explicit: Path | None = None) -> Path | None:
    """Return the configuration file to use, None when there is none.

    Raises
    ------
    UsageError
        A file that was named does not exist.
    """
    named = explicit or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is not None:
        if not named.is_file():
            raise UsageError(f"no configuration file {named}", next=f"see --config and {VARIABLE}")
        return named
    here = Path.cwd()
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    near = [folder / name for folder in (here, *here.parents) for name in (NAME, f"deploy/{NAME}")]
    candidates = [*near, home / "prompt-kafka" / NAME]
    return next((path for path in candidates if path.is_file()), None)


def read(path: Path) -> dict[str, Environment]:
    """Read the environments of a configuration file.

    Raises
    ------
    UsageError
        With the line at fault: it is not YAML, has an unknown key, or a value of the wrong type.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read the configuration: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the configuration is not text: {error.reason}", where=str(path)) from error
    data = _json(text)
    if data is None:
        data = _yaml(path, text)
    check_keys(path, data, {"schema": int, "environments": dict}, "")
    if data.get("schema") != SCHEMA:
        raise UsageError(
            f"schema {data.get('schema')} is not known here",
            where=str(path),
            next=f"this version reads {SCHEMA}",
        )
    environments = data.get("environments") or {}
    return {name: _environment(path, name, entry or {}) for name, entry in environments.items()}


def _json(text: str) -> Any:
    """Return the document when it is JSON, which is YAML too: what a lab writes, and reads in no time."""
    if not text.startswith("{"):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _yaml(path: Path, text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"not YAML: {error.problem}", where=f"{path}:{line}") from error


def _environment(path: Path, name: str, entry: Any) -> Environment:
    under = f"environments.{name}."
    check_keys(path, entry, ENVIRONMENT_KEYS, under)
    kafka = entry.get("kafka") or {}
    check_keys(path, kafka, KAFKA_KEYS, f"{under}kafka.")
    groups = {}
    for group, objective in (entry.get("groups") or {}).items():
        if objective is not None and not isinstance(objective, (int, float)):
            where = line_of(path, entry["groups"], group)
            raise UsageError(f"{under}groups.{group} must be seconds", where=where)
        groups[str(group)] = float(DEFAULT_LAG_OBJECTIVE_S if objective is None else objective)
    _delivery(path, entry, under)
    requests = entry.get("pull_request") or {}
    _pull_request(path, requests, f"{under}pull_request.")
    made = ("kafka", "groups", "simulated", "hours", "pull_request", "messages")
    plain = {k: v for k, v in entry.items() if k not in made}
    return Environment(
        name=str(name),
        kafka=KafkaAccess(**{k: str(v) for k, v in kafka.items()}),
        groups=groups,
        simulated=tuple(str(line) for line in entry.get("simulated") or ()),
        hours=operating(path, entry, under) if entry.get("hours") else None,
        pull_request=PullRequests(**requests),
        messages=messages(path, entry, under) if entry.get("messages") else ANYTHING,
        **plain,
    )


def _delivery(path: Path, entry: Mapping[str, Any], under: str) -> None:
    """Refuse a way for changes that there is not, and a branch that all changes would share."""
    if entry.get("delivery", "push") not in DELIVERIES:
        where = line_of(path, entry, "delivery")
        raise UsageError(f"{under}delivery must be {_or(DELIVERIES)}", where=where)
    pattern = entry.get("branch_pattern", "{change}")
    if "{change}" not in pattern or re.search(r"[\s~^:?*\[\\]|\.\.|^[-/]|/$", pattern):
        where = line_of(path, entry, "branch_pattern")
        raise UsageError(f"{under}branch_pattern must be a branch's name with {{change}} in it", where=where)


def _pull_request(path: Path, entry: Any, under: str) -> None:
    """Refuse a word that is no choice, a repository that is none, and an address that shows the token."""
    check_keys(path, entry, PULL_REQUEST_KEYS, under)
    for key, choices in _CHOICES.items():
        if entry.get(key, choices[0]) not in choices:
            raise UsageError(f"{under}{key} must be {_or(choices)}", where=line_of(path, entry, key))
    if entry.get("repository") and project_of("", entry["repository"]) is None:
        raise UsageError(f"{under}repository must be owner/name", where=line_of(path, entry, "repository"))
    if not re.fullmatch(
        r"https://[^\s@]+|http://(127\.[\d.]+|localhost|\[::1\])(:\d+)?(/\S*)?|", entry.get("url", "")
    ):
        where = line_of(path, entry, "url")
        raise UsageError(f"{under}url must begin with https:// (a token is sent there)", where=where)


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
