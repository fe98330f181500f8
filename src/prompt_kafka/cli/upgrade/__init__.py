"""``prompt-kafka upgrade …``: Kafka, its metadata level, the operator."""
