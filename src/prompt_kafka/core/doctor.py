"""What works from here, on day one: findings from what was tried, each with what to do.

Pure: what was tried comes in as values, findings go out. Something that failed is told apart from something
that could not be tried, so one broken thing is one ✗ and not ten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from prompt_kafka.core.abilities import Right, abilities
from prompt_kafka.core.service import Environment
from prompt_kafka.core.verdict import Answer

T = TypeVar("T")

CLOCK_S = 5.0
"""How far two clocks may be apart: more, and tokens, leases and lag in time go wrong."""
SLACK_TOKEN, GITHUB_TOKEN = "PROMPT_KAFKA_SLACK_TOKEN", "PROMPT_KAFKA_GITHUB_TOKEN"


@dataclass(frozen=True, slots=True)
class Tried(Generic[T]):
    """The outcome of trying something.

    Attributes
    ----------
    value
        What came of it; None when nothing did.
    failed
        Why it failed.
    skipped
        Why it was not tried.
    next
        What to do about it.
    """

    value: T | None = None
    failed: str = ""
    skipped: str = "it was not tried"
    next: str = ""

    @property
    def answer(self) -> Answer:
        """Worked, failed, or was not tried."""
        if self.value is not None:
            return Answer.YES
        return Answer.NO if self.failed else Answer.UNKNOWN

    @property
    def why(self) -> str:
        """Why there is no value."""
        return self.failed or self.skipped


def not_tried() -> Tried[T]:
    """Return what was not tried."""
    return Tried()


@dataclass(frozen=True, slots=True)
class QuorumSeen:
    """The controllers' answers, counted."""

    route: str
    answered: int
    asked: int
    leader: int | None


@dataclass(frozen=True, slots=True)
class SecretSeen:
    """A Secret that the service's users need: which keys are wanted of it, and which are not there."""

    name: str
    wanted: tuple[str, ...]
    missing: tuple[str, ...]
    present: bool = True


@dataclass(frozen=True, slots=True)
class Examined:
    """All that was tried.

    Attributes
    ----------
    kubeconfig
        File and context.
    api
        Version of the API server.
    api_clock, kafka_clock
        Seconds by which the other clock is ahead of this machine's.
    rights
        Whether each is granted.
    logins
        By Kafka user: where it logged in.
    argocd
        The way, and the names of the applications.
    push
        The branch that a push was tried on.
    forge
        The repository at the forge, and what the token may there.
    slack
        Whom the token belongs to, and the channel.
    proxies
        The variables that name proxies, without passwords.
    """

    environment: Environment
    kubeconfig: Tried[str] = field(default_factory=not_tried)
    api: Tried[str] = field(default_factory=not_tried)
    api_clock: Tried[float] = field(default_factory=not_tried)
    rights: Mapping[Right, Tried[bool]] = field(default_factory=dict, hash=False)
    kafka: Tried[str] = field(default_factory=not_tried)
    route: Tried[str] = field(default_factory=not_tried)
    logins: Mapping[str, Tried[str]] = field(default_factory=dict, hash=False)
    quorum: Tried[QuorumSeen] = field(default_factory=not_tried)
    kafka_clock: Tried[float] = field(default_factory=not_tried)
    argocd: Tried[tuple[str, tuple[str, ...]]] = field(default_factory=not_tried)
    git: Tried[str] = field(default_factory=not_tried)
    push: Tried[str] = field(default_factory=not_tried)
    forge: Tried[str] = field(default_factory=not_tried)
    secrets: Tried[tuple[SecretSeen, ...]] = field(default_factory=not_tried)
    slack: Tried[str] = field(default_factory=not_tried)
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes
    ----------
    section
        What it is about: Kubernetes, Rights, Kafka, Delivery, Announcing.
    answer
        It works, it does not, or it cannot be told.
    next
        What to do; empty when nothing is to be done.
    """

    section: str
    name: str
    answer: Answer
    said: str
    next: str = ""


def findings(examined: Examined) -> tuple[Finding, ...]:
    """Return what works from here and what does not, in the order in which one thing needs another."""
    parts = (_kubernetes, _rights, _kafka, _delivery, _announcing)
    return tuple(finding for part in parts for finding in part(examined))


def works(found: tuple[Finding, ...]) -> bool:
    """Return whether nothing failed. What could not be told is no failure of its own."""
    return all(finding.answer is not Answer.NO for finding in found)


def _plain(section: str, name: str, tried: Tried[Any], said: str, next: str = "") -> Finding:
    if tried.answer is Answer.YES:
        return Finding(section, name, Answer.YES, said)
    return Finding(section, name, tried.answer, tried.why, tried.next or (next if tried.failed else ""))


def _kubernetes(seen: Examined) -> Iterator[Finding]:
    way = seen.kubeconfig
    yield _plain("Kubernetes", "kubeconfig", way, way.value or "", "give --kubeconfig or --context")
    yield _plain("Kubernetes", "API", seen.api, f"answers, {seen.api.value}")
    yield _clock("Kubernetes", "clock of the API", seen.api_clock)


def _clock(section: str, name: str, tried: Tried[float]) -> Finding:
    if tried.value is None:
        return _plain(section, name, tried, "")
    ahead = tried.value
    if abs(ahead) <= CLOCK_S:
        return Finding(section, name, Answer.YES, f"within {CLOCK_S:g} s of this machine's")
    side = "ahead of" if ahead > 0 else "behind"
    return Finding(
        section,
        name,
        Answer.NO,
        f"{abs(ahead):.0f} s {side} this machine's",
        "set the clocks (NTP): tokens, leases and lag in time go wrong",
    )


def _rights(seen: Examined) -> Iterator[Finding]:
    if not seen.rights:
        yield Finding("Rights", "rights", Answer.UNKNOWN, "nobody could be asked for them")
        return
    for ability in abilities(seen.environment):
        if not ability.rights:
            continue
        name = f"{ability.action}: {ability.what}" if ability.action else ability.what
        tried = {right: seen.rights.get(right, not_tried()) for right in ability.rights}
        missing = [right for right, one in tried.items() if one.value is False]
        untold = [one for one in tried.values() if one.value is None]
        if missing:
            said = f"no right to {_listed(missing)}"
            answer = Answer.UNKNOWN if ability.optional or _by_rest(seen, missing) else Answer.NO
            yield Finding("Rights", name, answer, said, ability.without)
        elif untold:
            yield Finding("Rights", name, Answer.UNKNOWN, untold[0].why)
        else:
            yield Finding("Rights", name, Answer.YES, "granted")


def _listed(rights: list[Right]) -> str:
    return ", ".join(map(str, rights[:3])) + (f" and {len(rights) - 3} more" if len(rights) > 3 else "")


def _by_rest(seen: Examined, missing: list[Right]) -> bool:
    """Return whether rights on Applications are not needed, because Argo CD's API is used."""
    used = seen.argocd.value is not None and seen.argocd.value[0].startswith("REST")
    return used and all(right.group == "argoproj.io" for right in missing)


