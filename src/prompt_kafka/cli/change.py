"""What every command that changes something does with its plan: show it, ask once, run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from prompt_kafka.cli.options import rendered
from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import ExitCode, RefusedError, UsageError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import USUAL_TERMS, Request, Terms
from prompt_kafka.core.run import RunRecord
from prompt_kafka.core.saved import SavedPlan
from prompt_kafka.core.story import plan_told, run_told
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from rich.console import Console

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """How a change is to be carried out."""

    dry_run: bool = False
    yes: bool = False
    by_hand: bool = False
    save_plan: Path | None = None
    confirm: str = ""
    terms: Terms = USUAL_TERMS
    rehearse: bool = False


def _reason(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    if value is not None and not value.strip():
        raise click.BadParameter("say why", context, parameter)
    return (value or "").strip()


def hours_option(function: Function) -> Function:
    """Add ``--override-hours``, the reason for a disruptive step in production hours."""
    return click.option(
        "--override-hours",
        metavar="REASON",
        callback=_reason,
        help="Go on in production hours; kept and announced.",
    )(function)


def announced_options(function: Function) -> Function:
    """Add what a person says about the announcement."""
    function = click.option("--announced", default="", metavar="LINK", help="I have announced it, there.")(
        function
    )
    return click.option("--announce", default="", metavar="TEXT", help="Say this too in the announcement.")(
        function
    )


def change_options(function: Function) -> Function:
    """Add the options of a change; the function gets them as ``how``."""

    @click.option("--dry-run", is_flag=True, help="Stop after the plan.")
    @click.option("-y", "--yes", is_flag=True, help="Do not ask.")
    @click.option("--by-hand", is_flag=True, help="Tell me each step, wait until I did it, and prove it.")
    @click.option(
        "--save-plan", type=click.Path(path_type=Path, dir_okay=False), help="Write what `apply` runs."
    )
    @click.option("--confirm", default="", metavar="WORD", help="Confirms points of no return.")
    @click.option(
        "--rehearse", is_flag=True, help="Try it in a lab made of this environment's charts; stop there."
    )
    @hours_option
    @announced_options
    @wraps(function)
    def wrapper(
        *args: Any,
        dry_run: bool,
        yes: bool,
        by_hand: bool,
        save_plan: Path | None,
        confirm: str,
        rehearse: bool,
        override_hours: str,
        announce: str,
        announced: str,
        **kwargs: Any,
    ) -> Any:
        terms = Terms(override_hours, announced.strip(), announce.strip())
        how = ChangeOptions(dry_run, yes, by_hand, save_plan, confirm, terms, rehearse)
        return function(*args, how=how, **kwargs)

    return wrapper


undeployed_option = click.option(
    "--with-undeployed", is_flag=True, help="Bring along what else is in Git and not deployed."
)
stable_option = click.option(
    "--stable", default=2.0, show_default=True, help="Seconds for which the end state must hold."
)


Taken = list[tuple[Request, ChangeOptions]]
_TAKEN: ContextVar[Taken | None] = ContextVar("taken", default=None)


@contextmanager
def taken() -> Iterator[Taken]:
    """Take what the commands inside ask for, instead of carrying it out: a form reads its fields so."""
    found: Taken = []
    before = _TAKEN.set(found)
    try:
        yield found
    finally:
        _TAKEN.reset(before)


def refuse_a_look(what: str) -> None:
    """Refuse to look where what is asked for is taken: a form asks for a change."""
    if _TAKEN.get() is not None:
        raise UsageError(f"{what} is missing", next=f"give the {what}")


def change(
    target: TargetOptions, request: Request, how: ChangeOptions, output: str, *, changes: bool = True
) -> int:
    """Carry a request out on the service that is meant; return the exit code.

    Parameters
    ----------
    changes
        False where the plan has no step in any case.
    """
    found = _TAKEN.get()
    if found is not None:
        found.append((request, how))
        return ExitCode.OK
    with session(target, changes=changes) as service:
        return carry_out(service, request, how, output)


def carry_out(session: Session, request: Request, how: ChangeOptions, output: str) -> int:
    """Plan a request, show the plan, ask once, run it.

    Returns
    -------
    int
        The exit code.
    """
    if how.rehearse:
        from prompt_kafka.cli.rehearse import rehearse

        return rehearse(session, request, how, output)
    return plan_and_run(session, request, how, output)


def plan_and_run(
    session: Session, request: Request, how: ChangeOptions, output: str, *, continues: str = ""
) -> int:
    """Plan a request and run it, as the rest of another run where one is named."""
    stop = how.dry_run or how.save_plan is not None
    Thread(target=_prepare, daemon=True).start()
    plan = session.plan(request, how.terms, later=stop)
    if how.save_plan is not None:
        how.save_plan.write_text(SavedPlan.of(request, plan, how.terms).to_json())
        click.echo(f"saved: {how.save_plan}; run it: prompt-kafka apply {how.save_plan}", err=True)
    return run_plan(session, request, plan, how, output, stop=stop, continues=continues)


def _prepare() -> None:
    """Load what shows a plan while the servers are asked for theirs."""
    import prompt_kafka.cli.present_plan  # noqa: F401


def run_plan(
    session: Session,
    request: Request | None,
    plan: Plan,
    how: ChangeOptions,
    output: str,
    *,
    stop: bool = False,
    continues: str = "",
    tells: bool = True,
) -> int:
    """Show a plan, ask once, run it; only show it when told to `stop` there.

    Parameters
    ----------
    tells
        Print the run as `output` asks; not where another run follows that is printed.
    """
    from rich.markup import escape

    from prompt_kafka.cli.console import terminal
    from prompt_kafka.cli.present_plan import as_json, show

    machine = output != "text"
    console = terminal(stderr=machine)
    plan = session.handed(plan, by_hand=how.by_hand)
    preview = session.announcing.preview(plan, how.terms)
    ends = stop or not plan.steps
    if not (ends and rendered(output, lambda: as_json(plan, preview), lambda: plan_told(plan))):
        show(plan, console, preview)
    if ends:
        if not stop:
            session.acting.send_waiting(plan.target.cluster, lambda text: console.print(escape(text)))
        return ExitCode.OK
    if not _approved(plan, how, machine):
        console.print("nothing was done")
        return ExitCode.OK
    from prompt_kafka.cli.live import watching

    how = _announced_by_hand(session, plan, how, machine)
    with watching(console, plan) as listener:
        record = session.acting.run(plan, listener, request, how.terms, continues)
    show_end(record, console)
    if tells:
        rendered(output, lambda: encode(record), lambda: run_told(record))
    return ExitCode.OK


def _approved(plan: Plan, how: ChangeOptions, machine: bool) -> bool:
    """Ask once; a point of no return wants a name typed, whatever else was said."""
    name = plan.to_be_typed
    if plan.points_of_no_return and how.confirm != name:
        if how.yes:
            raise RefusedError(
                "point-of-no-return",
                f"{plan.points_of_no_return[0].title}: this cannot be taken back",
                next=f"give --confirm {name}",
            )
        return bool(click.prompt(f"This cannot be taken back. Type {name} to go on", err=machine) == name)
    return how.yes or click.confirm("\nRun this plan?", default=False, err=machine)


def _announced_by_hand(session: Session, plan: Plan, how: ChangeOptions, machine: bool) -> ChangeOptions:
    """Ask for the link of what a person has to post, where there is no token and readers must be told."""
    if how.yes or not session.announcing.must_be_posted_by_hand(plan, how.terms):
        return how
    asked = "Paste the announcement, then give its link"
    link = click.prompt(asked, default="", show_default=False, err=machine)
    return replace(how, terms=replace(how.terms, announced=str(link).strip()))


def show_end(record: RunRecord, console: Console) -> None:
    """Print that a run is done, and what proves it; or what it waits for, and how to go on then."""
    seconds = (record.updated - record.started).total_seconds()
    if record.plan.request_to_merge is not None:
        from prompt_kafka.procedures.pull_request import where_to_merge

        name = record.plan.target.environment
        console.print(f"\n[good]✓ {record.plan.summary}: pushed[/], {record.plan.ends_with}", highlight=False)
        console.print(where_to_merge(record), highlight=False, markup=False)
        console.print(f"then: [command]prompt-kafka run continue {record.id} -e {name}[/]")
        return
    console.print(
        f"\n[good]✓ {record.plan.summary}: done and proved[/] in {seconds:.1f} s  [quiet]run {record.id}[/]"
    )
