"""Who we are to a Kubernetes API: every kind of user that a kubeconfig can hold.

lightkube reads tokens, passwords and certificates. What it refuses is here, as an `httpx2.Auth` in front of
it: ``auth-provider: oidc`` with its refresh (:mod:`.oidc`), and exec plug-ins of today's API version
(:mod:`.plugin`). Nothing in this package shows a secret: errors name the file and the field.
"""

from prompt_kafka.clients.auth.credentials import Credentials
from prompt_kafka.clients.auth.errors import CredentialsError

__all__ = ["Credentials", "CredentialsError"]
