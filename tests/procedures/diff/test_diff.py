"""Git, cluster and brokers side by side: every kind of difference, its owner, and the line that closes it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from prompt_kafka.core.configured import Access, AccessRule, BrokerSettings, Setting
from prompt_kafka.core.drift import Comparison, Drift, Owner
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.live import LiveObjects
from prompt_kafka.core.objects import ResourceState
from prompt_kafka.core.who import access_rules
from prompt_kafka.core.world import Seen, Unknown, World
from prompt_kafka.procedures import diff
from tests import worlds
from tests.deployments import SETTINGS, before, edited
from tests.topics import HEAD, OLDER
from tests.worlds import BROKERS, NOW

DEPLOYED = {"application": {"deployed": HEAD, "history": [OLDER, HEAD], "sync": "Synced"}}
LONGER = {
    "charts/strimzi-kafka/values.yaml": [["  retention: 3600000", "  retention: 7200000"]],
}
Objects = dict[tuple[str, str], dict[str, Any]]


def _live(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rendered object as it is in the cluster: with what servers and operators add."""
    live = copy.deepcopy(dict(manifest))
    fields = {"f:spec": {f"f:{name}": {} for name in live.get("spec") or {}}}
    live["metadata"] |= {"uid": "u", "managedFields": [{"manager": "argocd-controller", "fieldsV1": fields}]}
    annotations = live["metadata"].get("annotations") or {}
    live["metadata"]["annotations"] = {
        **annotations,
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    live["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}
    return live


class Service:
    """A service in which nothing differs, to be changed."""

    def __init__(self, head: dict[str, Any] | None = None, *, deployed: str = HEAD) -> None:
        files = edited(head or {})
        fields = {"application": {**DEPLOYED["application"], "deployed": deployed}}
        self.world, self.means = before(files, {}, fields, {})
        self.head = self.means.render("lab", {}, HEAD)
        self.deployed = self.means.render("lab", {}, deployed)
        self.objects: Objects = {(m["kind"], m["metadata"]["name"]): _live(m) for m in self.deployed}
        rules = {
            rule
            for live in self.objects.values()
            if live["kind"] == "KafkaUser"
            for rule in access_rules(live)
        }
        self.access = Access(frozenset(rules))

    def compare(self) -> Comparison:
        found = LiveObjects(self.objects, {})
        world = replace(self.world, objects=Seen(found, NOW), access=Seen(self.access, NOW))
        return diff.compare(world, self.means, tuple(self.head), tuple(self.deployed))

    def by_hand(self, kind: str, name: str, *path: str, value: Any, who: str = "kubectl-edit") -> None:
        place = self.objects[kind, name]
        fields: dict[str, Any] = {}
        inner = fields
        for word in path[:-1]:
            place = place.setdefault(word, {})
            inner = inner.setdefault(f"f:{word}", {})
        place[path[-1]] = value
        inner[f"f:{path[-1]}"] = {}
        entry = {"manager": who, "fieldsV1": fields}
        self.objects[kind, name]["metadata"]["managedFields"].append(entry)

    def topic(self, name: str, change: Callable[[TopicState], TopicState]) -> None:
        topics = tuple(change(t) if t.name == name else t for t in self.world.topics.known or ())
        self.world = replace(self.world, topics=Seen(topics, NOW))

    def state(self, name: str, **fields: Any) -> None:
        states = tuple(
            replace(each, **fields) if each.name == name else each
            for each in self.world.resources.known or ()
        )
        self.world = replace(self.world, resources=Seen(states, NOW))


def _only(found: Comparison) -> Drift:
    (drift,) = found.differences
    return drift


def _longer(topic: TopicState) -> TopicState:
    return replace(topic, settings={**topic.settings, "retention.ms": "1"})


def test_where_nothing_differs_nothing_is_said() -> None:
    found = Service().compare()
    assert found.differences == ()
    assert found.unknown == ()
    assert found.objects > 10


def test_what_is_in_git_and_not_deployed() -> None:
    drift = _only(Service(LONGER, deployed=OLDER).compare())
    assert (drift.what, drift.field, drift.owner) == ("KafkaTopic canary", "config.retention.ms", Owner.GIT)
    assert drift.values == {"Git": "7200000", "cluster": "3600000"}
    assert drift.command == "prompt-kafka deploy"


def test_what_somebody_changed_in_the_cluster() -> None:
    service = Service()
    service.by_hand("Kafka", "prompt-kafka", "spec", "kafka", "config", "num.io.threads", value=4)
    found = [each for each in service.compare().differences if "num.io.threads" in each.field]
    assert [(d.owner, d.who, d.values["Git"], d.values["cluster"]) for d in found] == [
        (Owner.HAND, "kubectl-edit", "2", "4")
    ]
    assert found[0].command == "prompt-kafka deploy"


def test_what_somebody_added_no_sync_takes_away() -> None:
    service = Service()
    service.by_hand("KafkaTopic", "canary", "spec", "config", "cleanup.policy", value="compact")
    service.topic("canary", lambda t: replace(t, settings={**t.settings, "cleanup.policy": "compact"}))
    drift = _only(service.compare())
    assert (drift.owner, drift.who) == (Owner.HAND, "kubectl-edit")
    assert "patch kafkatopic canary" in drift.command
    assert '{"spec": {"config": {"cleanup.policy": null}}}' in drift.command


def test_what_operators_add_is_no_difference() -> None:
    service = Service()
    service.by_hand("KafkaTopic", "canary", "spec", "extra", value="x", who="strimzi-topic-operator")
    assert service.compare().differences == ()


def test_a_pause_by_hand_is_one() -> None:
    service = Service()
    name = "strimzi.io/pause-reconciliation"
    service.by_hand("KafkaTopic", "canary", "metadata", "annotations", name, value="true", who="kubectl")
    drift = _only(service.compare())
    assert drift.owner is Owner.HAND
    assert drift.command == f"kubectl --context lab annotate kafkatopic canary -n prompt-kafka {name}-"


def test_what_was_deleted_by_hand_and_what_git_no_longer_has() -> None:
    service = Service()
    gone = service.objects.pop(("KafkaUser", "butler-writer"))
    service.access = Access(frozenset(r for r in service.access.rules if r.user != "butler-writer"))
    drift = _only(service.compare())
    assert (drift.what, drift.owner, drift.command) == (
        "KafkaUser butler-writer",
        Owner.HAND,
        "prompt-kafka deploy",
    )
    service.objects["KafkaUser", "butler-writer"] = gone
    service.access = Service().access
    service.head = tuple(m for m in service.head if m["metadata"]["name"] != "butler-writer")
    drifts = service.compare().differences
    assert {(d.what, d.owner) for d in drifts} == {
        ("KafkaTopic butler-writer", Owner.GIT),
        ("KafkaUser butler-writer", Owner.GIT),
    }
    assert all("kubectl --context lab delete" in d.command for d in drifts)


def test_a_topic_changed_on_the_brokers() -> None:
    service = Service()
    service.topic("canary", _longer)
    drift = _only(service.compare())
    assert (drift.what, drift.field, drift.owner) == (
        "KafkaTopic canary",
        "config.retention.ms",
        Owner.BROKER,
    )
    assert drift.values == {"cluster": "3600000", "brokers": "1"}
    assert "annotate kafkatopic canary" in drift.command
    assert drift.command.endswith("prompt-kafka/look-again=$(date +%s) --overwrite")


@pytest.mark.parametrize(
    ("fields", "owner", "said"),
    [
        ({"generation": 2}, Owner.PENDING, ""),
        ({"ready": False, "message": "Decreasing partitions not supported"}, Owner.REFUSED, "Decreasing"),
    ],
)
def test_what_the_operator_has_not_done_or_refuses(fields: dict[str, Any], owner: Owner, said: str) -> None:
    service = Service()
    service.topic("canary", _longer)
    service.state("canary", **fields)
    drift = _only(service.compare())
    assert drift.owner is owner
    assert said in drift.who


def test_settings_of_the_topic_and_topics_that_only_the_brokers_have() -> None:
    service = Service()
    service.topic(
        "canary",
        lambda t: replace(t, overrides=frozenset({"flush.ms"}), settings={**t.settings, "flush.ms": "9"}),
    )
    mine = (worlds.topic("mine"), replace(worlds.topic("__consumer_offsets"), internal=True))
    topics = (*(service.world.topics.known or ()), *mine)
    service.world = replace(service.world, topics=Seen(topics, NOW))
    found = {(d.what, d.field) for d in service.compare().differences}
    assert found == {("KafkaTopic canary", "config.flush.ms"), ("topic mine", "")}


def test_a_brokers_setting_that_somebody_changed() -> None:
    service = Service()
    changed = {**SETTINGS, "log.retention.hours": Setting("24", dynamic=True)}
    changed["log.cleaner.threads"] = Setting("2", dynamic=True)
    changed["listener.name.x"] = Setting("y", dynamic=True)
    settings = BrokerSettings({3: changed, 4: SETTINGS, 5: SETTINGS}, 27)
    service.world = replace(service.world, settings=Seen(settings, NOW))
    found = service.compare().differences
    assert [(d.field, d.values["cluster"], d.values["brokers"]) for d in found] == [
        ("config.log.retention.hours of broker 3", "336", "24"),
        ("config.log.cleaner.threads of broker 3", "not set", "2"),
    ]
    assert {d.owner for d in found} == {Owner.BROKER}
    assert "annotate kafka prompt-kafka" in found[0].command


@pytest.mark.parametrize(
    ("world", "owner"),
    [
        ({"kafka": {"generation": 4}}, Owner.PENDING),
        ({"pods": {"prompt-kafka-kafka-4": {"ready": False}}}, Owner.PENDING),
        ({"kafka": {"conditions": [["NotReady", "True", "Invalid", "it says why"]]}}, Owner.REFUSED),
        ({"kafka": {"paused": True}}, Owner.BROKER),
    ],
)
def test_who_is_behind_a_brokers_setting(world: dict[str, Any], owner: Owner) -> None:
    service = Service()
    settings = BrokerSettings({id: {"num.io.threads": Setting("3")} for id in BROKERS}, 27)
    service.world = worlds.change(replace(service.world, settings=Seen(settings, NOW)), world)
    assert {d.owner for d in service.compare().differences} == {owner}


def test_the_metadata_level_and_the_version() -> None:
    service = Service()
    settings = BrokerSettings({}, 26)
    service.world = replace(service.world, settings=Seen(settings, NOW))
    service.world = worlds.change(service.world, {"kafka": {"version": "4.1.0"}})
    found = {(d.field, d.values["cluster"], d.values["brokers"]) for d in service.compare().differences}
    assert found == {
        ("kafka.version", "4.1.1", "4.1.0"),
        ("kafka.metadataVersion", "4.1-IV1", "4.1-IV0"),
    }


def test_access_rules_and_quotas() -> None:
    service = Service()
    more = AccessRule("canary", "topic", "butler-writer", "literal", "Read")
    stranger = AccessRule("stranger", "topic", "*", "literal", "All")
    lost = next(iter(sorted(r for r in service.access.rules if r.user == "butler-writer")))
    rules = (service.access.rules - {lost}) | {more, stranger}
    service.access = Access(frozenset(rules), {"canary": {"producer_byte_rate": 5.0}})
    found = {(d.what, d.field, d.values["brokers"]) for d in service.compare().differences}
    assert found == {
        ("KafkaUser canary", "allow Read on topic butler-writer", "is there"),
        ("KafkaUser canary", "quota producer_byte_rate", "5"),
        ("KafkaUser butler-writer", str(lost), "is not there"),
        ("user stranger", "", "1 access rules"),
    }


def test_what_cannot_be_seen_is_said_and_is_no_difference() -> None:
    service = Service()
    parts = ("topics", "settings", "access", "resources")
    unseen: Any = {part: Seen(Unknown("it is down"), NOW) for part in parts}
    world: World = replace(service.world, **unseen, objects=Seen(Unknown("forbidden"), NOW))
    found = diff.compare(world, service.means, tuple(service.head), tuple(service.deployed))
    assert found.differences == ()
    assert "topics on the brokers: it is down" in found.unknown
    assert "KafkaTopic: forbidden" in found.unknown


def test_a_topic_that_nobody_manages_is_left_alone() -> None:
    service = Service()
    service.by_hand(
        "KafkaTopic", "canary", "metadata", "annotations", "strimzi.io/managed", value="false", who="argocd"
    )
    service.topic("canary", _longer)
    assert service.compare().differences == ()


def test_defaults_that_the_server_adds_to_lists_are_no_difference() -> None:
    service = Service()
    for listener in service.objects["Kafka", "prompt-kafka"]["spec"]["kafka"]["listeners"]:
        listener["somethingMore"] = True
    assert service.compare().differences == ()


def test_the_state_of_a_user_is_read() -> None:
    service = Service()
    service.access = Access(frozenset(r for r in service.access.rules if r.user != "canary"))
    service.state("canary", ready=False, message="no password", kind="KafkaUser")
    assert all(isinstance(each, ResourceState) for each in service.world.resources.known or ())
    assert {(d.owner, d.who) for d in service.compare().differences} == {(Owner.REFUSED, "no password")}
