"""What goes wrong with credentials, in one shape."""

from __future__ import annotations

from prompt_kafka.core.errors import PromptKafkaError


class CredentialsError(PromptKafkaError):
    """The kubeconfig's user cannot be used as it is, or its credentials cannot be renewed."""

    code = "credentials"
