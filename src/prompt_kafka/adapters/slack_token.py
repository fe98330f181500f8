"""Where the Slack bot's token is found. It is read when it is used, and never shown."""

from __future__ import annotations

from collections.abc import Mapping

from prompt_kafka.adapters import tokens
from prompt_kafka.core.doctor import SLACK_TOKEN
from prompt_kafka.core.service import Environment


def token_of(environment: Environment, variables: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return the token for an environment, or an empty one and why there is none."""
    return tokens.found(environment.slack_token_file, SLACK_TOKEN, variables, name="bot token")
