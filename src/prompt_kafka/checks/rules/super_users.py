"""Super users are named in the form that their authentication gives them."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, at, sequence

ABOUT = About(
    "super-user-form",
    Severity.WARNING,
    "Super user in a form that matches nobody",
    "A user who logs in with a certificate is CN=name, one with a password is name; the operator puts "
    "`User:` "
    "before it. In another form the entry makes nobody a super user.",
    "KafkaUserModel.java, KafkaCluster.java (super.users)",
    "write CN=name for `tls`, name for `scram-sha-512`, without `User:`",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare the super users of each cluster with its users."""
    for kafka in subject.of("Kafka"):
        namespace = subject.namespace_of(kafka)
        users = {
            each.item.name: str(at(each.item.spec, "authentication", "type") or "")
            for each in subject.around("KafkaUser")
            if each.item.cluster == kafka.name and each.namespace == namespace
        }
        for number, entry in enumerate(sequence(at(kafka.spec, "kafka", "authorization", "superUsers"))):
            text = str(entry)
            place = where(subject, kafka, "spec", "kafka", "authorization", "superUsers", str(number))
            bare = text.removeprefix("User:").removeprefix("CN=").partition(",")[0]
            form = users.get(bare, "")
            if text.startswith("User:"):
                said = f"super user {text}: the operator puts User: before it once more"
            elif form.startswith("tls") and not text.startswith("CN="):
                said = f"super user {text} logs in with a certificate, as CN={bare}"
            elif form == "scram-sha-512" and text.startswith("CN="):
                said = f"super user {text} logs in with a password, as {bare}"
            else:
                continue
            yield ABOUT.found(said, place, subject=str(kafka))
