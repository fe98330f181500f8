"""A broker's state by the last line of its log that tells it."""

from __future__ import annotations

import pytest

from prompt_kafka.adapters.broker_log import state_of

START = "[BrokerServer id=3] Transition from SHUTDOWN to STARTING (kafka.server.BrokerServer)"
RECOVERY = "[BrokerLifecycleManager id=3] The broker has caught up. Transitioning from STARTING to RECOVERY."
SEGMENT = "[LogLoader partition=t-0, dir=/d] Recovering unflushed segment 0. 0/1 recovered for t-0."
UNFENCED = (
    "[BrokerLifecycleManager id=3] The broker has been unfenced. Transitioning from RECOVERY to RUNNING."
)
STOP = "[BrokerLifecycleManager id=3] Beginning controlled shutdown."
OTHER = "[GroupCoordinator id=3] nothing of the kind"


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([], ""),
        ([OTHER], ""),
        ([RECOVERY, OTHER], "Recovery"),
        ([UNFENCED, STOP, START, OTHER], "Starting"),
        ([OTHER, SEGMENT, OTHER], "Recovery"),
        ([RECOVERY, SEGMENT, UNFENCED, OTHER], "Running"),
        ([RECOVERY, UNFENCED, STOP], "ShuttingDown"),
        ([UNFENCED, STOP, RECOVERY], "Recovery"),
    ],
)
def test_the_last_telling_line_counts(lines: list[str], state: str) -> None:
    assert state_of("\n".join(lines)) == state
