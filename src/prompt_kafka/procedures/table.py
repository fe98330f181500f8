"""Which procedure answers which request: the one table, and what each of them must offer.

A procedure is a module with two functions: what it must see, and the plan. It is imported when it is asked
for, so a command loads no other's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import (
    USUAL_TERMS,
    ColdShutdownRequest,
    ColdStartupRequest,
    DeployRequest,
    KafkaUpgradeRequest,
    MetadataRequest,
    OperatorUpgradeRequest,
    Request,
    RestartRequest,
    RollbackRequest,
    Terms,
    TopicRequest,
)
from prompt_kafka.core.request_rights import (
    AlterTopicRequest,
    AlterUserRequest,
    CreateUserRequest,
    DeleteTopicRequest,
    DeleteUserRequest,
)
from prompt_kafka.core.request_tree import (
    EnvironmentDeleteRequest,
    EnvironmentRequest,
    ListenerPinRequest,
    WatchRequest,
)
from prompt_kafka.core.service import Environment
from prompt_kafka.core.world import Look, World
from prompt_kafka.procedures.rendered import Render, Tree, Whole, no_tree, no_whole


@dataclass(frozen=True, slots=True)
class Means:
    """What a planner has besides the World.

    Attributes
    ----------
    environment
        The environment as it is configured.
    canary
        Whether the charts have a canary topic and user, so that a proof can use them.
    render
        Renders the application's charts: a function of texts.
    tree
        The application's folder at a commit.
    terms
        On what terms the change is to be made.
    whole
        Renders any environment with its parent and several applications.
    """

    environment: Environment
    canary: bool
    render: Render
    terms: Terms = USUAL_TERMS
    tree: Tree = no_tree
    whole: Whole = no_whole


class Procedure(Protocol):
    """A heading of the runbook page."""

    def needs_to_see(self, request: Any) -> frozenset[Look]:
        """Return what must be in the World."""

    def plan(self, request: Any, world: World, means: Means) -> Plan:
        """Return what is to be done.

        Raises
        ------
        RefusedError, UsageError
            A guard said no, or the request is wrong.
        """


TABLE: Mapping[type[Request], str] = {
    RestartRequest: "restart",
    TopicRequest: "create_topic",
    AlterTopicRequest: "alter_topic",
    DeleteTopicRequest: "delete_topic",
    CreateUserRequest: "create_user",
    AlterUserRequest: "alter_user",
    DeleteUserRequest: "delete_user",
    ColdStartupRequest: "cold_startup",
    ColdShutdownRequest: "cold_shutdown",
    DeployRequest: "deploy",
    RollbackRequest: "rollback",
    KafkaUpgradeRequest: "upgrade_kafka",
    MetadataRequest: "upgrade_metadata",
    OperatorUpgradeRequest: "upgrade_strimzi",
    EnvironmentRequest: "create_environment",
    EnvironmentDeleteRequest: "delete_environment",
    ListenerPinRequest: "pin_listener",
    WatchRequest: "operator_namespaces",
}
"""The module below :mod:`prompt_kafka.procedures` that plans each request."""


def procedure(request: Request) -> Procedure:
    """Return the procedure that answers a request."""
    return cast(Procedure, import_module(f"prompt_kafka.procedures.{TABLE[type(request)]}"))
