"""Tries what lies outside of the cluster: Git, the forge, Slack, the proxies; nothing is changed there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from prompt_kafka.adapters.repository import repository_of
from prompt_kafka.adapters.slack_token import token_of
from prompt_kafka.core.doctor import Tried
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.service import Environment

T = TypeVar("T")

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


def outside(environment: Environment, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return what came of it, by the field of :class:`~prompt_kafka.core.doctor.Examined`."""
    return {
        **_git(environment),
        "forge": _forge(environment, variables),
        "slack": _slack(environment, variables),
        "proxies": _proxies(variables),
    }


def attempt(function: Callable[[], T]) -> Tried[T]:
    """Return the outcome of a call; a failure is an outcome too."""
    try:
        return Tried(function())
    except (PromptKafkaError, OSError) as error:
        return failure(error)


def failure(error: Exception) -> Tried[Any]:
    """Return a failure as an outcome."""
    if isinstance(error, PromptKafkaError):
        where = f" ({error.where})" if error.where else ""
        return Tried(failed=f"{error.what}{where}", next=error.next or "")
    return Tried(failed=str(error) or type(error).__name__)


def _git(environment: Environment) -> dict[str, Any]:
    if not environment.repository:
        why = "no repository is configured"
        tried: Tried[str] = Tried(skipped=why, next="add `repository` to the environment in service.yaml")
        return {"git": tried, "push": Tried(skipped=why)}
    made = attempt(lambda: repository_of(environment))
    if made.value is None:
        return {"git": made, "push": Tried(skipped="the repository cannot be used")}
    repository = made.value
    looked = attempt(repository.look)
    if looked.value is None:
        return {"git": looked, "push": Tried(skipped="the repository does not answer")}
    state = looked.value
    said = f"{state.repository}, {state.branch} at {state.head[:12]}"
    return {"git": Tried(said), "push": attempt(lambda: repository.try_push(state.head))}


def _slack(environment: Environment, variables: Mapping[str, str]) -> Tried[str]:
    """Ask Slack whose token it is; nothing is posted."""
    token, why_not = token_of(environment, variables)
    if not environment.channel:
        return Tried(skipped="no channel is configured: nobody is told")
    if not token:
        return Tried(skipped=f"channel {environment.channel}, {why_not}")
    from prompt_kafka.adapters.slack import Slack

    try:
        who = Slack(token, environment.slack_url, patience_s=1.0, timeout_s=5).who()
    except PromptKafkaError as error:
        return failure(error)
    return Tried(f"channel {environment.channel}, as {who}")


def _forge(environment: Environment, variables: Mapping[str, str]) -> Tried[str]:
    """Ask GitHub what the token may do; nothing is changed."""
    if environment.delivery != "pull-request" or not environment.repository:
        return Tried(skipped="changes do not go by pull request")
    from prompt_kafka.adapters import forge, forge_token

    if not (token := forge_token.token_of(environment, variables))[0]:
        return Tried(skipped=token[1], next="make a token (docs/production.md, Pull requests)")

    def ask() -> str:
        found = forge.Forge.of(environment, repository_of(environment).shown, variables)
        try:
            return found.examine()
        finally:
            found.end()

    return attempt(ask)


def _proxies(variables: Mapping[str, str]) -> tuple[str, ...]:
    found = []
    for name in PROXIES:
        value = variables.get(name) or variables.get(name.lower())
        if value:
            found.append(f"{name}={re.sub(r'//[^/@]*@', '//', value)}")
    return tuple(found)
