"""What all pages of a console share: which service it is, who is signed in, what is seen and written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlette.requests import Request

from prompt_kafka.console.audit import Audit
from prompt_kafka.console.forms import Forms
from prompt_kafka.console.observatory import Observatory
from prompt_kafka.console.people import Role
from prompt_kafka.console.plans import Plans
from prompt_kafka.console.pool import Pool
from prompt_kafka.console.reads import Reads
from prompt_kafka.console.rendering import Link, View
from prompt_kafka.console.running import Running
from prompt_kafka.console.settings import Settings
from prompt_kafka.console.shared import Shared
from prompt_kafka.console.signing_in import Sessions, SignedIn
from prompt_kafka.core.service import Environment
from prompt_kafka.factory import Session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from prompt_kafka.console.check import Checked
    from prompt_kafka.console.topics import Survey
    from prompt_kafka.core.topic_look import TopicsLook

LINKS = (
    Link("/", "Now"),
    Link("/runbook", "Runbook"),
    Link("/runs", "Runs"),
    Link("/topics", "Topics"),
    Link("/groups", "Groups"),
    Link("/users", "Users"),
    Link("/windows", "Windows"),
    Link("/check", "Checks"),
)
"""The navigation."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of one console.

    Attributes
    ----------
    target
        As the command line named the service.
    opens
        Gives a session that reads.
    """

    settings: Settings
    target: TargetOptions
    environment: Environment
    opens: Callable[[], AbstractContextManager[Session]]
    sessions: Sessions
    audit: Audit
    observatory: Observatory
    forms: Forms
    running: Running
    plans: Plans
    checks: Shared[Checked]
    reads: Reads
    pool: Pool
    survey: Shared[Survey]
    listing: Shared[TopicsLook]

    @property
    def changing(self) -> TargetOptions:
        """The service as a change names it."""
        return changing(self.target, self.environment)

    def view(self, request: Request) -> View:
        """Return what a page shows around its content."""
        signed_in: SignedIn | None = getattr(request.state, "signed_in", None)
        kept = self.observatory.status.kept
        world = kept.value.world if kept.value else None
        hours = world.hours.known if world else None
        operator = signed_in is not None and signed_in.person.role >= Role.OPERATOR
        return View(
            root=self.settings.path,
            here=request.state.path,
            environment=self.environment.name,
            production=self.environment.production,
            target=world.target.line if world else "",
            person=signed_in.person.name if signed_in else "",
            role=signed_in.person.title if signed_in else "",
            csrf=signed_in.csrf if signed_in else "",
            acts=self.settings.acts and operator,
            zone=hours.zone if hours else "UTC",
            links=LINKS,
        )


def changing(target: TargetOptions, environment: Environment) -> TargetOptions:
    """Return how a change names the service that is shown, whatever becomes the usual one meanwhile."""
    by_context = target.context is not None or target.kubeconfig is not None
    named = target.environment or (None if by_context else environment.name)
    return replace(target, environment=named)


def desk(request: Request) -> Desk:
    """Return the desk of the console that a request is for."""
    found = request.app.state.desk
    assert isinstance(found, Desk)
    return found
