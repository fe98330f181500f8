"""The charts that come with this program have nothing that is wrong, and checking them is a look."""

from __future__ import annotations

from prompt_kafka import checking
from prompt_kafka.clients.gitops import shipped


def test_the_shipped_charts_are_clean(own_cache):
    report = checking.check(shipped())
    wrong = [f"{f.finding.where}: {f.finding.what}" for f in report.found if f.finding.severity != "info"]
    assert wrong == []
    assert {application for _, application in report.pairs} == {"prompt-kafka"}
    assert len({environment for environment, _ in report.pairs}) >= 3
