"""Commands on Kafka users."""
