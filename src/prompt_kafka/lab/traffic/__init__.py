"""The service's data flow, so that a procedure can be proved under it.

Producer workers, the transactional Butler Writer and the prompt-publication consumer, each with its own user,
with the client library that the service uses (confluent-kafka). Every message carries a sequence number; the
report accounts for each.
"""

from .ledger import Progress
from .report import TrafficReport
from .run import run
from .settings import USERS, TrafficSettings

__all__ = ["USERS", "Progress", "TrafficReport", "TrafficSettings", "run"]
