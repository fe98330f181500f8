"""``prompt-kafka topic create``: what its words mean."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from prompt_kafka.cli.console import THEME
from prompt_kafka.cli.present_plan import show
from prompt_kafka.cli.topic.create import grant
from prompt_kafka.cli.topic.main import command
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.request import Grant
from prompt_kafka.procedures import create_topic
from tests.topics import Charts, means, request, service


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("u=read", Grant("u", ("read",))),
        ("u=write", Grant("u", ("write",))),
        ("u=write+read", Grant("u", ("read", "write"))),
        ("u=read@g", Grant("u", ("read",), "g")),
        ("u=read+write@g.1", Grant("u", ("read", "write"), "g.1")),
    ],
)
def test_who_may_what(text: str, wanted: Grant) -> None:
    assert grant(text) == wanted


@pytest.mark.parametrize("text", ["u", "u=", "=read", "u=all", "u=read,write", "u=write@g", "u=read@"])
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(UsageError):
        grant(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--retention", "14"], "a retention needs a unit"),
        (["--user", "u=read", "--user", "u=write"], "u is given twice"),
        (["--user", "u"], "USER=read"),
    ],
)
def test_usage_errors_come_before_anything_is_looked_at(words: list[str], said: str) -> None:
    done = CliRunner().invoke(command, ["create", "t", "--subchart", "s", *words])
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)


def test_a_plan_shows_the_target_first_and_the_steps_on_one_screen() -> None:
    from rich.console import Console

    asked = request({"users": {"alert-reader": "read"}})
    plan = create_topic.plan(asked, service(), means(Charts()))
    console = Console(theme=THEME, record=True, width=200, soft_wrap=True)
    with console.capture() as shown:
        show(plan, console)
    lines = shown.get().splitlines()
    assert lines[0].startswith("TARGET lab (not production)")
    first = next(n for n, line in enumerate(lines) if line.startswith("1. "))
    assert len(lines) - first < 50
    text = "\n".join(lines)
    assert "     +  - name: alerts" in text
    assert "kind: KafkaTopic" in text
    assert "alert-reader may read `alerts` in group `alert-reader`; may not write" in text
    assert "git -C prompt-kafka-change apply --index - < the difference above" in text
