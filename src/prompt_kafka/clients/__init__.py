"""Connections to Kubernetes, Kafka, Helm and Git: thin, shared by the runbook and the lab."""
