"""The service's data flow, so that a procedure can be proved under it.

Producer workers, the transactional Butler Writer and the prompt-publication consumer, each with its own user,
with the client library that the service uses (confluent-kafka). Every message carries a sequence number; the
report accounts for each.
"""

from prompt_kafka.lab.traffic.ledger import Progress
from prompt_kafka.lab.traffic.report import TrafficReport
from prompt_kafka.lab.traffic.run import run
from prompt_kafka.lab.traffic.settings import USERS, TrafficSettings

__all__ = ["USERS", "Progress", "TrafficReport", "TrafficSettings", "run"]
