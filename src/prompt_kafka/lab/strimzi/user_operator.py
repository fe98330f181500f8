"""The user operator: credentials and access rules follow the KafkaUsers exactly."""

from __future__ import annotations

import logging
import re
import secrets as random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.clients.kinds import SECRET, USER
from prompt_kafka.clients.kubernetes import KubernetesError, NotFound
from prompt_kafka.lab.strimzi.entity import EntityOperator, Turn
from prompt_kafka.lab.strimzi.kafka import users as kafka
from prompt_kafka.lab.strimzi.kafka.channel import Channel, NodeError
from prompt_kafka.lab.strimzi.model import labels, names, secrets, status, users, x509
from prompt_kafka.lab.strimzi.model.users import UserError
from prompt_kafka.lab.strimzi.model.x509 import KeyPair

Object = dict[str, Any]

log = logging.getLogger(__name__)

PASSWORD_LENGTH = 32
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass
class Work:
    """What a look at the users has to write to Kafka, and what went wrong before."""

    passwords: dict[str, str] = field(default_factory=dict)
    no_password: set[str] = field(default_factory=set)
    rules: dict[str, set[kafka.Acl]] = field(default_factory=dict)
    secrets: dict[str, str | None] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    live: dict[str, Object] = field(default_factory=dict)


class UserOperator(EntityOperator):
    """Looks after the users of each cluster whose entity operator is Ready."""

    container = "user-operator"
    kind = USER

    def reconcile(self, turn: Turn) -> None:
        """Bring the changed users, or on the timer all of them, up to date."""
        known = {one["metadata"]["name"]: one for one in turn.resources if not _deleting(one)}
        chosen = set(known) if turn.changed is None else set(turn.changed) & set(known)
        active = {name for name in chosen if not labels.flag(known[name], status.PAUSE)}
        for name in chosen - active:
            self._write_status(
                known[name], {"conditions": [status.condition("ReconciliationPaused", self.now)]}
            )
        work = Work()
        listed = self.world.kubernetes.list(SECRET, turn.watched) if active else []
        work.live = {secret["metadata"]["name"]: secret for secret in listed}
        prefix = turn.environment.get("STRIMZI_SECRET_PREFIX", "")
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(lambda name: self._prepare(known[name], turn, prefix, work), sorted(active)))
        gone = set() if turn.changed is None else set(turn.changed) - set(known)
        try:
            with self.connect(turn) as channel:
                self._write(channel, turn, known, work, gone)
        except NodeError as error:
            work.errors |= {
                name: f"{error.what} ({error.where})" for name in active if name not in work.errors
            }
            self._report(known, active, work)
            raise
        self._report(known, active, work)

    @property
    def now(self) -> Any:
        """The time."""
        return self.world.clock.now()

    def _prepare(self, user: Object, turn: Turn, prefix: str, work: Work) -> None:
        name = user["metadata"]["name"]
        try:
            work.rules[name] = users.rules(user)
            kind = users.authentication(user)
            if kind == "scram-sha-512":
                work.passwords[name] = self._password(user, prefix + name, work.live)
                work.secrets[name] = prefix + name
            else:
                work.no_password.add(name)
            if kind == "tls":
                self._certificate(user, turn, prefix + name, work.live)
                work.secrets[name] = prefix + name
        except (UserError, KubernetesError) as error:
            work.errors[name] = getattr(error, "what", str(error))
            work.rules.pop(name, None)

    def _password(self, user: Object, secret_name: str, secrets_: dict[str, Object]) -> str:
        live = secrets_.get(secret_name)
        source = users.password_source(user)
        if source is not None:
            password = users.copied_password(user, secrets_.get(source[0]))
        else:
            password = secrets.decode(live, "password") or "".join(
                random.choice(LETTERS) for _ in range(PASSWORD_LENGTH)
            )
        self.world.objects.apply(users.secret(user, secret_name, users.scram_data(user, password)), live)
        return password

    def _certificate(self, user: Object, turn: Turn, secret_name: str, secrets_: dict[str, Object]) -> None:
        find = self.world.kubernetes.find
        ca = names.clients_ca(turn.cluster)
        certificate = secrets.decode(find(SECRET, f"{ca}-cert", turn.namespace), "ca.crt")
        key = secrets.decode(find(SECRET, ca, turn.namespace), "ca.key")
        if certificate is None or key is None:
            raise UserError(f"The clients CA of {turn.cluster} is missing")
        authority = secrets.Ca("clients CA", KeyPair(certificate, key), {}, 0, 0)
        live = secrets_.get(secret_name)
        pair = secrets.kept(live, "user", authority, (), self.now)
        pair = pair or x509.issue(authority.pair, user["metadata"]["name"], self.now, 365, user=True)
        data: dict[str, str | bytes] = {
            "ca.crt": certificate,
            "user.crt": pair.certificate,
            "user.key": pair.key,
        }
        self.world.objects.apply(users.secret(user, secret_name, data), live)

    def _write(
        self, channel: Channel, turn: Turn, known: dict[str, Object], work: Work, gone: set[str]
    ) -> None:
        there = kafka.acls(channel)
        if turn.changed is None:
            ignored = turn.environment.get("STRIMZI_IGNORED_USERS_PATTERN")
            found = users.names_in(there) | kafka.scram_users(channel)
            gone |= {name for name in found - set(known) if not (ignored and re.fullmatch(ignored, name))}
        for name in sorted(gone):
            log.info("user %s has no KafkaUser and is deleted from Kafka", name)
        missing: set[kafka.Acl] = set()
        extra = {acl for name in gone for acl in users.of_user(there, name)}
        for name, rules in work.rules.items():
            has = users.of_user(there, name)
            missing |= rules - has
            extra |= has - rules
        kafka.create_acls(channel, sorted(missing))
        kafka.delete_acls(channel, sorted(extra))
        passwords = {name: text for name, text in work.passwords.items() if name not in work.errors}
        without = sorted(gone | work.no_password)
        for name, error in kafka.write_scram(channel, passwords, without).items():
            if error and name in known:
                work.errors[name] = error

    def _report(self, known: dict[str, Object], active: set[str], work: Work) -> None:
        def write(name: str) -> None:
            user = known[name]
            made = users.user_status(user, work.secrets.get(name), work.errors.get(name), self.now)
            self._write_status(user, made)

        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(write, sorted(active)))

    def _write_status(self, user: Object, wanted: Object) -> None:
        old = user.get("status")
        new = status.settled(old, wanted)
        if status.without_times(old) == status.without_times(new):
            return
        gone = {key: None for key in old or {} if key not in new}
        metadata = user["metadata"]
        try:
            self.world.kubernetes.patch(
                USER, metadata["name"], metadata["namespace"], {"status": new | gone}, subresource="status"
            )
        except NotFound:
            pass


def _deleting(user: Object) -> bool:
    return bool(user["metadata"].get("deletionTimestamp"))
