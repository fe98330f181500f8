"""A form that is filled in, its plan, and its approval: planner and refusals are the command line's."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from prompt_kafka.console.desk import Desk, desk
from prompt_kafka.console.forms import Asked, Form, Values
from prompt_kafka.console.limits import Places
from prompt_kafka.console.pages import failure, lost, shown
from prompt_kafka.console.people import Role
from prompt_kafka.core.actions import Observe, by_hand
from prompt_kafka.core.announcement import Preview
from prompt_kafka.core.changes import CommitFiles, FileChange, shortened
from prompt_kafka.core.codec import encode
from prompt_kafka.core.errors import PromptKafkaError, RefusedError, UsageError
from prompt_kafka.core.plan import Plan, Step
from prompt_kafka.core.saved import SavedPlan
from prompt_kafka.factory import session

PLACES = Places(each=2, together=6)
"""Plans that are made at once: of one session, and in all."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and what belongs to it.

    Attributes
    ----------
    to_post
        Why a person must announce it before it may run; empty where that is not so.
    """

    plan: Plan
    preview: Preview
    to_post: str


def form(request: Request) -> Response:
    """Show a form, filled in as the address says."""
    found = _form(request)
    if found is None:
        return lost(request, "there is no such change")
    return shown(
        request, "form.html", title=found.words, form=found, values=_values(request, found), error=None
    )


def plan(request: Request) -> Response:
    """Plan what the form asks for; only reads."""
    found, here = _form(request), desk(request)
    if found is None:
        return lost(request, "there is no such change")
    values = _values(request, found)
    asked = None
    try:
        asked = here.forms.asked(found.words, values)
        with PLACES.held(request.state.signed_in.key):
            planned = _planned(here, asked)
    except UsageError as error:
        if _json(request):
            return failure(request, error)
        return shown(request, "form.html", 400, title=found.words, form=found, values=values, error=error)
    except PromptKafkaError as error:
        if _json(request) or asked is None:
            return failure(request, error)
        return _refused(request, found, values, asked, error)
    here.plans.keep(SavedPlan.of(asked.request, planned.plan, asked.terms))
    if _json(request):
        return JSONResponse(_as_json(planned))
    return _shown(request, found, values, asked, planned)


def run(request: Request) -> Response:
    """Run a plan that was read and approved."""
    found, here = _form(request), desk(request)
    if found is None:
        return lost(request, "there is no such change")
    given: dict[str, list[str]] = request.state.form
    values = {field.name: given[field.name][0] for field in found.fields if given.get(field.name)}
    person = request.state.signed_in.person
    try:
        if not here.view(request).acts:
            raise RefusedError(
                "looks-only",
                "this console does not act"
                if not here.settings.acts
                else f"{person.name} is a {person.title}",
                next="copy the command, and run it where you may",
            )
        asked = here.forms.asked(found.words, values)
        planned = _planned(here, asked)
        here.plans.refuse_if_moved(given.get("digest", [""])[0], planned.plan)
        _refuse_unconfirmed(planned.plan, given.get("typed", [""])[0], person.role)
        if planned.to_post:
            raise RefusedError("not-announced", planned.to_post, next="post the text, and give its link")
    except PromptKafkaError as error:
        here.audit.refused(person.name, f"{found.words}: {error.what}")
        return failure(request, error)
    here.audit.note("approved", person.name, f"plan {planned.plan.digest}: {asked.line}")
    run_id = here.running.start(person.name, planned.plan, asked.request, asked.terms)
    return RedirectResponse(f"{here.settings.path}/runs/{run_id}", 303)


def _refuse_unconfirmed(plan: Plan, typed: str, role: Role) -> None:
    if not plan.steps:
        raise RefusedError("nothing-to-do", plan.nothing_because or "there is nothing to do")
    if not plan.points_of_no_return:
        return
    first = plan.points_of_no_return[0].title
    if role < Role.APPROVER:
        raise RefusedError(
            "not-an-approver", f"{first}: only an approver may approve what cannot be taken back"
        )
    if typed.strip() != plan.to_be_typed:
        raise RefusedError(
            "point-of-no-return", f"{first}: this cannot be taken back", next=f"type {plan.to_be_typed}"
        )


def _planned(here: Desk, asked: Asked) -> Planned:
    with session(here.changing, changes=True) as service:
        plan = service.handed(service.plan(asked.request, asked.terms), by_hand=False)
        announcing = service.announcing
        return Planned(
            plan,
            announcing.preview(plan, asked.terms),
            announcing.must_be_posted_by_hand(plan, asked.terms) if plan.steps else "",
        )


def _form(request: Request) -> Form | None:
    words = request.path_params["words"].replace("/", " ")
    return desk(request).forms.all().get(words)


def _values(request: Request, form: Form) -> dict[str, str]:
    """Return what the address fills in; a field that is given twice has two lines."""
    given = request.query_params
    return {f.name: "\n".join(given.getlist(f.name)) for f in form.fields if any(given.getlist(f.name))}


def _json(request: Request) -> bool:
    return str(request.state.path).startswith("/api/")


def _refused(request: Request, form: Form, values: Values, asked: Asked, error: PromptKafkaError) -> Response:
    rule = getattr(error, "rule", "")
    return shown(
        request,
        "plan.html",
        409 if rule else 503,
        title=f"Plan: {form.words}",
        form=form,
        values=values,
        asked=asked,
        error=error,
        hours=rule == "production-hours",
        planned=None,
    )


def _shown(request: Request, form: Form, values: Values, asked: Asked, planned: Planned) -> Response:
    plan = planned.plan
    return shown(
        request,
        "plan.html",
        title=f"Plan: {form.words}",
        form=form,
        values=values,
        asked=asked,
        error=None,
        hours=False,
        planned=planned,
        plan=plan,
        files=[
            change
            for step in plan.steps
            if isinstance(step.action, CommitFiles)
            for change in step.action.files
        ],
        lines=lines,
        hand=[_hand(step, plan) for step in plan.steps],
        resources=[each.rstrip().partition("\n") for each in plan.resources],
        may=desk(request).view(request).acts
        and not (plan.points_of_no_return and request.state.signed_in.person.role < Role.APPROVER),
    )


def lines(change: FileChange) -> list[tuple[str, str]]:
    """Return the lines of a file's difference, each with ``more``, ``less``, ``place`` or nothing."""
    kinds = {"+": "more", "-": "less", "@": "place"}
    return [
        (kinds.get(line[:1], ""), line)
        for line in change.diff.splitlines()[1:]
        if not line.startswith(("+++", "---", "new file"))
    ]


def _hand(step: Step, plan: Plan) -> str:
    """Return the lines that a person would type for a step."""
    context = plan.target.context
    text = shortened(by_hand(step.action, context))
    if not text and isinstance(step.action, Observe) and step.again is not None:
        text = f"# if that is given up:\n{by_hand(step.again, context)}"
    return text


def _as_json(planned: Planned) -> dict[str, object]:
    plan = planned.plan
    data = encode(plan)
    for step, entry in zip(plan.steps, data["steps"], strict=True):
        entry["by_hand"] = by_hand(step.action, plan.target.context)
    announced = encode(planned.preview) if planned.preview.channel else None
    return {**data, "digest": plan.digest, "announcement": announced}
