"""A subchart with topics: a new one in the style of its neighbours, or a topic more in one there is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from prompt_kafka.procedures.authoring import readme
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.readme import Row
from prompt_kafka.procedures.authoring.tree import scalar
from prompt_kafka.procedures.authoring.users import Conventions

TOPICS_ABOUT = (
    "Topics: `name`, `partitions`, `replicas`, `minInsyncReplicas`, `retention` (milliseconds, -1 keeps for "
    "ever) and, if wanted, further settings in `config`"
)
CLUSTER_ABOUT = "Name of the Kafka cluster, as in the subchart strimzi-kafka"


KEYS = frozenset({"name", "partitions", "replicas", "minInsyncReplicas", "retention"})
"""What an entry in a list of topics has; the in-sync replicas may be left to the brokers."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as a chart says it.

    Attributes
    ----------
    name
        On the brokers.
    resource
        Of the ``KafkaTopic``: the same, unless Kubernetes does not allow it.
    retention_ms
        -1 keeps for ever.
    retention
        The same for people.
    min_asked
        Whether the in-sync replicas were asked for, so that the brokers' own setting will not do.
    """

    name: str
    resource: str
    partitions: int
    replicas: int
    min_in_sync: int
    retention_ms: int
    retention: str
    min_asked: bool = True

    def entry(self, keys: Collection[str] = KEYS) -> list[str]:
        """Return its lines in a list of values whose entries have these keys."""
        lines = {
            "name": scalar(self.resource),
            "topicName": scalar(self.name),
            "partitions": self.partitions,
            "replicas": self.replicas,
            "minInsyncReplicas": self.min_in_sync,
            "retention": _retention(self),
        }
        if self.resource == self.name:
            del lines["topicName"]
        return [f"{key}: {value}" for key, value in lines.items() if key in keys or key == "topicName"]


def flow(entry: Sequence[str]) -> str:
    """Return an entry between braces."""
    return "{" + ", ".join(line.partition("  #")[0] for line in entry) + "}"


def _retention(topic: Topic) -> str:
    return f"{topic.retention_ms}  # {topic.retention}" if topic.retention_ms >= 0 else "-1"


def conventions(files: Mapping[str, str], folder: str, secret: str) -> Conventions:
    """Return how this application's charts do it, as far as they say."""
    charts = {path: text for path, text in files.items() if path.startswith(f"{folder}/charts/")}
    texts = "\n".join(text for path, text in sorted(charts.items()) if "/templates/" in path)
    version = re.search(r"apiVersion: (kafka\.strimzi\.io/\w+)\s+kind: Kafka(?:Topic|User)\b", texts)
    secrets = re.findall(r"secretKeyRef:\s+name: ([\w.-]+)\s", texts)
    topics, users = "templates/topics.yaml", "templates/users.yaml"
    if not any(path.endswith((f"/{topics}", f"/{users}")) for path in charts):
        topics, users = "templates/kafka-topics.yaml", "templates/kafka-users.yaml"
    return Conventions(
        api_version=version[1] if version else "kafka.strimzi.io/v1",
        secret=max(set(secrets), key=secrets.count) if secrets else secret,
        topics_file=topics,
        users_file=users,
    )


def new(name: str, about: str, topic: Topic, cluster: str, how: Conventions) -> dict[str, str]:
    """Return the files of a new subchart without users, by their path inside of it."""
    return {
        "Chart.yaml": _CHART.format(name=name, about=_quoted(about)),
        "values.yaml": _VALUES.format(
            about=CLUSTER_ABOUT, cluster=cluster, topic="\n    ".join(topic.entry())
        ),
        how.topics_file: _TOPICS.replace("API_VERSION", how.api_version),
        "README.md": readme.new(name, about, rows(cluster)),
    }


def without_topics(name: str, about: str, cluster: str) -> dict[str, str]:
    """Return the files of a new subchart that has users only, by their path inside of it."""
    return {
        "Chart.yaml": _CHART.format(name=name, about=_quoted(about)),
        "values.yaml": _VALUES.partition("\n\n")[0].format(about=CLUSTER_ABOUT, cluster=cluster) + "\n",
        "README.md": readme.new(name, about, cluster_rows(cluster)),
    }


def _quoted(text: str) -> str:
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 .,()/_-]*", text)
    return text if plain else "'" + text.replace("'", "''") + "'"


def rows(cluster: str, prefix: str = "") -> list[Row]:
    """Return the rows of a new subchart's settings; with the parent's prefix for the parent's README."""
    return [
        *cluster_rows(cluster, prefix),
        Row(f"{prefix}topics", "list", "See `values.yaml`", TOPICS_ABOUT),
    ]


def cluster_rows(cluster: str, prefix: str = "") -> list[Row]:
    """Return the rows of the setting that every subchart has."""
    return [Row(f"{prefix}cluster.name", "string", f'`"{cluster}"`', CLUSTER_ABOUT)]


def keys_of_topics(text: str | None, where: str, path: tuple[str, ...], topic: Topic) -> frozenset[str]:
    """Return the keys of the entries in a file's list of topics; nothing where it cannot take this one."""
    listed = Yaml(text, where).value(path) if text is not None else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        return frozenset()
    found = [KEYS & each.keys() for each in listed] or [KEYS]
    shared = frozenset.intersection(*map(frozenset, found))
    lacking = KEYS - shared - (set() if topic.min_asked else {"minInsyncReplicas"})
    return frozenset() if lacking else shared


def static(topic: Topic, how: Conventions) -> str:
    """Return a template with this one topic, for a subchart that has no list of topics."""
    named = [] if topic.resource == topic.name else [f"  topicName: {scalar(topic.name)}"]
    lines = [
        f"apiVersion: {how.api_version}",
        "kind: KafkaTopic",
        "metadata:",
        f"  name: {scalar(topic.resource)}",
        "  labels:",
        "    strimzi.io/cluster: {{ .Values.cluster.name }}",
        "spec:",
        *named,
        f"  partitions: {topic.partitions}",
        f"  replicas: {topic.replicas}",
        "  config:",
        f"    min.insync.replicas: {topic.min_in_sync}",
        f"    retention.ms: {_retention(topic)}",
    ]
    return "\n".join(lines) + "\n"


_CHART = """apiVersion: v2
name: {name}
type: application
version: 1.0.0
description: {about}
"""

_VALUES = """cluster:
  # -- {about}
  name: {cluster}

# -- Topics: `name`, `partitions`, `replicas`, `minInsyncReplicas`, `retention` (milliseconds, -1 keeps for ever) and,
# if wanted, further settings in `config`
# @default -- See `values.yaml`
topics:
  - {topic}
"""  # noqa: E501

_TOPICS = """{{- range .Values.topics }}
---
apiVersion: API_VERSION
kind: KafkaTopic
metadata:
  name: {{ .name | quote }}
  labels:
    strimzi.io/cluster: {{ $.Values.cluster.name }}
spec:
  {{- with .topicName }}
  topicName: {{ . | quote }}
  {{- end }}
  partitions: {{ int .partitions }}
  replicas: {{ int .replicas }}
  config:
    {{- $own := dict "min.insync.replicas" (int .minInsyncReplicas) "retention.ms" (int64 .retention) }}
    {{- merge $own (.config | default dict) | toYaml | nindent 4 }}
{{- end }}
"""
