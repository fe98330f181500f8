"""What the operator's log says, from lines as Strimzi writes them."""

from __future__ import annotations

import logging
from pathlib import Path

from prompt_kafka.adapters.operator_log import read
from prompt_kafka.lab.state import PodFolder
from prompt_kafka.lab.strimzi.activity import CLUSTER_OPERATOR, Operator
from prompt_kafka.lab.strimzi.operator_log import OperatorLog

ROLLING = """\
2026-11-24 12:00:00 INFO  Main:64 - ClusterOperator 0.51.0 is starting
2026-11-24 12:00:09 INFO  AbstractOperator:262 - Reconciliation #1(watch) Kafka(prompt-kafka/prompt-kafka): \
Kafka prompt-kafka will be checked for creation or modification
2026-11-24 12:00:11 INFO  KafkaRoller:690 - Reconciliation #1(watch) Kafka(prompt-kafka/prompt-kafka): \
Rolling Pod prompt-kafka-controller-0/0 due to [Pod has old revision]
"""
REFUSED = """\
2026-11-24 12:00:09 ERROR AbstractOperator:284 - Reconciliation #1(watch) Kafka(prompt-kafka/prompt-kafka): \
createOrUpdate failed
io.strimzi.operator.cluster.model.KafkaVersion$UnsupportedKafkaVersionException: Unsupported \
Kafka.spec.kafka.version: 4.0.0. Supported versions are: [4.1.0, 4.1.1, 4.2.0]
\tat io.strimzi.operator.cluster.model.KafkaVersion$Lookup.supportedVersion(KafkaVersion.java:217)
2026-11-24 12:00:10 INFO  ClusterOperator:129 - Triggering periodic reconciliation for namespace prompt-kafka
"""


def test_it_tells_what_is_done_now() -> None:
    said = read(ROLLING)
    assert said == (
        "ClusterOperator 0.51.0 is starting",
        "Rolling Pod prompt-kafka-controller-0/0 due to [Pod has old revision]",
    )


def test_a_refusal_comes_with_its_reason_and_whose_it_is() -> None:
    (said,) = read(REFUSED)
    assert said == (
        "Kafka(prompt-kafka/prompt-kafka): createOrUpdate failed: UnsupportedKafkaVersionException: "
        "Unsupported Kafka.spec.kafka.version: 4.0.0. Supported versions are: [4.1.0, 4.1.1, 4.2.0]"
    )


def test_what_is_said_again_and_again_is_said_once() -> None:
    assert len(read(REFUSED * 3)) == 1


def test_a_log_without_anything_of_interest_says_nothing() -> None:
    assert read("strimzi/operator:0.51.0 runs inside the lab's controllers process\n") == ()


def test_the_labs_operator_writes_the_same_layout_into_its_pods_log(tmp_path: Path) -> None:
    operator = Operator("0.51.0", "strimzi-cluster-operator-1", "uid", "strimzi", None, 6.0, 15.0)
    file = PodFolder(tmp_path / "strimzi" / operator.pod).log(CLUSTER_OPERATOR)
    logger = logging.getLogger("prompt_kafka.lab.strimzi.roller.roller")
    handler = OperatorLog(tmp_path, lambda: [operator])
    before = logger.level
    logger.setLevel(logging.INFO)
    handler.start()
    try:
        logger.info("Rolling Pod %s/%d due to %s", "p", 3, "[x]")  # no pod, no log
        file.parent.mkdir(parents=True)
        file.touch()
        logger.info("Rolling Pod %s/%d due to %s", "p", 4, "[Pod has old revision]")
    finally:
        handler.stop()
        logger.setLevel(before)
    assert read(file.read_text()) == ("Rolling Pod p/4 due to [Pod has old revision]",)
