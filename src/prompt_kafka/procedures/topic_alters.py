"""What settings of a topic may become: each refusal by name, and what cannot be taken back."""

from __future__ import annotations

from collections.abc import Mapping

from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.kafka import TopicState
from prompt_kafka.core.request_rights import AlterTopicRequest
from prompt_kafka.procedures import topic_rules
from prompt_kafka.procedures.authoring import there
from prompt_kafka.procedures.authoring.there import PARTITIONS, Setting
from prompt_kafka.procedures.guards import near
from prompt_kafka.procedures.rendered import Manifest

RETENTION, MIN_IN_SYNC = "retention.ms", "min.insync.replicas"
_NOT_HERE = {"partitions": "--partitions", "replicas": "--replicas", "retention": "--retention"}


def wanted(request: AlterTopicRequest, manifest: Manifest, state: TopicState | None) -> tuple[Setting, ...]:
    """Return the settings that are asked for, each with what the charts have.

    Raises
    ------
    UsageError
        Nothing is asked for, or one thing twice.
    RefusedError
        Kafka has no such setting (``unknown-setting``).
    """
    asked: dict[str, tuple[str, str]] = {}
    if request.partitions is not None:
        asked[PARTITIONS] = (str(request.partitions), "")
    if request.retention_ms is not None:
        asked[RETENTION] = (str(request.retention_ms), request.retention)
    if request.min_in_sync is not None:
        asked[MIN_IN_SYNC] = (str(request.min_in_sync), "")
    for name, value in request.settings:
        if name in _NOT_HERE:
            raise UsageError(f"--set {name}: that is no setting of Kafka's", next=f"give {_NOT_HERE[name]}")
        if name in asked:
            raise UsageError(f"{name} is given twice", next="give it once")
        asked[name] = (value, "")
    if state is not None and state.settings:
        for name, _ in request.settings:
            if name not in state.settings:
                raise RefusedError(
                    "unknown-setting",
                    f"Kafka's topics have no setting {name}",
                    where=f"topic {request.name}",
                    next=near(name, sorted(state.settings)) or "see Kafka's documentation, Topic Configs",
                )
    if not asked and request.replicas is None:
        raise UsageError(
            "nothing is asked for", next="give --partitions, --retention, --min-in-sync or --set KEY=VALUE"
        )
    return tuple(
        Setting(name, there.has(manifest, name), value, words) for name, (value, words) in asked.items()
    )


def refuse(
    request: AlterTopicRequest,
    settings: tuple[Setting, ...],
    manifest: Manifest,
    state: TopicState | None,
) -> None:
    """Refuse what Kafka or the operator would refuse, and what no restart could pass.

    Raises
    ------
    RefusedError
        ``partitions-decreased``, ``replicas-changed``, ``min-in-sync``, ``too-few``, ``too-few-in-sync``.
    """
    spec: Mapping[str, object] = manifest.get("spec") or {}
    replicas = int(str(spec.get("replicas") or (state.replication_factor if state else 1)))
    has = max(int(str(spec.get(PARTITIONS) or 0)), len(state.partitions) if state else 0)
    new = {setting.name: setting.new for setting in settings}
    where = f"topic {request.name}"
    if request.replicas not in (None, replicas):
        raise RefusedError(
            "replicas-changed",
            f"{request.name} has {replicas} replicas: another number is a reassignment, which moves its data "
            "from broker to broker, and the Topic Operator does none",
            where=where,
            next="reassign its partitions with kafka-reassign-partitions.sh, throttled; at its end, "
            "change `replicas` in the chart to what the brokers have",
        )
    if PARTITIONS in new and int(new[PARTITIONS]) < has:
        raise RefusedError(
            "partitions-decreased",
            f"{request.name} has {has} partitions: Kafka cannot take any away",
            where=where,
            next="create another topic and move its producers and readers there",
        )
    least = new.get(MIN_IN_SYNC)
    if least is not None and not least.isdecimal():
        raise UsageError(f"{MIN_IN_SYNC} is a number: {least!r}")
    partitions = int(new.get(PARTITIONS, has or 1))
    if least is not None:
        topic_rules.layout(partitions, replicas, int(least), replicas)
    elif partitions < 1:
        topic_rules.layout(partitions, 2, 1, 2)
    if least is not None and state is not None:
        short = [each for each in state.partitions if len(each.in_sync) < int(least)]
        if short:
            raise RefusedError(
                "too-few-in-sync",
                f"{len(short[0].in_sync)} replicas of {short[0]} are in sync: with {least} it would take no "
                "writes at once",
                where=where,
                next="prompt-kafka status",
            )


def lasting(settings: tuple[Setting, ...], state: TopicState | None) -> tuple[str, ...]:
    """Return what cannot be taken back of it, in sentences."""
    if state is None:
        return ()
    found = []
    for setting in settings:
        has = (
            str(len(state.partitions)) if setting.name == PARTITIONS else state.settings.get(setting.name, "")
        )
        if has == setting.new:
            continue
        if setting.name == PARTITIONS:
            found.append(f"cannot be taken back: partitions {has} → {setting.new}, Kafka takes none away")
        elif setting.name in (RETENTION, "retention.bytes") and _less(setting.new, has):
            found.append(f"cannot be taken back: what {setting.name} {setting.new} does not keep is deleted")
        elif setting.name == "cleanup.policy":
            found.append(f"cannot be taken back: cleanup.policy {has} → {setting.new} deletes messages")
    return tuple(found)


def _less(new: str, old: str) -> bool:
    try:
        now, before = int(new), int(old)
    except ValueError:
        return False
    return now >= 0 and (before < 0 or now < before)
