"""Messages and books, without Kafka."""

import json
import uuid
from datetime import UTC, datetime
from itertools import islice

import pytest

from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab.traffic import USERS, TrafficSettings
from prompt_kafka.lab.traffic.ledger import Ledger
from prompt_kafka.lab.traffic.report import make_report, quantiles
from prompt_kafka.lab.traffic.visit import event, messages, read_event, read_message

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_a_visit_is_a_message_for_each_detector() -> None:
    two = list(islice(messages("run", NOW, 0), 2 * 189))
    bodies = [json.loads(message.value) for message in two]
    ids = [body["datasets"][0]["refs"][0]["dataId"] for body in bodies]
    assert [i["detector"] for i in ids] == [*range(189)] * 2
    assert {i["visit"] for i in ids[:189]} == {2026050100001}
    assert {i["visit"] for i in ids[189:]} == {2026050100002}
    assert [read_message(message.value, "run") for message in two] == list(range(2 * 189))
    assert {body["type"] for body in bodies} == {"pp-output"}
    sizes = sorted(len(message.value) for message in two)
    assert sizes[0] < 1_500
    assert 3_000 < sizes[len(sizes) // 2] < 20_000
    datasets = [ref["id"] for body in bodies for d in body["datasets"] for ref in d["refs"]]
    assert len(set(datasets)) == len(datasets)


def test_the_same_run_makes_the_same_messages() -> None:
    first, second = (list(islice(messages("run", NOW, 0), 5)) for _ in range(2))
    assert first == second
    assert next(messages("other", NOW, 0)).value != first[0].value


def test_foreign_messages_are_not_counted() -> None:
    assert read_message(next(messages("run", NOW, 0)).value, "other run") is None
    for value in (None, b"", b"[]", b"{}", b"\xff", b'{"traffic": 3}'):
        assert read_message(value, "run") is None
    batch = uuid.uuid4()
    assert read_event(event(batch)) == batch
    for value in (None, b"[]", b'{"batch_id": 3}', b'{"batch_id": "x"}'):
        assert read_event(value) is None


def books(acknowledged: int, *batches: list[int]) -> Ledger:
    ledger = Ledger()
    for sequence in range(acknowledged):
        ledger.sent()
        ledger.acknowledge(sequence, 0.0, 0.001 * (sequence + 1))
    for sequences in batches:
        batch = uuid.uuid4()
        ledger.open_batch(batch, sequences)
        ledger.commit(batch)
        ledger.publish(batch)
    return ledger


def test_a_clean_run() -> None:
    report = make_report("r", 1.0, books(4, [0, 1], [2, 3]), {0, 1, 2, 3}, waited=True)
    assert report.clean
    data = report.to_json()
    required = {"sent", "acknowledged", "failed", "consumed", "lost", "duplicated", "latency_ms"}
    assert required <= data.keys()
    assert (data["sent"], data["consumed"], data["lost"], data["duplicated"]) == (4, 4, 0, 0)
    assert data["latency_ms"].keys() == {"p50", "p99", "max"}


def test_lost_is_missing_from_the_topic_or_from_the_consumers() -> None:
    report = make_report("r", 1.0, books(4, [0, 1, 2]), {1, 2, 3}, waited=True)
    assert (report.not_in_topic, report.not_consumed, report.lost) == (1, 1, 2)
    assert report.missing == (0, 3)
    assert not report.clean


def test_consumers_that_were_not_waited_for_have_lost_nothing_yet() -> None:
    report = make_report("r", 1.0, books(4, [0]), {0, 1, 2, 3}, waited=False)
    assert (report.lost, report.not_consumed, report.clean) == (0, 3, False)
    assert "cut short" in report.lines()[2]


def test_a_message_in_two_batches_is_duplicated() -> None:
    assert make_report("r", 1.0, books(2, [0, 1], [1]), {0, 1}, waited=True).duplicated == 1


def test_an_event_proves_a_commit_that_the_writer_did_not_hear_of() -> None:
    ledger = books(1)
    batch = uuid.uuid4()
    ledger.open_batch(batch, [0])
    ledger.publish(batch)
    ledger.commit(batch)
    assert ledger.consumed() == {0: 1}


def test_quantiles() -> None:
    assert quantiles([]) == {"p50": 0.0, "p99": 0.0, "max": 0.0}
    assert quantiles([float(n) for n in range(1, 101)]) == {"p50": 50.0, "p99": 99.0, "max": 100.0}


def test_settings_refuse_nonsense_and_hide_passwords() -> None:
    passwords = dict.fromkeys(USERS, "hush")
    good = TrafficSettings(bootstrap=(("h", 1),), passwords=passwords)
    assert "hush" not in repr(good)
    with pytest.raises(UsageError, match="butler-writer"):
        TrafficSettings(bootstrap=(("h", 1),), passwords={"prompt-processing": "x"})
    with pytest.raises(UsageError, match="rate"):
        TrafficSettings(bootstrap=(("h", 1),), passwords=passwords, rate=0)
