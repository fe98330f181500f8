"""The **runbook**: the headings of the page in its order, each with what a person does, and its forms."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from prompt_kafka.console.desk import Desk, desk
from prompt_kafka.console.documents import Heading, document, headings
from prompt_kafka.console.forms import Form
from prompt_kafka.console.pages import lost, shown


def index(request: Request) -> Response:
    """Show the headings."""
    rows = list(_rows(desk(request)))
    return shown(request, "runbook.html", title="Runbook", rows=rows)


def heading(request: Request) -> Response:
    """Show a heading: its forms, and its page."""
    slug = request.path_params["slug"]
    found = next(((each, forms) for each, forms in _rows(desk(request)) if each.slug == slug), None)
    text = document(f"runbook/{slug}")
    if found is None or text is None:
        return lost(request, "the runbook has no such heading")
    return shown(request, "heading.html", title=found[0].title, heading=found[0], forms=found[1], text=text)


def page(request: Request) -> Response:
    """Show one of the project's other pages."""
    name = request.path_params["name"]
    text = document(name)
    if text is None:
        return lost(request, "there is no such page")
    return shown(request, "document.html", title=name.replace("-", " ").capitalize(), text=text)


def listed(request: Request) -> Response:
    """Return the headings and their forms as JSON."""
    return JSONResponse(
        [
            {
                "heading": each.title,
                "forms": [
                    {
                        "command": form.words,
                        "title": form.title,
                        "fields": [
                            {
                                "name": field.name,
                                "label": field.label,
                                "kind": field.kind,
                                "help": field.help,
                                "required": field.required,
                                "default": field.default,
                                "choices": list(field.choices),
                            }
                            for field in form.fields
                        ],
                    }
                    for form in forms
                ],
            }
            for each, forms in _rows(desk(request))
        ]
    )


def _rows(here: Desk) -> Iterator[tuple[Heading, list[Form]]]:
    """Yield every heading with its forms; a form that the index does not name comes last."""
    left = dict(here.forms.all())
    for each in headings():
        yield each, [left.pop(words) for words in each.commands if words in left]
    if left:
        yield Heading("Others", "", tuple(left)), list(left.values())
