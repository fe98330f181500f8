"""What doctor concludes from what was tried, and that no action lacks its rights."""

from __future__ import annotations

import dataclasses

import pytest

from prompt_kafka.adapters import perform
from prompt_kafka.core import abilities as able
from prompt_kafka.core.abilities import RESOURCES, Right, abilities, action_names
from prompt_kafka.core.doctor import (
    Examined,
    Finding,
    QuorumSeen,
    SecretSeen,
    Tried,
    findings,
    works,
)
from prompt_kafka.core.service import Environment, KafkaAccess
from prompt_kafka.core.verdict import Answer

ENVIRONMENT = Environment("usdfdev", kafka=KafkaAccess())
RIGHTS = {right for ability in abilities(ENVIRONMENT) for right in ability.rights}


def healthy() -> Examined:
    return Examined(
        ENVIRONMENT,
        kubeconfig=Tried("context usdfdev"),
        api=Tried("v1.34.4"),
        api_clock=Tried(0.3),
        rights={right: Tried(True) for right in RIGHTS},
        kafka=Tried("prompt-kafka, Kafka 4.1.1"),
        route=Tried("listener external (kafka.example:9094)"),
        logins={"kafka-admin": Tried("logs in"), "canary": Tried("logs in")},
        quorum=Tried(QuorumSeen("direct", 3, 3, 1)),
        kafka_clock=Tried(-0.1),
        argocd=Tried(("Application resources", ("prompt-kafka", "strimzi"))),
        git=Tried("phalanx, main at 1234"),
        push=Tried("main"),
        secrets=Tried((SecretSeen("prompt-kafka", ("butler-writer",), ()),)),
        slack=Tried("channel ops, as prompt-kafka in Rubin"),
    )


def by_name(examined: Examined) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings(examined)}


def test_all_is_well() -> None:
    found = findings(healthy())
    assert works(found)
    assert {finding.answer for finding in found} == {Answer.YES}
    assert not [finding for finding in found if finding.next]


def test_every_action_has_its_rights_named() -> None:
    assert set(able._OF_ACTIONS) == set(action_names())
    assert set(perform._KINDS) == set(RESOURCES)
    for resource, kind in perform._KINDS.items():
        assert RESOURCES[resource] == (kind.group, kind.plural)


def test_a_missing_right_names_itself_and_the_way_round() -> None:
    right = Right("patch", "core.strimzi.io", "strimzipodsets", "prompt-kafka")
    seen = healthy()
    found = by_name(dataclasses.replace(seen, rights={**seen.rights, right: Tried(False)}))
    finding = found["Annotate: restart, pause and resume"]
    assert finding.answer is Answer.NO
    assert finding.said == "no right to patch strimzipodsets.core.strimzi.io in prompt-kafka"
    assert "by hand" in finding.next
    others = [f for f in found.values() if f.section == "Rights" and f.name != finding.name]
    assert {f.answer for f in others} == {Answer.YES}


@pytest.mark.parametrize("subresource", ["portforward", "exec"])
def test_another_way_in_is_no_need(subresource: str) -> None:
    seen = healthy()
    rights = {r: Tried(r.subresource != subresource) for r in RIGHTS}
    found = findings(dataclasses.replace(seen, rights=rights))
    assert works(found)
    assert sum(finding.answer is Answer.UNKNOWN for finding in found) == 1


def test_argo_cds_api_stands_in_for_rights_on_applications() -> None:
    seen = healthy()
    rights = {r: Tried(r.group != "argoproj.io") for r in RIGHTS}
    assert not works(findings(dataclasses.replace(seen, rights=rights)))
    rest = Tried(("REST API at https://argocd.example", ("prompt-kafka",)))
    assert works(findings(dataclasses.replace(seen, rights=rights, argocd=rest)))


WRONG = {
    "api": ("api", Tried(failed="the Kubernetes API does not answer"), "API", ""),
    "api clock": ("api_clock", Tried(-75.0), "clock of the API", "75 s behind this machine's"),
    "kafka clock": ("kafka_clock", Tried(12.0), "clock of Kafka", "12 s ahead of this machine's"),
    "route": ("route", Tried(failed="no way to the brokers works"), "route to the brokers", ""),
    "no leader": (
        "quorum",
        Tried(QuorumSeen("exec", 1, 3, None)),
        "quorum",
        "1 of 3 controllers answer, none",
    ),
    "application": (
        "argocd",
        Tried(("Application resources", ("strimzi",))),
        "Argo CD",
        "prompt-kafka is not among them",
    ),
    "push": ("push", Tried(failed="permission denied"), "Git push", ""),
    "no secret": (
        "secrets",
        Tried((SecretSeen("s", ("a",), ("a",), present=False),)),
        "Secret s",
        "not there",
    ),
    "no key": ("secrets", Tried((SecretSeen("s", ("a", "b"), ("b",)),)), "Secret s", "has no b"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_failed_is_one_line(case: str) -> None:
    field, value, name, said = WRONG[case]
    found = findings(dataclasses.replace(healthy(), **{field: value}))  # type: ignore[arg-type]
    failed = [finding for finding in found if finding.answer is Answer.NO]
    assert [finding.name for finding in failed] == [name]
    assert said in failed[0].said
    assert not works(found)


def test_what_was_not_tried_is_no_failure() -> None:
    seen = healthy()
    skipped: Tried[str] = Tried(skipped="the Kubernetes API does not answer")
    found = by_name(dataclasses.replace(seen, kafka=skipped, route=skipped, rights={}))
    assert found["Kafka resource"].answer is Answer.UNKNOWN
    assert found["Kafka resource"].next == ""
    assert found["rights"].answer is Answer.UNKNOWN


def test_no_slack_token_is_the_normal_case() -> None:
    none: Tried[str] = Tried(skipped="channel ops, no bot token in PROMPT_KAFKA_SLACK_TOKEN")
    found = findings(dataclasses.replace(healthy(), slack=none))
    assert works(found)
    (slack,) = [finding for finding in found if finding.name == "Slack"]
    assert slack.answer is Answer.UNKNOWN
    assert "to be pasted" in slack.next


def test_a_token_that_slack_does_not_take_is_a_failure() -> None:
    bad: Tried[str] = Tried(failed="Slack says: invalid_auth", next="the token is wrong")
    found = findings(dataclasses.replace(healthy(), slack=bad))
    assert not works(found)
    (slack,) = [finding for finding in found if finding.name == "Slack"]
    assert (slack.answer, slack.next) == (Answer.NO, "the token is wrong")


def test_a_chart_without_a_canary() -> None:
    logins: dict[str, Tried[str]] = {
        "kafka-admin": Tried("logs in"),
        "canary": Tried(skipped="the charts bring no such user"),
    }
    found = by_name(dataclasses.replace(healthy(), logins=logins))
    assert found["login of canary (canary)"].answer is Answer.UNKNOWN
