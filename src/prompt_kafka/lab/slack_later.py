"""Messages that the lab's Slack posts later: kept, and posted with the first call after their time.

As Slack does, a message with metadata is accepted and never posted.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prompt_kafka.core.clock import Clock
from prompt_kafka.lab.slack_store import Answer, Messages

FARTHEST_S = 120 * 86_400
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS later (id TEXT PRIMARY KEY, post_at INTEGER NOT NULL, given TEXT NOT NULL)"
)


class Later:
    """Scheduled messages."""

    def __init__(self, file: Path, messages: Messages, clock: Clock) -> None:
        self._messages = messages
        self._clock = clock
        self._lock = threading.Lock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.execute(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def post_due(self) -> None:
        """Post what is due."""
        now = int(self._clock.now().timestamp())
        with self._lock:
            rows = self._db.execute("SELECT id, given FROM later WHERE post_at <= ? ORDER BY post_at", (now,))
            for each, given in rows.fetchall():
                self._db.execute("DELETE FROM later WHERE id = ?", (each,))
                wanted = json.loads(given)
                if not wanted.get("metadata"):
                    self._messages.post(wanted)

    def schedule(self, given: Mapping[str, Any]) -> Answer:
        """Answer ``chat.scheduleMessage``."""
        now = self._clock.now().timestamp()
        try:
            at = int(given.get("post_at") or 0)
        except ValueError:
            return {"ok": False, "error": "invalid_time"}
        if at <= now:
            return {"ok": False, "error": "time_in_past"}
        if at > now + FARTHEST_S:
            return {"ok": False, "error": "time_too_far"}
        known = self._messages.history({"channel": given.get("channel"), "limit": 1})
        if not known["ok"]:
            return known
        made = f"Q0{secrets.token_hex(5).upper()[:9]}"
        with self._lock:
            self._db.execute("INSERT INTO later VALUES (?, ?, ?)", (made, at, json.dumps(dict(given))))
        return {"ok": True, "channel": given["channel"], "scheduled_message_id": made, "post_at": at}

    def listed(self, given: Mapping[str, Any]) -> Answer:
        """Answer ``chat.scheduledMessages.list``."""
        with self._lock:
            rows = self._db.execute("SELECT id, post_at, given FROM later ORDER BY post_at").fetchall()
        found = [
            {"id": each, "channel_id": wanted["channel"], "post_at": at, "text": wanted.get("text", "")}
            for each, at, text in rows
            if (wanted := json.loads(text))["channel"] == given.get("channel", wanted["channel"])
        ]
        return {"ok": True, "scheduled_messages": found, "response_metadata": {"next_cursor": ""}}

    def delete(self, given: Mapping[str, Any]) -> Answer:
        """Answer ``chat.deleteScheduledMessage``."""
        with self._lock:
            cursor = self._db.execute("DELETE FROM later WHERE id = ?", (given.get("scheduled_message_id"),))
        return {"ok": True} if cursor.rowcount else {"ok": False, "error": "invalid_scheduled_message_id"}
