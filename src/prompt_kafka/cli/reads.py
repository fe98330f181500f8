"""The console's readings of messages, made of the reading command: its options and what they mean."""

from __future__ import annotations

import shlex
from dataclasses import fields, replace

import click

from prompt_kafka.cli.forms import Asks, apart, asks_of, line_of
from prompt_kafka.cli.messages.read import command
from prompt_kafka.cli.messages.run import How, asking_of, continued, least, with_saved
from prompt_kafka.cli.messages.words import budget_of, size_of
from prompt_kafka.console.forms import Field, Values
from prompt_kafka.console.reads import ToRead
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.service import Environment
from prompt_kafka.targets import TargetOptions

NOT_ASKED = frozenset({"topic", "follow", "export", "tail", "everything"})
USUAL, MOST = 100, 1000
"""Messages of a page that does not say how many, and at most."""

PATIENCE_S = 10.0
"""So long a search goes on before its page is shown, unless the address says otherwise; it can go on."""


class CommandReads:
    """Reads addresses as the command line reads its words.

    Parameters
    ----------
    target, environment
        Whose messages are read.
    """

    def __init__(self, target: TargetOptions, environment: Environment) -> None:
        self._target, self._environment = target, environment
        self._asks: tuple[Asks, ...] = asks_of(command, NOT_ASKED)

    def fields(self) -> tuple[Field, ...]:
        """Return what can be asked for."""
        return tuple(each.field for each in self._asks)

    def asked(self, topic: str, values: Values) -> ToRead:
        """Read what is asked for."""
        given = {"count": str(USUAL), **{key: text for key, text in values.items() if text.strip()}}
        options, _ = line_of(self._asks, given)
        words = [word for option in options for word in apart(option)]
        try:
            context = command.make_context("messages", [*options, "--", topic], resilient_parsing=False)
        except click.ClickException as error:
            raise UsageError(error.format_message(), next="prompt-kafka messages --help") from None
        how = How(**{each.name: context.params[each.name] for each in fields(How)})
        if how.saved:
            how = with_saved(how, self._target)
        asking, topic_id = (asking_of(how), "") if how.token is None else continued(how)
        if asking.wanted is None or asking.wanted > MOST:
            asking = replace(asking, wanted=MOST)
        budget = budget_of(how.budget)
        if asking.filter and budget.seconds is None:
            budget = replace(budget, seconds=PATIENCE_S)
        throttle = least(size_of(how.throttle) if how.throttle else 0, self._environment.messages.throttle)
        line = shlex.join(["prompt-kafka", "messages", topic, *words, "-e", self._environment.name])
        return ToRead(asking, budget, throttle, topic_id, line)
