"""One value, four formats: YAML says what JSON says, Markdown is fit for a report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from prompt_kafka.cli import options
from prompt_kafka.cli.main import root
from prompt_kafka.cli.options import rendered
from prompt_kafka.cli.present_plan import as_json
from prompt_kafka.core.history import Happening, History, history_told
from prompt_kafka.core.request import RestartRequest
from prompt_kafka.core.status import report
from prompt_kafka.core.status_told import as_json as status_as_json
from prompt_kafka.core.status_told import as_markdown
from prompt_kafka.procedures import restart
from tests.worlds import MEANS, NOW, change, healthy

_text = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=30)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(_values)
def test_yaml_says_what_json_says(value: object) -> None:
    assert YAML(typ="safe", pure=True).load(options._yaml(value)) == json.loads(json.dumps(value))


def test_text_is_left_to_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert not rendered("text", lambda: 1)
    assert not rendered("markdown", lambda: 1)
    assert rendered("markdown", lambda: 1, lambda: "# One\n")
    assert capsys.readouterr().out == "# One\n"


def test_a_plan_and_a_status_have_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    world = healthy()
    plan = restart.plan(RestartRequest(), world, MEANS)
    for data in (as_json(plan), status_as_json(world, report(world))):
        for output, parse in (("json", json.loads), ("yaml", YAML(typ="safe").load)):
            assert rendered(output, lambda data=data: data)  # type: ignore[misc]
            assert parse(capsys.readouterr().out) == json.loads(json.dumps(data))


def test_a_status_in_markdown_has_the_verdict_the_causes_and_the_nodes() -> None:
    world = change(healthy(), {"hours": [[-2, 10]], "pods": {"prompt-kafka-kafka-4": {"ready": False}}})
    world = replace(world, target=replace(world.target, production=True))
    told = as_markdown(world, report(world))
    assert "`TARGET lab (PRODUCTION)" in told
    assert "**NOT HEALTHY: 1 problem" in told
    assert "| hours | production (night at a site), ends in 10.0 h, at 2026-11-25 02:00 UTC |" in told
    assert "| prompt-kafka-kafka-4 | broker | not ready" in told


def test_history_in_markdown_names_what_is_not_known() -> None:
    found = History.of(NOW, [Happening(NOW, "git", "a commit", "ada")], [("argo cd", "no route")])
    told = history_told(found)
    assert "git: a commit (ada)" in told
    assert "- argo cd: no route" in told


def _commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, (*words, name))
    else:
        yield " ".join(words), command


def test_every_change_can_be_overridden_and_pasted() -> None:
    changes = {}
    for name, command in _commands(root):
        options = {option: parameter for parameter in command.params for option in parameter.opts}
        if "--dry-run" in options and name != "messages import":  # into labs only: no hours, no plan to paste
            changes[name] = options
    assert {"restart", "apply", "topic create"} <= changes.keys()
    for name, options in changes.items():
        assert "--override-hours" in options, name
        assert "markdown" in getattr(options["--output"].type, "choices", ()), name
