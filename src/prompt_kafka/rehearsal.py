"""``--rehearse``: a procedure tried in a lab that is made of the environment's charts, then taken away.

Part of the composition root: the lab is brought up as ``lab up`` does it, and the procedure is planned and
run there as anywhere else. Nothing of the environment itself is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from prompt_kafka import lab_factory
from prompt_kafka.adapters import rehearsals
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.delivery import Application
from prompt_kafka.core.errors import PromptKafkaError, RefusedError, UsageError
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.rehearsal import Rehearsal, steps_of
from prompt_kafka.core.request import Request, Terms
from prompt_kafka.core.world import Part, World
from prompt_kafka.factory import Session, session
from prompt_kafka.targets import TargetOptions

if TYPE_CHECKING:
    from prompt_kafka.engine.listeners import Listener

NAME = "rehearsal"
"""Of the lab; one rehearsal at a time on a machine."""

Say = Callable[[str], None]


def rehearse(service: Session, request: Request, terms: Terms, *, say: Say, listener: Listener) -> Rehearsal:
    """Try a request in a lab, keep what became of it, and take the lab away.

    Raises
    ------
    RefusedError
        There is nothing to make a lab of (``cannot-rehearse``).
    UsageError
        Another rehearsal is at work on this machine, or has left its lab.
    """
    world = service.observe(frozenset({Part.NODES, Part.GIT, Part.APPLICATIONS, Part.TOPICS}))
    application = _application(service, world)
    git = world.git.known
    assert git is not None
    _refuse_a_lab_that_is_there()
    deployed = application.deployed or git.head
    began, at = SYSTEM.monotonic(), SYSTEM.now()
    with _lab(service, application, deployed, say, listener) as (lab, tree):
        made = _missing_topics(lab, world)
        say(
            f"{len(made)} topics made that the charts do not have"
            if made
            else "all topics come of the charts"
        )
        _make(lab, made)
        if git.head != deployed:
            _move(tree, service, git.head, say)
        steps: tuple[tuple[str, float], ...] = ()
        because = ""
        run_began = SYSTEM.monotonic()
        try:
            plan = lab.plan(request, terms)
            if plan.steps:
                steps = steps_of(lab.acting.run(plan, listener, request, terms))
            else:
                because = f"there was nothing to do: {plan.nothing_because}"
        except PromptKafkaError as error:
            because = error.what
            steps = next((steps_of(record) for record in lab.runs().list()), ())
        seconds = SYSTEM.monotonic() - run_began
    say(f"the lab is gone again; {SYSTEM.monotonic() - began:.0f} s in all")
    done = Rehearsal(
        environment=service.environment.name,
        deployed=deployed,
        head=git.head,
        topics=len(made),
        at=at,
        seconds=seconds,
        steps=steps,
        because=because,
    )
    rehearsals.keep(done, request)
    return done


def _application(service: Session, world: World) -> Application:
    """Return the Argo CD application that brings the service; refuse what a lab cannot be made of."""
    name = service.environment.application
    for what, part in (("Git", world.git), ("Argo CD", world.applications)):
        if part.because:
            raise RefusedError(
                "cannot-rehearse",
                f"a lab is made of the environment's charts, and {what} was not seen: {part.because}",
                next="prompt-kafka doctor",
            )
    found = next((each for each in world.applications.known or () if each.name == name), None)
    if found is None or not found.environment:
        raise RefusedError(
            "cannot-rehearse",
            f"no application {name} says of which environment it is",
            next="its values files should have values-ENVIRONMENT.yaml among them",
        )
    return found


def _refuse_a_lab_that_is_there() -> None:
    if any(lab["name"] == NAME for lab in lab_factory.list_labs()):
        raise UsageError(
            "a rehearsal is at work on this machine, or one has left its lab",
            next=f"wait for it, or: prompt-kafka lab down --purge --name {NAME}",
        )


@contextmanager
def _lab(
    service: Session, application: Application, deployed: str, say: Say, listener: Listener
) -> Iterator[tuple[Session, Path]]:
    """Give a lab of the deployed charts and the folder they are in; take it away afterwards."""
    with TemporaryDirectory(prefix="prompt-kafka-rehearsal-") as scratch:
        tree = Path(scratch) / "tree"
        tree.mkdir()
        service.export(deployed, tree)
        say(f"lab of {application.environment} as deployed at {deployed[:12]}")
        try:
            lab_factory.up(
                NAME,
                environment=application.environment,
                repo=tree,
                kafka_version=None,
                strimzi_version=None,
                say=say,
                listener=listener,
            )
            options = TargetOptions(environment=NAME, config=lab_factory.state(NAME).service)
            with session(options, changes=True) as lab:
                yield lab, tree
        finally:
            if any(each["name"] == NAME for each in lab_factory.list_labs()):
                lab_factory.down(NAME, purge=True, say=lambda _: None)


def _missing_topics(lab: Session, world: World) -> tuple[TopicState, ...]:
    """Return the environment's topics that the lab lacks: others than charts make topics too."""
    there = lab.observe(frozenset({Part.TOPICS})).topics.known or ()
    names = {topic.name for topic in there}
    present = world.topics.known or ()
    return tuple(topic for topic in present if not topic.internal and topic.name not in names)


def _make(lab: Session, topics: tuple[TopicState, ...]) -> None:
    wanted = {
        topic.name: {
            "num_partitions": len(topic.partitions),
            "replication_factor": topic.replication_factor,
            "configs": {
                name: topic.settings[name] for name in sorted(topic.overrides & topic.settings.keys())
            },
        }
        for topic in topics
    }
    if wanted:
        with lab.acting.kafka() as kafka:
            kafka.admin.create_topics(wanted)


def _move(tree: Path, service: Session, head: str, say: Say) -> None:
    """Bring the lab's branch to where the environment's is; nothing of it is synced."""
    from prompt_kafka.lab import git

    shutil.rmtree(tree)
    tree.mkdir()
    service.export(head, tree)
    git.seed(tree, lab_factory.state(NAME).git, say=say)
