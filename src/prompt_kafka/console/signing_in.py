"""Sessions: a one-time link opens one on loopback, a proxy's word elsewhere; a cookie carries it.

Only hashes are kept, in memory: a console that is started again asks everybody to sign in again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass

from prompt_kafka.console.people import Person
from prompt_kafka.console.settings import Settings
from prompt_kafka.core.clock import SYSTEM, Clock

IDLE_S = 12 * 3600.0
"""A session that is not used for so long is over: a shift."""

MOST_SESSIONS = 500


@dataclass(slots=True)
class SignedIn:
    """A session.

    Attributes
    ----------
    csrf
        What every form must bring back.
    seen
        When it was used last, monotonic.
    """

    person: Person
    csrf: str
    seen: float
    key: str


class Sessions:
    """The links that are open and the people who are signed in. Safe to use from several threads."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._links: dict[str, Person] = {}
        self._open: dict[str, SignedIn] = {}

    def link(self, person: Person) -> str:
        """Return a new token that signs this person in, once."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._links[_hash(token)] = person
        return token

    def redeem(self, token: str) -> str | None:
        """Sign in with a token; return the cookie's value, None when the token is used up or never was."""
        with self._lock:
            person = self._links.pop(_hash(token), None)
        return self.open(person)[0] if person is not None else None

    def open(self, person: Person) -> tuple[str, SignedIn]:
        """Open a session; return the cookie's value and the session."""
        value = secrets.token_urlsafe(32)
        key = _hash(value)
        session = SignedIn(person, secrets.token_urlsafe(24), self._clock.monotonic(), key)
        with self._lock:
            self._forget_old()
            self._open[key] = session
        return value, session

    def find(self, value: str) -> SignedIn | None:
        """Return the session of a cookie."""
        now = self._clock.monotonic()
        with self._lock:
            session = self._open.get(_hash(value))
            if session is None or now - session.seen > IDLE_S:
                return None
            session.seen = now
            return session

    def knows(self, session: SignedIn) -> bool:
        """Return whether a session is still open: a stream ends with it."""
        with self._lock:
            return session.key in self._open

    def close(self, session: SignedIn) -> None:
        """Sign out."""
        with self._lock:
            self._open.pop(session.key, None)

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, each in self._open.items() if now - each.seen > IDLE_S]:
            del self._open[key]
        while len(self._open) >= MOST_SESSIONS:
            del self._open[min(self._open, key=lambda key: self._open[key].seen)]


def cookie_name(settings: Settings) -> str:
    """Return the cookie's name: consoles on several ports of a machine do not take each other's."""
    return f"prompt-kafka-console-{settings.port}"


def set_cookie(settings: Settings, value: str) -> str:
    """Return the header that sets the session's cookie."""
    secure = "; Secure" if settings.proxies else ""
    name, path = cookie_name(settings), settings.path or "/"
    return f"{name}={value}; HttpOnly; SameSite=Strict; Path={path}{secure}"


def same(one: str, other: str) -> bool:
    """Compare secrets in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
