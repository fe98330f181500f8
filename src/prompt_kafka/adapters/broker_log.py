"""In which state a broker is, from its log: where nobody publishes what its agent says.

Strimzi's agent inside the broker tells the state to the probes only. Whether a broker that is not Ready is in
log recovery decides whether it may be restarted, and its log says it.
"""

from __future__ import annotations

_PHRASES = (
    ("from STARTING to RECOVERY", "Recovery"),
    ("to RECOVERY", "Recovery"),
    ("Recovering unflushed segment", "Recovery"),
    ("Loading producer state", "Recovery"),
    ("to RUNNING", "Running"),
    ("Beginning controlled shutdown", "ShuttingDown"),
    ("to SHUTTING_DOWN", "ShuttingDown"),
    ("to STARTING", "Starting"),
    ("is now STARTING", "Starting"),
)
TAIL = 500
"""How many lines are read: recovery writes a line for each log."""


def state_of(log: str) -> str:
    """Return the state that the last telling line of a broker's log names; empty when none does."""
    for line in reversed(log.splitlines()):
        for phrase, state in _PHRASES:
            if phrase in line:
                return state
    return ""
