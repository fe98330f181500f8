"""A small repository in Phalanx's layout, to be spoilt."""

from __future__ import annotations

from pathlib import Path

PARENT = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: app
spec:
  destination:
    namespace: kafka
  source:
    path: applications/app
    helm:
      valueFiles:
        - values.yaml
        - values-prod.yaml
"""
TOPIC = """apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: t
  labels:
    strimzi.io/cluster: k
spec:
  partitions: {{ .Values.partitions }}
  config:
    retention.ms: {{ .Values.retention }}
"""
KAFKA = """apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata:
  name: k
spec:
  kafka:
    version: "4.1.1"
    metadataVersion: 4.1-IV1
    listeners:
      - {name: plain, port: 9092, type: internal, tls: false}
  entityOperator: {topicOperator: {}, userOperator: {}}
"""


def tree(top: Path) -> Path:
    files = {
        "environments/Chart.yaml": "apiVersion: v2\nname: environments\nversion: 1.0.0\n",
        "environments/values.yaml": "applications: {app: true}\n",
        "environments/values-prod.yaml": "name: prod\n",
        "environments/templates/app.yaml": PARENT,
        "applications/app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
        "applications/app/values.yaml": "partitions: 1\nretention: 1209600000\n",
        "applications/app/values-prod.yaml": "",
        "applications/app/templates/topic.yaml": TOPIC,
        "applications/app/templates/kafka.yaml": KAFKA,
    }
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return top
