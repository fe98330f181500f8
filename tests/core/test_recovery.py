"""Whether a service is serving, by one predicate: what nobody says is decided by what Kubernetes says."""

from __future__ import annotations

from typing import Any

import pytest

from prompt_kafka.core.recovery import not_serving
from tests.cold_worlds import cold

SILENT = {"quorum": "no controller pod has an address", "cluster": "no way", "topics": "no way"}


@pytest.mark.parametrize(
    ("differences", "because"),
    [
        ({}, ""),
        ({"quorum": "no leader"}, "no controller leads the quorum"),
        ({"no_leader": ["butler-writer"]}, "1 partitions have no leader: butler-writer-0"),
        ({"down": "all", "unknown": SILENT}, "no controller answers, 0 of 3 controller pods are Ready"),
        (
            {"pods_gone": "all", "unknown": SILENT},
            "no controller answers, 0 of 3 controller pods are Ready",
        ),
        (
            {"down": ["controller-0", "controller-1"], "unknown": SILENT},
            "no controller answers, 1 of 3 controller pods are Ready",
        ),
        ({"down": ["controller-0"], "unknown": SILENT}, ""),
        (
            {"down": ["kafka-3", "kafka-4", "kafka-5"], "unknown": {"cluster": "no way", "topics": "no way"}},
            "no broker answers, 0 of 3 broker pods are Ready",
        ),
        ({"down": ["kafka-3", "kafka-4"], "unknown": {"cluster": "no way", "topics": "no way"}}, ""),
        ({"unknown": SILENT}, ""),
        ({"unknown": {**SILENT, "nodes": "no way"}}, ""),
        ({"out_of_sync": [3, 4]}, ""),
    ],
)
def test_not_serving(differences: dict[str, Any], because: str) -> None:
    assert not_serving(cold(differences)) == because
