"""What a node's log says of its start: lines as Kafka 4.1 and Strimzi's start script write them."""

from __future__ import annotations

from pathlib import Path

from prompt_kafka.adapters.node_log import read, with_earlier

LOGS = Path(__file__).parent / "node_logs"


def _log(*names: str) -> str:
    return "".join((LOGS / f"{name}.log").read_text() for name in names)


def test_a_broker_that_recovers_its_logs() -> None:
    found = read("prompt-kafka-kafka-3", _log("start"), "")
    assert (found.formatted, found.unclean) == (False, True)
    assert (found.loaded, found.to_load, found.loading) == (6, 13, True)
    assert found.on_disk == (("butler-writer-0", 2681),)
    assert found.metadata_on_disk == 160


def test_what_it_knew_and_what_it_had_to_cut_off() -> None:
    found = read("prompt-kafka-kafka-3", _log("start", "later"), "")
    assert found.watermarks == (("butler-writer-0", 2680),)
    assert found.cut_back == (("butler-writer-0", 2600),)
    assert found.metadata_caught_up == 162


def test_a_start_that_failed_before_still_tells_what_was_on_the_disk() -> None:
    """The second start finds a disk that the first one has cut back already."""
    second = _log("start", "later").replace("logEndOffset=2681", "logEndOffset=2600")
    second = second.replace("initial high watermark 2680", "initial high watermark 2600")
    second = second.replace("Truncating to offset 2600", "Truncating to 2600 has no effect")
    now = read("prompt-kafka-kafka-3", second, "")
    assert (now.cut_back, now.on_disk) == ((), (("butler-writer-0", 2600),))
    found = with_earlier(now, read("prompt-kafka-kafka-3", _log("start", "later"), ""))
    assert found.on_disk == (("butler-writer-0", 2681),)
    assert found.watermarks == (("butler-writer-0", 2680),)
    assert found.cut_back == (("butler-writer-0", 2600),)
    assert found.unclean == now.unclean


def test_before_the_first_log_is_loaded() -> None:
    found = read("p", _log("start").splitlines(keepends=True)[3], "")
    assert (found.loaded, found.to_load, found.loading) == (0, 13, True)


def test_a_clean_start() -> None:
    found = read("p", _log("clean"), "")
    assert found.unclean is False


def test_an_empty_disk() -> None:
    assert read("p", _log("empty-disk"), "").formatted is True
    assert read("p", "", "").formatted is None


def test_the_disk_of_another_cluster() -> None:
    assert read("p", _log("other"), "").other_cluster == "BBB"


def test_names_that_do_not_resolve_count_only_lately() -> None:
    name = "prompt-kafka-controller-1.prompt-kafka-kafka-brokers.prompt-kafka.svc"
    line = _log("names")
    assert read("p", line, "").unresolved == ()
    assert read("p", line, line).unresolved == (name,)
