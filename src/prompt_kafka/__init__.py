"""Prompt Kafka: a Kafka service on Strimzi, and a runbook in which every heading runs."""

__version__ = "0.1.0"
