"""The reading path: records of a topic, fetched without leaving a trace in the service."""
