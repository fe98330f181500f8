"""What the tool can do, and the rights that each of it needs: derived from the closed list of actions.

A missing right is no error: the step is then shown to be carried out by hand. ``doctor`` says so on day one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from prompt_kafka.core.actions import Action
from prompt_kafka.core.service import Environment

RESOURCES: Mapping[str, tuple[str, str]] = {
    "pod": ("", "pods"),
    "strimzipodset": ("core.strimzi.io", "strimzipodsets"),
    "kafka": ("kafka.strimzi.io", "kafkas"),
    "configmap": ("", "configmaps"),
    "kafkatopic": ("kafka.strimzi.io", "kafkatopics"),
    "kafkauser": ("kafka.strimzi.io", "kafkausers"),
}
"""API group and plural of each resource that an action can name."""

COLD = "without it cold-startup sees fewer causes, and no lost records"
BY_HAND = "without it these steps are shown to be carried out by hand, by somebody who may"


@dataclass(frozen=True, slots=True)
class Right:
    """A right in a namespace, as an access review asks for it."""

    verb: str
    group: str
    resource: str
    namespace: str
    subresource: str = ""

    def __str__(self) -> str:
        name = f"{self.resource}{f'/{self.subresource}' if self.subresource else ''}"
        where = f"in {self.namespace}" if self.namespace else "in the whole cluster"
        return f"{self.verb} {name}{f'.{self.group}' if self.group else ''} {where}"


@dataclass(frozen=True, slots=True)
class Ability:
    """Something that the tool can do.

    Attributes
    ----------
    action
        The action's name; empty for what is no action, such as looking.
    what
        What it is for, in a few words.
    rights
        All that it needs; none where Kubernetes is not asked.
    without
        What to do without them.
    optional
        There is another way: missing rights are no failure.
    """

    action: str
    what: str
    rights: tuple[Right, ...]
    without: str = BY_HAND
    optional: bool = False


Rights = Callable[[Environment], tuple[Right, ...]]


def _verbs(*verbs: str, resources: Mapping[str, tuple[str, str]] = RESOURCES) -> Rights:
    def rights(environment: Environment) -> tuple[Right, ...]:
        return tuple(
            Right(verb, group, plural, environment.namespace)
            for group, plural in resources.values()
            for verb in verbs
        )

    return rights


def _deployments(environment: Environment) -> tuple[Right, ...]:
    spaces = dict.fromkeys((environment.namespace, environment.operator_namespace))
    return tuple(Right(verb, "apps", "deployments", space) for space in spaces for verb in ("get", "patch"))


def _records(environment: Environment) -> tuple[Right, ...]:
    space = environment.namespace
    return tuple(Right(verb, "", "configmaps", space) for verb in ("get", "create", "patch"))


def _applications(environment: Environment) -> tuple[Right, ...]:
    return tuple(
        Right(verb, "argoproj.io", "applications", environment.argocd_namespace) for verb in ("get", "patch")
    )


def _nothing(environment: Environment) -> tuple[Right, ...]:
    return ()


_ANY_POD = {name: RESOURCES[name] for name in ("pod", "strimzipodset")}
_ANNOTATED = {name: RESOURCES[name] for name in ("pod", "strimzipodset", "kafka", "configmap")}
_DELETED = {**_ANY_POD, **{name: RESOURCES[name] for name in ("kafkatopic", "kafkauser")}}
_OF_ACTIONS: Mapping[str, tuple[str, Rights]] = {
    "Annotate": ("restart, pause and resume", _verbs("get", "patch", resources=_ANNOTATED)),
    "AnnotateEach": ("restart of single pods", _verbs("get", "patch", resources={"pod": RESOURCES["pod"]})),
    "Delete": ("deletion of pods, topics, users", _verbs("get", "delete", resources=_DELETED)),
    "DeleteEach": ("restart of a wedged quorum", _verbs("get", "delete", resources=_ANY_POD)),
    "Scale": ("scale the operator and clients", _deployments),
    "KeepState": ("shutdown record", _records),
    "Observe": ("proofs", _nothing),
    "CommitFiles": ("changes in Git", _nothing),
    "OpenPullRequest": ("changes by pull request", _nothing),
    "MergePullRequest": ("merge of its pull requests", _nothing),
    "DeleteBranch": ("its branch, after the merge", _nothing),
    "ClosePullRequest": ("taking a pull request back", _nothing),
    "Refresh": ("deployment: compare with Git", _applications),
    "Sync": ("deployment: sync", _applications),
    "Manual": ("what only a person can do", _nothing),
}
_BY_ARGOCD = "without it set ARGOCD_SERVER and ARGOCD_AUTH_TOKEN: access is often granted there only"


def action_names() -> tuple[str, ...]:
    """Return the names of all actions, in their order."""
    kinds: tuple[type[Any], ...] = get_args(Action)
    return tuple(kind.__name__ for kind in kinds)


def rights_of(action: Action, environment: Environment) -> tuple[Right, ...]:
    """Return the rights that carrying out one action needs; of the resource that it names, where it does."""
    _, rights = _OF_ACTIONS.get(type(action).__name__, ("", _nothing))
    found = rights(environment)
    named = RESOURCES.get(getattr(action, "resource", ""))
    return tuple(each for each in found if named is None or (each.group, each.resource) == named)


def abilities(environment: Environment) -> tuple[Ability, ...]:
    """Return what the tool can do in an environment: look, each action, keep runs, and the ways in."""
    space = environment.namespace
    found = [Ability("", "look", _look(environment), "without it what cannot be seen stays unknown")]
    for name in action_names():
        what, rights = _OF_ACTIONS.get(name, (name, _nothing))
        without = _BY_ARGOCD if rights is _applications else BY_HAND
        found.append(Ability(name, what, rights(environment), without))
    runs = [
        Right(verb, group, plural, space)
        for group, plural in (("", "configmaps"), ("coordination.k8s.io", "leases"))
        for verb in ("get", "create", "update")
    ]
    found.append(Ability("", "keep runs with the cluster", tuple(runs), "without it nothing can be run"))
    forward = (Right("get", "", "pods", space, "portforward"),)
    found.append(Ability("", "reach pods by port-forward", forward, "needed where no listener is", True))
    command = (Right("get", "", "pods", space, "exec"),)
    found.append(Ability("", "run Kafka's own tools in pods", command, "the last way to the quorum", True))
    definitions = (Right("list", "apiextensions.k8s.io", "customresourcedefinitions", ""),)
    what = "look at the operator's definitions"
    found.append(Ability("", what, definitions, "without it `upgrade strimzi` is refused", True))
    home = environment.operator_namespace
    log = (Right("list", "", "pods", home), Right("get", "", "pods", home, "log"))
    found.append(Ability("", "read the operator's log", log, "without it why it waits is not told", True))
    found.append(Ability("", "look into a downtime", _downtime(environment), COLD, True))
    return tuple(found)


def _downtime(environment: Environment) -> tuple[Right, ...]:
    space = environment.namespace
    return (
        Right("list", "", "nodes", ""),
        Right("list", "", "persistentvolumeclaims", space),
        Right("get", "", "persistentvolumes", ""),
        Right("list", "apps", "deployments", space),
        Right("get", "", "pods", space, "log"),
    )


def _look(environment: Environment) -> tuple[Right, ...]:
    space = environment.namespace
    kafka, core = "kafka.strimzi.io", "core.strimzi.io"
    listed = [
        ("", "pods"),
        (kafka, "kafkas"),
        (kafka, "kafkanodepools"),
        (core, "strimzipodsets"),
        (kafka, "kafkatopics"),
        (kafka, "kafkausers"),
    ]
    return (
        *(Right("list", group, plural, space) for group, plural in listed),
        Right("get", "", "secrets", space),
        Right("get", "apps", "deployments", environment.operator_namespace),
    )
