"""The record of a run while the API is away: against the lab's API server, which is really gone meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from prompt_kafka.adapters.journal import Journal
from prompt_kafka.adapters.keeper import Keeper, upload
from prompt_kafka.adapters.lease import RunLease
from prompt_kafka.adapters.runs import RunStore
from prompt_kafka.clients.kinds import CONFIG_MAP
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import RefusedError, StoppedError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.run import RunRecord, RunState
from tests.contracts.servers import free_port, lab_server
from tests.worlds import NOW, healthy

SPACE = "default"


class Place:
    """An API server that can be taken away, with what keeps records there."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root / "api", free_port()
        self.journal = Journal(root / "journal")
        self.clock = ManualClock(NOW)
        self._server = lab_server(self.root, self.port)
        self._server.__enter__()
        self.kubernetes = Kubernetes.connect(self.root / "kubeconfig")
        self.store = RunStore(self.kubernetes, SPACE)
        self.lost = False
        self.keeper = Keeper(self.store, self.journal, lambda: self.lost, self.clock)

    def begin(self, *, recovery: bool) -> RunRecord:
        plan = Plan("restart", healthy().target, "test", recovery=recovery)
        record = RunRecord.begin("run-1", plan, "a@b", NOW)
        self.store.create(record)
        return record

    def take_away(self) -> None:
        self._server.__exit__(None, None, None)

    def bring_back(self) -> None:
        self._server = lab_server(self.root, self.port)
        self._server.__enter__()

    def close(self) -> None:
        self.kubernetes.close()
        self.journal.close()
        self.take_away()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    found.close()


def _further(record: RunRecord, seconds: int) -> RunRecord:
    return replace(record, updated=NOW + timedelta(seconds=seconds), because=f"after {seconds} s")


def test_a_recovery_goes_on_with_the_record_here_and_uploads_it_with_the_next_one(place: Place) -> None:
    record = place.begin(recovery=True)
    place.take_away()
    place.keeper.keep(_further(record, 1))
    place.keeper.keep(_further(record, 2))
    assert place.journal.waiting() == [_further(record, 2)]
    assert [each.kind for each in place.journal.entries("run-1")] == ["kept here", "kept here"]
    place.bring_back()
    place.keeper.keep(_further(record, 3))
    assert place.journal.waiting() == []
    assert place.store.load("run-1") == _further(record, 3)


def test_what_a_killed_recovery_kept_here_is_uploaded_by_whoever_comes_next(place: Place) -> None:
    record = place.begin(recovery=True)
    place.take_away()
    place.keeper.keep(_further(record, 1))
    place.bring_back()
    another = RunStore(place.kubernetes, SPACE)
    assert upload(another, place.journal) == ["run-1"]
    assert another.load("run-1") == _further(record, 1)
    assert upload(another, place.journal) == []


def test_a_run_that_a_colleague_took_up_meanwhile_is_left_as_it_is(place: Place) -> None:
    record = place.begin(recovery=True)
    place.take_away()
    place.keeper.keep(_further(record, 1))
    place.bring_back()
    theirs = replace(record, owner="colleague@elsewhere")
    RunStore(place.kubernetes, SPACE).save(theirs)
    assert upload(place.store, place.journal) == []
    assert place.store.load("run-1") == theirs
    assert place.journal.waiting() == []


def test_any_other_run_stops_and_can_be_taken_up(place: Place) -> None:
    record = place.begin(recovery=False)
    place.take_away()
    with pytest.raises(StoppedError, match="nothing more is done"):
        place.keeper.keep(_further(record, 1))
    assert place.clock.monotonic() >= 15
    place.bring_back()
    assert place.store.load("run-1").state is RunState.RUNNING


def test_a_save_whose_answer_was_lost_is_no_takeover(place: Place) -> None:
    record = place.begin(recovery=False)
    place.store.load("run-1")
    RunStore(place.kubernetes, SPACE).save(_further(record, 1))
    place.keeper.keep(_further(record, 1))
    place.keeper.keep(_further(record, 2))
    RunStore(place.kubernetes, SPACE).save(_further(record, 3))
    with pytest.raises(RefusedError, match="taken over"):
        place.keeper.keep(_further(record, 4))


def test_a_lost_lease_ends_the_run_before_its_next_act(place: Place) -> None:
    record = place.begin(recovery=False)
    place.lost = True
    with pytest.raises(RefusedError, match="somebody else has taken the Lease"):
        place.keeper.keep(_further(record, 1))


def test_a_lease_whose_run_was_never_kept_is_free_after_a_while_and_says_when(place: Place) -> None:
    """Killed between taking the Lease and creating the record: nothing can be resumed, nothing is blocked."""
    clock = ManualClock(NOW)
    held = RunLease(place.kubernetes, SPACE, "c", run="run-9", owner="a@elsewhere", clock=clock)
    held._take()
    clock.turn(10)
    mine = RunLease(place.kubernetes, SPACE, "c", run="run-10", owner="a@b", clock=clock)
    with pytest.raises(RefusedError, match="free 20 s from now"):
        mine._take()
    clock.turn(21)
    mine._take()
    assert place.kubernetes.find(CONFIG_MAP, "prompt-kafka-run-run-9", SPACE) is None
