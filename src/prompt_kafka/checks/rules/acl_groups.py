"""A user's rights name consumer groups that something uses."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput, at, mapping, sequence

ABOUT = About(
    "acl-on-undeclared-group",
    Severity.INFO,
    "Right on a consumer group that nothing names",
    "A consumer whose group is called otherwise is refused, and nothing in Git says which one it is: the "
    "name is in a program, at somebody else's, or wrong.",
    "Strimzi documentation, KafkaUser ACLs; a group is declared nowhere but by who uses it",
    "give the consumer its group in its values, or correct the name; nothing, where it runs elsewhere",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare the groups in ACLs with those that the environment's applications name."""
    if not subject.whole or subject.groups is None:
        return
    groups = {*subject.groups, *_of_operators(subject)}
    for user in subject.of("KafkaUser"):
        for number, acl in enumerate(sequence(at(user.spec, "authorization", "acls"))):
            resource = mapping(mapping(acl).get("resource"))
            name = str(resource.get("name") or "")
            if resource.get("type") != "group" or name in ("", "*"):
                continue
            prefix = resource.get("patternType") == "prefix"
            if any(group.startswith(name) if prefix else group == name for group in groups):
                continue
            kind = "groups that begin with" if prefix else "the group"
            yield ABOUT.found(
                f"user {user.name} has a right on {kind} {name}, which no application of this "
                "environment names",
                where(subject, user, "spec", "authorization", "acls", str(number), "resource", "name"),
                subject=str(user),
            )


def _of_operators(subject: CheckInput) -> Iterator[str]:
    """Yield the groups of what is run by operators."""
    for each in subject.around("KafkaConnect"):
        config = mapping(each.item.spec.get("config"))
        yield str(config.get("group.id") or each.item.spec.get("groupId") or "connect-cluster")
        yield "connect-"  # each sink connector's group
    for each in subject.around("KafkaConnector"):
        yield f"connect-{each.item.name}"
    if subject.around("KafkaMirrorMaker2"):
        yield "mirrormaker2-cluster"
    if subject.around("StrimziSchemaRegistry"):
        yield "schema-registry"
