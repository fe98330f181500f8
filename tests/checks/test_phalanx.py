"""A real Phalanx checkout: every Strimzi application and environment, and what is known to be wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from prompt_kafka import checking

pytestmark = pytest.mark.phalanx


@pytest.fixture(scope="module")
def report():
    return checking.check(Path(os.environ["PHALANX_CHECKOUT"]), patience=120.0)


def test_every_pair_is_judged(report):
    assert len(report.pairs) >= 70
    assert not [f.finding.what for f in report.found if f.finding.id == "not-readable"]


def test_what_is_known_to_be_wrong_is_found(report):
    found = {(f.finding.id, f.application): f.finding for f in report.found}
    assert ("kafka-version-unsupported", "prompt-kafka") in found
    assert ("secret-key-undeclared", "prompt-kafka") in found
    assert ("super-user-form", "prompt-kafka") in found
    assert ("maintenance-window", "sasquatch") in found
    assert ("subchart-condition", "sasquatch") in found
    assert ("prunable-volumes", "s3-file-notifications") in found
    assert ("prunable-volumes", "prompt-kafka") not in found
    assert ("retention", "prompt-kafka") in found  # more bytes of a partition than the disk has
    assert ("differs-from-development", "s3-file-notifications") in found
    assert ("differs-from-development", "prompt-kafka") not in found  # the reason is written there
    assert ("acl-on-undeclared-group", "sasquatch") in found
    assert ("acl-on-undeclared-group", "prompt-kafka") not in found


def test_every_finding_has_a_line_that_exists(report):
    for each in report.found:
        path = report.top / each.finding.where.file
        assert path.exists(), each.finding.where
        if path.is_file():
            assert 1 <= each.finding.where.line <= len(path.read_text().splitlines()), each.finding
