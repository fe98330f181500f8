"""``prompt-kafka apply PLAN``: run exactly the plan that was saved, or refuse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from prompt_kafka.cli.change import ChangeOptions, change_options, run_plan
from prompt_kafka.cli.options import output_option, target_options
from prompt_kafka.core.saved import SavedPlan
from prompt_kafka.factory import session
from prompt_kafka.targets import TargetOptions


@click.command("apply")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@change_options
@target_options
@output_option
def command(file: Path, how: ChangeOptions, target: TargetOptions, output: str) -> int:
    """Run a plan that --save-plan wrote.

    It is planned again from what was asked for. When a fact that the plan read has moved, the fact is named
    and nothing is done.
    """
    saved = SavedPlan.from_json(file.read_text(), str(file))
    if target.environment is None:
        target = replace(target, environment=saved.plan.target.environment)
    with session(target, changes=True) as service:
        override = how.terms.override_hours or saved.terms.override_hours
        announced = how.terms.announced or saved.terms.announced
        said = how.terms.announcement or saved.terms.announcement
        terms = replace(saved.terms, override_hours=override, announced=announced, announcement=said)
        how = replace(how, terms=terms)
        now = service.plan(saved.request, how.terms, later=how.dry_run)
        saved.refuse_if_moved(now)
        return run_plan(service, saved.request, now, how, output, stop=how.dry_run)
