"""``prompt-kafka run continue``: after the pull request; where it is ours to merge, merge it first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from prompt_kafka.cli.change import ChangeOptions, change_options, plan_and_run, run_plan
from prompt_kafka.cli.lab.traffic import seconds
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import ExitCode, TimedOutError
from prompt_kafka.core.request import USUAL_TERMS
from prompt_kafka.core.run import RunRecord
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from rich.console import Console

    from prompt_kafka.core.world import World

FIRST_S, LAST_S = 5.0, 60.0
"""Between two looks at a pull request: soon at first, then seldom."""


@click.command("continue")
@click.argument("run")
@click.option(
    "--wait", callback=seconds, metavar="DURATION", help="Wait so long for checks, review and merge: 2h."
)
@change_options
@target_options
@output_option
def continue_run(run: str, wait: float | None, how: ChangeOptions, target: TargetOptions, output: str) -> int:
    """Go on after a pull request was merged: plan what was asked for anew, as a run of its own.

    Where `pull_request.merge` is `run`, it is merged first, as soon as its checks and the branch's rules
    allow it. Nothing is held while it waits.
    """
    from prompt_kafka.cli.console import terminal
    from prompt_kafka.procedures.pull_request import looks_before, merging, refuse_unmerged

    with session(target, changes=True) as service:
        record = service.runs().load(run)
        console = terminal(stderr=output != "text")
        world = _awaited(service, record, wait or 0.0, console)
        plan = merging(record, world, service.environment)
        if plan is not None:
            code = run_plan(
                service, None, plan, how, output, stop=how.dry_run, continues=run, tells=how.dry_run
            )
            if how.dry_run or code != ExitCode.OK:
                return code
            world = service.observe(looks_before(record))
        refuse_unmerged(record, world)
        assert record.request is not None
        asked = how.terms if how.terms != USUAL_TERMS else record.terms
        return plan_and_run(service, record.request, replace(how, terms=asked), output, continues=run)


def _awaited(
    service: Session, record: RunRecord, wait_s: float, console: Console, clock: Clock = SYSTEM
) -> World:
    """Look until it is merged, can be merged by us, or waiting does not help; say what it waits for."""
    from prompt_kafka.procedures.pull_request import looks_before, merged, merging, request_of, standing

    looks, end, pause_s, said = looks_before(record), clock.monotonic() + wait_s, FIRST_S, ""
    while True:
        world = service.observe(looks)
        found = request_of(record, world)
        helps = found is None or (found.state == "open" and not found.hopeless)
        done = merged(record).judge(world).holds or merging(record, world, service.environment) is not None
        if done or not wait_s or not helps:
            return world
        if (now := standing(record, world)) != said:
            console.print(f"[quiet]{clock.now():%H:%M:%S} UTC[/]  {now}", highlight=False)
            said = now
        left_s = end - clock.monotonic()
        if left_s <= 0:
            raise TimedOutError(
                f"waited in vain: {now}",
                where=found.url if found else None,
                next=f"prompt-kafka run continue {record.id} -e {record.plan.target.environment}",
            )
        clock.sleep(min(pause_s, left_s))
        pause_s = min(LAST_S, pause_s * 1.5)
