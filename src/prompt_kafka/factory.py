"""The composition root: the only place where adapters meet the engine, and where the lab is reached.

Commands and pages ask here for a session on an environment; what a session is made of is nobody else's
business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import Look, Part, World
from prompt_kafka.targets import TargetOptions, environment_of, kubeconfig_of, owner

if TYPE_CHECKING:
    from datetime import datetime

    from prompt_kafka.acting import Acting
    from prompt_kafka.adapters.access import Entry
    from prompt_kafka.adapters.charts import Charts
    from prompt_kafka.adapters.readings import Note
    from prompt_kafka.adapters.runs import RunStore
    from prompt_kafka.announcing import Announcing
    from prompt_kafka.clients.kafka import KafkaConnection
    from prompt_kafka.core.actions import Action
    from prompt_kafka.core.doctor import Examined
    from prompt_kafka.core.drift import Comparison
    from prompt_kafka.core.history import History
    from prompt_kafka.core.plan import Plan
    from prompt_kafka.core.reading import Reading
    from prompt_kafka.core.request import Request, Terms
    from prompt_kafka.maintaining import Maintaining


PATIENCE_S = 2.7
"""Seconds that one Kafka node may be silent; a request to the Kubernetes API may take four times that."""


class Session:
    """A look at one environment, and the means to change it.

    Reading goes over connections that refuse to write; writing connections are opened only when a plan runs.
    """

    def __init__(
        self, environment: Environment, *, allow_exec: bool = False, patience: float = PATIENCE_S
    ) -> None:
        from prompt_kafka.adapters.observe import Observer
        from prompt_kafka.clients.kubernetes import Kubernetes

        self.environment = environment
        self.kubernetes = Kubernetes.connect(
            kubeconfig_of(environment),
            environment.context,
            read_only=True,
            allow_exec=allow_exec,
            timeout=4 * patience,
        )
        self._observer = Observer(self.kubernetes, environment, reads_only=True, patience=patience)

    def close(self) -> None:
        """Close every connection."""
        self._observer.close()
        self.kubernetes.close()

    def look(self, parts: frozenset[Look], *, within: float) -> World:
        """Look at parts of the service within some seconds; an API that does not answer is an answer too."""
        from prompt_kafka.core.errors import UnreachableError

        try:
            return self._observer.observe(parts, within=within)
        except UnreachableError as error:
            return self._observer.unreachable(error)

    def observe(self, parts: frozenset[Look]) -> World:
        """Look at parts of the service; writes nothing."""
        return self._observer.observe(parts)

    def kafka(self) -> KafkaConnection:
        """Return a connection that refuses every write, as the reader; it is closed with the session."""
        return self._observer.kafka()

    def refuse_unless_lab(self) -> None:
        """Refuse to go on unless this environment's own Kubernetes API says that it is a lab.

        Raises
        ------
        RefusedError
            It does not say so, or the configuration calls it production.
        """
        from prompt_kafka.core.labs import require_lab

        version, _ = self.kubernetes.version()
        require_lab(self.environment, version, self.kubernetes.server)

    def note_reading(self, reading: Reading, who: str = "") -> Note:
        """Note in this machine's journal that somebody begins to read messages; never raises.

        Parameters
        ----------
        who
            Who asked, where that is not who runs this process (a user of the console).
        """
        from prompt_kafka.adapters import readings

        return readings.note(reading, self.environment, who or owner(), kafka_user=self._observer.reads_as)

    def entry(self, users: Sequence[str]) -> Entry:
        """Return what clients with these users need to connect; passwords stay in memory."""
        return self._observer.entry(users)

    def has_canary(self) -> bool:
        """Return whether the charts brought a canary topic and a user for it."""
        from prompt_kafka.clients.kinds import TOPIC, USER

        access, namespace = self.environment.kafka, self.environment.namespace
        return (
            bool(access.canary_topic and access.canary_user)
            and self.kubernetes.find(TOPIC, access.canary_topic, namespace) is not None
            and self.kubernetes.find(USER, access.canary_user, namespace) is not None
        )

    def plan(self, request: Request, terms: Terms | None = None, *, later: bool = False) -> Plan:
        """Look at what a procedure must see, and plan it, to be run now or `later`.

        Raises
        ------
        RefusedError, UsageError
            A guard said no, or the request is wrong.
        """
        from prompt_kafka.core.hours_guard import guarded
        from prompt_kafka.core.request import USUAL_TERMS
        from prompt_kafka.procedures.pull_request import by_pull_request
        from prompt_kafka.procedures.rendered import no_tree
        from prompt_kafka.procedures.table import Means, procedure

        chosen, terms = procedure(request), terms or USUAL_TERMS
        world = self.observe(chosen.needs_to_see(request) | {Part.HOURS})
        with self.charts(world) as render:
            render.begin(world)
            tree = self._observer.git().folder_at if self.environment.repository else no_tree
            means = Means(self.environment, self.has_canary(), render, terms, tree, render.whole)
            plan = by_pull_request(
                chosen.plan(request, world, means), self.environment, closed=self._forge_closed()
            )
            plan = guarded(plan, world, terms, later=later)
        return self._with_rehearsal(plan, request, world)

    def _forge_closed(self) -> str:
        """Return why pull requests cannot be opened from here; empty where they can, or need not be."""
        if self.environment.delivery != "pull-request":
            return ""
        from prompt_kafka.adapters.forge_token import token_of

        return token_of(self.environment)[1]

    def _with_rehearsal(self, plan: Plan, request: Request, world: World) -> Plan:
        from prompt_kafka.adapters import rehearsals

        found = rehearsals.last(self.environment.name, request)
        if found is None or not plan.steps:
            return plan
        head = world.git.known.head if world.git.known else ""
        return replace(plan, notes=(*plan.notes, found.note(head)))

    def compare(self) -> Comparison:
        """Compare Git, the cluster and the brokers; writes nothing.

        Raises
        ------
        RefusedError
            Git or Argo CD could not be seen.
        """
        from prompt_kafka.procedures import diff
        from prompt_kafka.procedures.table import Means

        first = self.observe(diff.FIRST)
        with self.charts(first) as render:
            means = Means(self.environment, False, render)
            head, deployed = diff.rendered(first, means)
            world = self.observe(
                (diff.LOOKS - diff.FIRST) | {diff.kinds((*head, *deployed)), Part.APPLICATIONS}
            )
            return diff.compare(replace(world, git=first.git), means, head, deployed)

    def handed(self, plan: Plan, *, by_hand: bool) -> Plan:
        """Return the plan with what a person has to do: every step, or those for which a right is missing."""
        reasons = {
            index: why
            for index, step in enumerate(plan.steps)
            if (action := step.acts_by) is not None
            and (why := "asked for" if by_hand else self._missing_right(action))
        }
        return plan.handed(reasons)

    def _missing_right(self, action: Action) -> str:
        from prompt_kafka.clients.kinds import Kind
        from prompt_kafka.core.abilities import rights_of

        for right in rights_of(action, self.environment):
            kind = Kind(right.group, "v1", "", right.resource)
            if not self.kubernetes.can(right.verb, kind, right.namespace, subresource=right.subresource):
                return f"you may not {right}"
        return ""

    @property
    def acting(self) -> Acting:
        """The means to change the environment; connections that write are opened only when a plan runs."""
        from prompt_kafka.acting import Acting

        return Acting(self.environment, self.kubernetes)

    @property
    def announcing(self) -> Announcing:
        """How this environment's changes are announced."""
        from prompt_kafka.maintaining import announcing_of

        return announcing_of(self.kubernetes, self.environment)

    def maintaining(self, zone: str, say: Callable[[str], None]) -> AbstractContextManager[Maintaining]:
        """Give the means to announce, extend and end a maintenance."""
        from prompt_kafka.maintaining import maintaining

        return maintaining(self.environment, zone, say)

    @contextmanager
    def charts(self, world: World) -> Iterator[Charts]:
        """Give a renderer of the application's charts, at the commit that was seen and with edits."""
        from prompt_kafka.adapters.charts import Charts

        head = world.git.known.head if world.git.known else ""
        with Charts(self._observer.git, self.environment.application, head) as charts:
            yield charts

    def export(self, commit: str, target: Path) -> None:
        """Lay the GitOps tree of a commit out in a folder: environments, charts, applications."""
        self._observer.git().export(commit, target, "environments", "charts", "applications")

    def history(self, since: datetime) -> History:
        """Return what changed since a time, from every source that can be read."""
        from prompt_kafka.adapters import history

        commits = self._observer.git().log if self.environment.repository else None
        return history.read(self.kubernetes, self.environment, since, commits=commits)

    def runs(self) -> RunStore:
        """Return the runs that are kept with this cluster, to be read."""
        from prompt_kafka.adapters.runs import RunStore

        return RunStore(self.kubernetes, self.environment.namespace)


def examine(options: TargetOptions) -> tuple[Environment, Examined]:
    """Try what works from here; an environment that cannot be told is the first thing that does not."""
    from prompt_kafka.adapters import doctor

    environment = environment_of(options, changes=False)
    return environment, doctor.examine(environment, allow_exec=options.allow_exec)


@contextmanager
def session(
    options: TargetOptions, *, changes: bool = False, patience: float = PATIENCE_S
) -> Iterator[Session]:
    """Open a session on the environment that is meant.

    Parameters
    ----------
    patience
        Seconds that one node may be silent, for whoever wants an answer soon.
    """
    environment = environment_of(options, changes=changes)
    opened = Session(environment, allow_exec=options.allow_exec, patience=patience)
    try:
        yield opened
    finally:
        opened.close()
