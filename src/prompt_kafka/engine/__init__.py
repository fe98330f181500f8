"""Carries plans out: observe, act, wait for the proof. Knows plans, not Kafka."""
