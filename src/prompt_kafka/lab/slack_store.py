"""What the lab's Slack keeps: channels, messages, threads, and its one token."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prompt_kafka.core.clock import Clock
from prompt_kafka.lab.loopback import kept_token

Answer = dict[str, Any]
_TRUE = ("1", "true", "True", True)
_PAGE = 100
_TEXT_LIMIT = 40_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS channels (id TEXT PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    channel TEXT NOT NULL, ts TEXT NOT NULL, thread TEXT, body TEXT NOT NULL, PRIMARY KEY (channel, ts)
);
"""


class SlackProblem(Exception):
    """A call that Slack refuses; the text is its error word."""


def token_of(folder: Path) -> str:
    """Return the lab's bot token, made once and kept in a private file."""
    return kept_token(folder / "slack-token", "xoxb-lab-")


class Messages:
    """Channels and messages in a file; safe to share between threads.

    A channel is made when somebody first names it, as ``#name`` or ``name``.
    """

    def __init__(self, file: Path, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        file.chmod(0o600)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def channels(self) -> Answer:
        """Answer ``conversations.list``."""
        with self._lock:
            rows = self._db.execute("SELECT id, name FROM channels ORDER BY name").fetchall()
        found = [
            {"id": each, "name": name, "is_channel": True, "is_member": True, "is_archived": False}
            for each, name in rows
        ]
        return {"ok": True, "channels": found, "response_metadata": {"next_cursor": ""}}

    def post(self, given: Mapping[str, Any]) -> Answer:
        """Answer ``chat.postMessage``."""
        try:
            with self._lock:
                channel = self._channel(given, make=True)
                text = _text(given)
                thread = str(given.get("thread_ts") or "") or None
                if thread is not None and self._find(channel, thread) is None:
                    raise SlackProblem("thread_not_found")
                ts = self._next(channel)
                body: Answer = {
                    "type": "message",
                    "user": "U0LAB",
                    "bot_id": "B0LAB",
                    "ts": ts,
                    "text": text,
                    **_parts(given),
                }
                if thread:
                    body["thread_ts"] = thread
                self._db.execute(
                    "INSERT INTO messages VALUES (?, ?, ?, ?)", (channel, ts, thread, json.dumps(body))
                )
                return {"ok": True, "channel": channel, "ts": ts, "message": body}
        except SlackProblem as problem:
            return {"ok": False, "error": str(problem)}

    def update(self, given: Mapping[str, Any]) -> Answer:
        """Answer ``chat.update``."""
        try:
            with self._lock:
                channel, ts = self._channel(given), str(given.get("ts") or "")
                body = self._find(channel, ts)
                if body is None:
                    raise SlackProblem("message_not_found")
                body |= {
                    "text": _text(given),
                    **_parts(given),
                    "edited": {"user": "U0LAB", "ts": self._next(channel)},
                }
                self._db.execute(
                    "UPDATE messages SET body = ? WHERE channel = ? AND ts = ?",
                    (json.dumps(body), channel, ts),
                )
                return {"ok": True, "channel": channel, "ts": ts, "text": body["text"], "message": body}
        except SlackProblem as problem:
            return {"ok": False, "error": str(problem)}

    def delete(self, given: Mapping[str, Any]) -> Answer:
        """Answer ``chat.delete``."""
        try:
            with self._lock:
                channel, ts = self._channel(given), str(given.get("ts") or "")
                if self._find(channel, ts) is None:
                    raise SlackProblem("message_not_found")
                self._db.execute("DELETE FROM messages WHERE channel = ? AND ts = ?", (channel, ts))
                return {"ok": True, "channel": channel, "ts": ts}
        except SlackProblem as problem:
            return {"ok": False, "error": str(problem)}

    def permalink(self, given: Mapping[str, Any], base: str) -> Answer:
        """Answer ``chat.getPermalink``."""
        try:
            with self._lock:
                channel, ts = self._channel(given), str(given.get("message_ts") or "")
                if self._find(channel, ts) is None:
                    raise SlackProblem("message_not_found")
            link = f"{base}archives/{channel}/p{ts.replace('.', '')}"
            return {"ok": True, "channel": channel, "permalink": link}
        except SlackProblem as problem:
            return {"ok": False, "error": str(problem)}

    def history(self, given: Mapping[str, Any]) -> Answer:
        """Answer ``conversations.history``: newest first, without replies."""
        try:
            with self._lock:
                channel = self._channel(given)
                rows = self._db.execute(
                    "SELECT body FROM messages WHERE channel = ? AND thread IS NULL ORDER BY ts DESC",
                    (channel,),
                ).fetchall()
                found = [self._shown(channel, json.loads(row[0]), given) for row in rows]
        except SlackProblem as problem:
            return {"ok": False, "error": str(problem)}
        return _page([each for each in found if _within(each, given)], given)

    def replies(self, given: Mapping[str, Any]) -> Answer:
        """Answer ``conversations.replies``: the parent, then its replies, oldest first."""
        try:
            with self._lock:
                channel, ts = self._channel(given), str(given.get("ts") or "")
                parent = self._find(channel, ts)
                if parent is None:
                    raise SlackProblem("thread_not_found")
                thread = str(parent.get("thread_ts") or ts)
                rows = self._db.execute(
                    "SELECT body FROM messages WHERE channel = ? AND (ts = ? OR thread = ?) ORDER BY ts",
                    (channel, thread, thread),
                ).fetchall()
                found = [self._shown(channel, json.loads(row[0]), given) for row in rows]
        except SlackProblem as problem:
            return {"ok": False, "error": str(problem)}
        kept = [each for each in found if each["ts"] == thread or _within(each, given)]
        return _page(kept, given)

    def _channel(self, given: Mapping[str, Any], *, make: bool = False) -> str:
        asked = str(given.get("channel") or "")
        name = asked.removeprefix("#")
        row = self._db.execute("SELECT id FROM channels WHERE id = ? OR name = ?", (asked, name)).fetchone()
        if row is not None:
            return str(row[0])
        is_id = len(asked) == 11 and asked.startswith("C0") and asked.isupper()
        if not make or not name or is_id:
            raise SlackProblem("channel_not_found")
        made = f"C0{secrets.token_hex(5).upper()[:9]}"
        self._db.execute("INSERT INTO channels VALUES (?, ?)", (made, name))
        return made

    def _find(self, channel: str, ts: str) -> Answer | None:
        row = self._db.execute(
            "SELECT body FROM messages WHERE channel = ? AND ts = ?", (channel, ts)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def _next(self, channel: str) -> str:
        """Return a time stamp that no message of the channel has."""
        now = f"{self._clock.now().timestamp():.6f}"
        row = self._db.execute("SELECT max(ts) FROM messages WHERE channel = ?", (channel,)).fetchone()
        last = row[0] if row else None
        if last is None or now > last:
            return now
        seconds, _, micro = str(last).partition(".")
        number = int(seconds) * 1_000_000 + int(micro) + 1
        return f"{number // 1_000_000}.{number % 1_000_000:06d}"

    def _shown(self, channel: str, body: Answer, given: Mapping[str, Any]) -> Answer:
        shown = dict(body)
        if given.get("include_all_metadata") not in _TRUE:
            shown.pop("metadata", None)
        if "thread_ts" not in shown:
            rows = self._db.execute(
                "SELECT ts FROM messages WHERE channel = ? AND thread = ? ORDER BY ts", (channel, shown["ts"])
            ).fetchall()
            if rows:
                shown |= {"thread_ts": shown["ts"], "reply_count": len(rows), "latest_reply": rows[-1][0]}
        return shown


def _text(given: Mapping[str, Any]) -> str:
    text = str(given.get("text") or "")
    if not text and not given.get("blocks") and not given.get("attachments"):
        raise SlackProblem("no_text")
    if len(text) > _TEXT_LIMIT:
        raise SlackProblem("msg_too_long")
    return text


def _parts(given: Mapping[str, Any]) -> Answer:
    """Return what a message has besides its text; form-encoded calls carry it as JSON text."""
    found: Answer = {}
    for name in ("blocks", "attachments", "metadata"):
        value = given.get(name)
        if not value:
            continue
        try:
            found[name] = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise SlackProblem(f"invalid_{name}") from None
    metadata = found.get("metadata")
    if metadata is not None and not (isinstance(metadata, dict) and metadata.get("event_type")):
        raise SlackProblem("invalid_metadata_format")
    return found


def _within(message: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    ts, oldest, latest = str(message["ts"]), given.get("oldest"), given.get("latest")
    inclusive = given.get("inclusive") in _TRUE
    number = float(ts)
    if oldest and not (number > float(oldest) or (inclusive and number == float(oldest))):
        return False
    return not (latest and not (number < float(latest) or (inclusive and number == float(latest))))


def _page(messages: list[Answer], given: Mapping[str, Any]) -> Answer:
    start = int(given.get("cursor") or 0) if str(given.get("cursor") or "0").isdigit() else 0
    limit = min(max(int(given.get("limit") or _PAGE), 1), 1000)
    page = messages[start : start + limit]
    more = start + limit < len(messages)
    return {
        "ok": True,
        "messages": page,
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }
