"""Which service is meant: an environment of ``service.yaml`` as values, and the target of a command.

Where the file is found and how it is read is the adapters' business (:mod:`prompt_kafka.adapters.config`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prompt_kafka.core.hours_rules import Operating
from prompt_kafka.core.messages import ANYTHING, Messages

DEFAULT_LAG_OBJECTIVE_S = 60.0


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """How the runbook reaches Kafka itself.

    Attributes
    ----------
    user
        The KafkaUser whose Secret is used to look at the cluster.
    reader
        The KafkaUser with which messages, topics and groups are read, one that cannot write. Where it has no
        Secret, or is empty, `user` reads, over a connection that refuses to write.
    canary_user, canary_topic
        With what a proof writes and reads back one message; empty where the charts have no canary.
    listener
        The listener of the Kafka resource that is tried from outside the cluster.
    """

    user: str = "kafka-admin"
    reader: str = "kafka-reader"
    canary_user: str = "canary"
    canary_topic: str = "canary"
    listener: str = "external"


@dataclass(frozen=True, slots=True)
class PullRequests:
    """How pull requests are opened and merged.

    Attributes
    ----------
    url
        Base of GitHub's REST API where it does not follow from the repository's host.
    token_file
        A file with the token; without one the variable ``PROMPT_KAFKA_GITHUB_TOKEN``.
    repository
        ``owner/name`` at GitHub, where the repository's address does not tell.
    merge
        ``person``: somebody merges it. ``run``: ``run continue`` does, when checks and review allow it.
    method
        ``merge``, ``squash`` or ``rebase``, for a merge by the run.
    delete_branch
        Whether the run deletes the branch after its merge.
    """

    url: str = ""
    token_file: str = ""
    repository: str = ""
    merge: str = "person"
    method: str = "merge"
    delete_branch: bool = True


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment of the service.

    Attributes
    ----------
    name
        As in the GitOps tree.
    production
        True where the production hours count.
    context, kubeconfig
        The way to its Kubernetes API.
    namespace, cluster
        Where the Kafka resource is, and its name; an empty `cluster` means the only one there.
    cluster_id
        The pinned cluster id: another one is refused. Empty when nothing is pinned.
    operator_namespace
        Where the cluster operator runs.
    groups
        Lag objective in seconds of each group that belongs to the service.
    simulated
        What is not the real thing in this environment, one sentence each.
    repository, branch
        The Git repository that Argo CD follows: an address, or the path of a working copy whose remote
        ``origin`` is meant. Empty where nothing is changed through Git.
    application, argocd_namespace
        The Argo CD Application that brings the topics, and where it is.
    argocd_server
        Address of Argo CD's API, used when ``ARGOCD_AUTH_TOKEN`` is set; else the variable ``ARGOCD_SERVER``.
    hours
        When it is in production; None when that is not configured.
    delivery
        ``push``: commits go to the branch that Argo CD follows. ``branch``: each change goes to a branch of
        its own, and is taken up again when it was merged. ``pull-request``: as ``branch``, and the run opens
        the pull request.
    branch_pattern
        Name of such a branch; ``{change}`` is the procedure and a few digits of what it changes.
    pull_request
        How pull requests are opened and merged.
    channel
        The Slack channel in which changes are announced, a name without ``#`` or an id; empty where nobody
        is told.
    slack_url, slack_token_file
        Base of the Web API where it is not Slack's own, and a file with the bot's token; without a file the
        variable ``PROMPT_KAFKA_SLACK_TOKEN``.
    bring_back
        What to do when its Kubernetes API does not answer; empty where nobody has said.
    messages
        How its messages may be read: masks, schemas, exports, saved searches.
    journal_filters
        Whether the journal of readings keeps the text of filters, or their kind only.
    operator_application
        Folder below ``applications`` whose chart brings the cluster operator.
    """

    name: str
    production: bool = False
    context: str | None = None
    kubeconfig: str | None = None
    namespace: str = "prompt-kafka"
    cluster: str = ""
    cluster_id: str = ""
    operator_namespace: str = "strimzi"
    kafka: KafkaAccess = KafkaAccess()
    groups: Mapping[str, float] = field(default_factory=dict, hash=False)
    simulated: tuple[str, ...] = ()
    repository: str = ""
    branch: str = "main"
    application: str = "prompt-kafka"
    argocd_namespace: str = "argocd"
    argocd_server: str = ""
    hours: Operating | None = None
    channel: str = ""
    delivery: str = "push"
    branch_pattern: str = "tickets/prompt-kafka-{change}"
    pull_request: PullRequests = PullRequests()
    slack_url: str = ""
    slack_token_file: str = ""
    bring_back: str = ""
    operator_application: str = "strimzi"
    journal_filters: bool = True
    messages: Messages = ANYTHING

    @property
    def folder(self) -> str:
        """The application's folder in the repository."""
        return f"applications/{self.application}"

    @property
    def operator_folder(self) -> str:
        """The folder of the operator's application in the repository."""
        return f"applications/{self.operator_application}"


@dataclass(frozen=True, slots=True)
class Target:
    """What a command is about to look at or to change: the first line of every plan."""

    environment: str
    production: bool
    context: str
    cluster: str
    cluster_id: str
    pinned_id: str = ""

    @property
    def line(self) -> str:
        """``TARGET name (PRODUCTION) · context · cluster id``."""
        kind = "PRODUCTION" if self.production else "not production"
        return (
            f"TARGET {self.environment} ({kind}) · {self.context} · {self.cluster_id or 'no cluster id yet'}"
        )

    @property
    def is_another_cluster(self) -> bool:
        """True when the cluster is not the one that the configuration pins."""
        return bool(self.pinned_id and self.cluster_id and self.pinned_id != self.cluster_id)
