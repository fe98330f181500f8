"""The rolling restart of Kafka's pods: when, in which order and why a pod may go."""
