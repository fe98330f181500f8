"""Where the Slack bot's token is found. It is read when it is used, and never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from prompt_kafka.core.doctor import SLACK_TOKEN
from prompt_kafka.core.service import Environment


def token_of(environment: Environment, variables: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return the token for an environment, or an empty one and why there is none.

    A file that the environment names comes before the variable, so that one environment's token is never
    sent to another's Slack.
    """
    if environment.slack_token_file:
        path = Path(environment.slack_token_file).expanduser()
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            return "", f"the token file {path} cannot be read: {getattr(error, 'strerror', 'not text')}"
        return token, "" if token else f"the token file {path} is empty"
    token = (os.environ if variables is None else variables).get(SLACK_TOKEN, "").strip()
    return token, "" if token else f"no bot token in {SLACK_TOKEN}"
