"""Tries everything that the tool will need from this machine, at once, and changes nothing.

A failure is an outcome, never an exception: what needs something that failed is not tried, and says so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from prompt_kafka.adapters.access import Access, Asked
from prompt_kafka.adapters.argocd_way import argocd_of
from prompt_kafka.adapters.doctor_outside import attempt, failure, outside
from prompt_kafka.clients.kafka import preload
from prompt_kafka.clients.kinds import KAFKA, SECRET, USER, VAULT_SECRET, Kind
from prompt_kafka.clients.kubernetes import Forbidden, Kubernetes, NotFound, Object
from prompt_kafka.core.abilities import Right, abilities
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.doctor import Examined, QuorumSeen, SecretSeen, Tried
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.core.quorum import ControllerAnswer, quorum_of
from prompt_kafka.core.service import Environment


def examine(
    environment: Environment,
    *,
    allow_exec: bool = False,
    variables: Mapping[str, str] | None = None,
    clock: Clock = SYSTEM,
) -> Examined:
    """Try what works from here.

    Parameters
    ----------
    environment
        Which service.
    allow_exec
        Whether Kafka's own tools may be run in pods to ask for the quorum.
    variables
        The environment variables; the process's own when not given.
    """
    known = os.environ if variables is None else variables
    seen = replace(Examined(environment), **outside(environment, known))
    path = Path(environment.kubeconfig).expanduser() if environment.kubeconfig else None
    try:
        kubernetes = Kubernetes.connect(path, environment.context, read_only=True, allow_exec=allow_exec)
    except PromptKafkaError as error:
        return replace(seen, kubeconfig=failure(error), **_skipped("the kubeconfig cannot be used"))
    with kubernetes:
        said = f"context {kubernetes.context}, {kubernetes.server}"
        seen = replace(seen, kubeconfig=Tried(said))
        return replace(seen, **_Examination(kubernetes, environment, known, clock).all())


class _Examination:
    """Everything that needs the Kubernetes API."""

    def __init__(
        self, kubernetes: Kubernetes, environment: Environment, variables: Mapping[str, str], clock: Clock
    ) -> None:
        self._kubernetes, self._environment = kubernetes, environment
        self._variables, self._clock = variables, clock

    def all(self) -> dict[str, Any]:
        api = attempt(self._api)
        if api.value is None:
            failed: Tried[str] = Tried(failed=api.failed, next=api.next)
            skipped = _skipped("the Kubernetes API does not answer")
            return {**skipped, "api": failed}
        version, ahead = api.value
        with ThreadPoolExecutor(12, thread_name_prefix="doctor") as pool:
            kafka = pool.submit(self._kafka_parts, pool)
            secrets = pool.submit(attempt, self._secrets)
            argocd = pool.submit(attempt, self._argocd)
            wanted = {r for ability in abilities(self._environment) for r in ability.rights}
            rights = {right: pool.submit(attempt, partial(self._may, right)) for right in wanted}
            return {
                "api": Tried(version),
                "api_clock": Tried(ahead),
                "rights": {right: asked.result() for right, asked in rights.items()},
                "argocd": argocd.result(),
                "secrets": secrets.result(),
                **kafka.result(),
            }

    def _api(self) -> tuple[str, float]:
        before = self._clock.now()
        version, there = self._kubernetes.version()
        after = self._clock.now()
        # The Date header has whole seconds: half a second is added, and the answer took a while.
        ahead = there.timestamp() + 0.5 - (before.timestamp() + after.timestamp()) / 2 if there else 0.0
        return version, ahead

    def _may(self, right: Right) -> bool:
        kind = Kind(right.group, "*", "", right.resource)
        return self._kubernetes.can(right.verb, kind, right.namespace, subresource=right.subresource)

    def _argocd(self) -> tuple[str, tuple[str, ...]]:
        way = argocd_of(self._kubernetes, self._environment, self._variables)
        try:
            return way.way, tuple(sorted(each.name for each in way.applications()))
        finally:
            way.close()

    # Kafka

    def _kafka_parts(self, pool: ThreadPoolExecutor) -> dict[str, Any]:
        found = attempt(self._kafka)
        kafka = found.value
        if kafka is None:
            skipped = _skipped("there is no Kafka resource to go by")
            return {"kafka": found, **{name: skipped[name] for name in ("route", "quorum", "kafka_clock")}}
        preload()
        access = Access(self._kubernetes, self._environment, read_only=True)
        try:
            asked = pool.submit(attempt, lambda: access.ask_controllers(kafka, access.pods(kafka)))
            logins, route = self._logins(access, kafka)
            quorum = asked.result()
            answers = quorum.value.answers if quorum.value else ()
            return {
                "kafka": Tried(_described(kafka)),
                "route": route,
                "logins": logins,
                "quorum": Tried(_counted(quorum.value)) if quorum.value else quorum,
                "kafka_clock": self._kafka_clock(answers),
            }
        finally:
            access.close()

    def _kafka(self) -> Object:
        environment = self._environment
        found = self._kubernetes.list(KAFKA, environment.namespace)
        named = [k for k in found if environment.cluster in ("", k["metadata"]["name"])]
        if len(named) == 1:
            return named[0]
        there = ", ".join(k["metadata"]["name"] for k in found) or "none"
        what = f"no Kafka {environment.cluster}" if environment.cluster else "no Kafka, or several"
        raise PromptKafkaError(
            f"{what} in namespace {environment.namespace}; there: {there}", next="give -n and --cluster"
        )

    def _logins(self, access: Access, kafka: Object) -> tuple[dict[str, Tried[str]], Tried[str]]:
        """Log in as each user; the way is that of the first, and why there is none is said once."""
        users = self._environment.kafka
        logins: dict[str, Tried[str]] = {}
        route: Tried[str] = Tried()
        for user in dict.fromkeys(name for name in (users.user, users.reader, users.canary_user) if name):
            if user != users.user and not self._there(user):
                instead = f": {users.user} reads, over what refuses to write" if user == users.reader else ""
                logins[user] = Tried(skipped=f"the charts bring no such user{instead}")
                continue
            tried = attempt(partial(self._login, access, kafka, user))
            if tried.value is not None:
                route = Tried(tried.value)
                logins[user] = Tried("logs in")
            elif tried.failed.startswith(("no way to the brokers", "no broker answers")):
                route = tried
                logins[user] = Tried(skipped="no broker answers from here")
            else:
                logins[user] = tried
        return logins, route

    @staticmethod
    def _login(access: Access, kafka: Object, user: str) -> str:
        connection, route = access.connect(kafka, user)
        connection.close()
        return str(route)

    def _there(self, user: str) -> bool:
        try:
            return self._kubernetes.find(USER, user, self._environment.namespace) is not None
        except PromptKafkaError:
            return True

    def _kafka_clock(self, answers: tuple[ControllerAnswer, ...]) -> Tried[float]:
        """Compare with the leader's own entry in the quorum, which bears the time of its answer."""
        quorum = quorum_of(answers)
        if quorum is None:
            return Tried(skipped="no leader of the quorum told its time")
        own = next((v.last_caught_up_ms for v in quorum.voters if v.node_id == quorum.leader_id), None)
        if own is None or not quorum.seen_ms or quorum.seen_ms == own:
            return Tried(skipped="the leader of the quorum does not tell its time")
        return Tried((own - quorum.seen_ms) / 1000)

    # Secrets: keys, never values

    def _secrets(self) -> tuple[SecretSeen, ...]:
        space = self._environment.namespace
        wanted: dict[str, set[str]] = {}
        for user in self._kubernetes.list(USER, space):
            password = ((user.get("spec") or {}).get("authentication") or {}).get("password") or {}
            reference = (password.get("valueFrom") or {}).get("secretKeyRef") or {}
            if reference.get("name"):
                wanted.setdefault(reference["name"], set()).add(str(reference.get("key")))
        try:
            for obj in self._kubernetes.list(VAULT_SECRET, space):
                keys = wanted.setdefault(obj["metadata"]["name"], set())
                keys |= set((obj.get("spec") or {}).get("keys") or ())
        except (NotFound, Forbidden):
            pass  # the users say already what they need
        return tuple(self._secret(name, keys) for name, keys in sorted(wanted.items()))

    def _secret(self, name: str, wanted: set[str]) -> SecretSeen:
        found = self._kubernetes.find(SECRET, name, self._environment.namespace)
        keys = set((found or {}).get("data") or {})
        return SecretSeen(
            name, tuple(sorted(wanted or keys)), tuple(sorted(wanted - keys)), present=found is not None
        )


def _skipped(why: str) -> dict[str, Any]:
    names = ("api", "api_clock", "kafka", "route", "quorum", "kafka_clock", "argocd", "secrets")
    return {name: Tried(skipped=why) for name in names}


def _described(kafka: Object) -> str:
    status = kafka.get("status") or {}
    version = status.get("kafkaVersion") or "?"
    return f"{kafka['metadata']['name']}, Kafka {version}, cluster id {status.get('clusterId') or 'not yet'}"


def _counted(asked: Asked) -> QuorumSeen:
    quorum = quorum_of(asked.answers)
    answered = sum(not answer.unreachable for answer in asked.answers)
    return QuorumSeen(asked.route, answered, len(asked.answers), quorum.leader_id if quorum else None)