def _kafka(seen: Examined) -> Iterator[Finding]:
    access = seen.environment.kafka
    yield _plain("Kafka", "Kafka resource", seen.kafka, seen.kafka.value or "", "give -n and --cluster")
    yield _plain("Kafka", "route to the brokers", seen.route, seen.route.value or "")
    for user, tried in seen.logins.items():
        role = {access.canary_user: "canary", access.reader: "reads"}.get(user, "looks")
        without = {
            "canary": "without a canary, proofs have a lower level",
            "reads": f"messages are read as {access.user}, over connections that refuse to write",
        }.get(role, "")
        yield _plain("Kafka", f"login of {user} ({role})", tried, tried.value or "", without)
    quorum = seen.quorum.value
    if quorum is None:
        yield _plain("Kafka", "quorum", seen.quorum, "")
    else:
        led = quorum.leader is not None
        said = f"{quorum.answered} of {quorum.asked} controllers answer, "
        said += f"{quorum.leader if led else 'none'} leads; asked by {quorum.route}"
        mend = "" if led else "prompt-kafka status says what mends it"
        yield Finding("Kafka", "quorum", Answer.YES if led else Answer.NO, said, mend)
    yield _clock("Kafka", "clock of Kafka", seen.kafka_clock)


def _delivery(seen: Examined) -> Iterator[Finding]:
    if seen.argocd.value is None:
        yield _plain("Delivery", "Argo CD", seen.argocd, "")
    else:
        way, names = seen.argocd.value
        wanted = seen.environment.application
        there = wanted in names
        yield Finding(
            "Delivery",
            "Argo CD",
            Answer.YES if there else Answer.NO,
            f"{way}: {len(names)} applications, {wanted} {'among them' if there else 'is not among them'}",
            "" if there else "set `application` in service.yaml, or ask for the right to see it",
        )
    yield _plain("Delivery", "Git repository", seen.git, seen.git.value or "")
    by_request = "without it changes go by pull request, by somebody who may push"
    yield _plain("Delivery", "Git push", seen.push, f"to {seen.push.value} would be taken", by_request)
    if seen.environment.delivery == "pull-request":
        without = "without it changes end with their branch, and a person opens the pull request"
        yield _plain("Delivery", "pull requests", seen.forge, f"{seen.forge.value}", without)
    if seen.secrets.value is None:
        yield _plain("Delivery", "secrets from Vault", seen.secrets, "")
    for secret in seen.secrets.value or ():
        yield _secret(secret)


def _secret(secret: SecretSeen) -> Finding:
    name = f"Secret {secret.name}"
    if not secret.present:
        mend = "is its VaultSecret synced, and its path in Vault right?"
        return Finding("Delivery", name, Answer.NO, "is not there", mend)
    if secret.missing:
        mend = "put the key into Vault; it comes with the next refresh of the VaultSecret"
        return Finding("Delivery", name, Answer.NO, f"has no {', '.join(secret.missing)}", mend)
    return Finding("Delivery", name, Answer.YES, f"has {', '.join(secret.wanted) or 'nothing to have'}")


def _announcing(seen: Examined) -> Iterator[Finding]:
    slack, mend = seen.slack, seen.slack.next
    said = slack.value or slack.failed or slack.skipped
    if slack.answer is Answer.UNKNOWN:
        mend = "nothing is to be done: announcements are printed, to be pasted"
    yield Finding("Announcing", "Slack", slack.answer, said, mend)
    said = ", ".join(seen.proxies) or "none"
    yield Finding("Announcing", "proxies", Answer.YES, f"{said} (never used for Kubernetes and Kafka)")
