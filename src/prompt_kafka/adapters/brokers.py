"""The connections to the brokers over which is looked: one for each user, kept between looks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from prompt_kafka.adapters.access import Access, Route
from prompt_kafka.clients.kafka import KafkaConnection, NotAuthorizedError
from prompt_kafka.clients.kubernetes import Object
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.core.service import KafkaAccess

T = TypeVar("T")


class Brokers:
    """The brokers of one cluster.

    Parameters
    ----------
    access
        Makes the connections.
    user
        Whose connection is used to look.
    patience
        Seconds that one broker may be silent.

    Attributes
    ----------
    reads_as
        The user of the connection for reading; empty before there was one.
    """

    def __init__(self, access: Access, user: str, patience: float) -> None:
        self._access, self._user, self._patience = access, user, patience
        self._connections: dict[str, tuple[KafkaConnection, Route]] = {}
        self._lost: list[tuple[KafkaConnection, Route]] = []
        self._failed: dict[str, PromptKafkaError] = {}
        self._lock = threading.Lock()
        self.reads_as = ""

    @property
    def route(self) -> str:
        """The way that was taken, for people; empty when there was none."""
        ways = (*self._lost, self._connections.get(self._user))
        user = next((way for way in reversed(ways) if way is not None), None)
        return str(user[1]) if user else ""

    def close(self) -> None:
        """Close the connections."""
        for connection, _ in (*self._connections.values(), *self._lost):
            connection.close()

    def connection(self, kafka: Object, user: str) -> KafkaConnection:
        """Return the connection of a user; that there is no way is found out once in a look."""
        with self._lock:
            if user in self._failed:
                raise self._failed[user]
            if user not in self._connections:
                try:
                    self._connections[user] = self._access.connect(kafka, user, timeout=3 * self._patience)
                except PromptKafkaError as error:
                    self._failed[user] = error
                    raise
            return self._connections[user][0]

    def reading(self, kafka: Object, access: KafkaAccess) -> KafkaConnection:
        """Return the reader's connection; that of the user that looks where there is no reader."""
        connection = None
        if access.reader not in ("", access.user) and self._access.has_login(access.reader):
            with suppress(NotAuthorizedError):
                connection = self.connection(kafka, access.reader)
        connection = connection or self.connection(kafka, access.user)
        self.reads_as = connection.user or ""
        return connection

    def ask(self, kafka: Object, question: Callable[[KafkaConnection], T]) -> T:
        """Ask the brokers; when they do not answer, the next look chooses its way anew."""
        connection = self.connection(kafka, self._user)
        try:
            return question(connection)
        except UnreachableError:
            with self._lock:
                if self._user in self._connections and self._connections[self._user][0] is connection:
                    self._lost.append(self._connections.pop(self._user))
            raise

    def forget(self) -> None:
        """Begin a look: what failed in the last one is tried again."""
        with self._lock:
            lost, self._lost = self._lost, []
            self._failed.clear()
        for connection, _ in lost:
            connection.close()
