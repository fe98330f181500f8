"""Kafka as the operators see it: over mutual TLS, node by node."""
