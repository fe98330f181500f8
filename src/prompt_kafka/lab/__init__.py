"""The service on one machine: real Kafka processes behind a small Kubernetes API."""
