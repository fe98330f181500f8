"""Strimzi in the lab: cluster operator, pod sets, topic and user operators.

They act on the same resources as the real operators and leave the same traces (conditions, events,
annotations), and they speak only the Kubernetes API and Kafka.
"""
