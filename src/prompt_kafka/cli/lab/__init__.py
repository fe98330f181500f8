"""``prompt-kafka lab``: the service on this machine."""
