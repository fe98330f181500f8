"""Resources are written in an API version that the operator serves, and that its next versions will."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.subject import CheckInput
from prompt_kafka.core import versions

ABOUT = About(
    "api-version",
    Severity.WARNING,
    "API version that the operator does not serve, or that its next versions drop",
    "Strimzi 1.0 serves v1 only: what is still written as v1beta2 is refused by the API server then, and an "
    "upgrade stops.",
    "Strimzi's CRDs at each tag; documentation, Upgrading to v1",
    "write kafka.strimzi.io/v1 and take out what v1 no longer has (the rule unknown-field names it)",
)

_OLD = ("v1alpha1", "v1beta1", "v1beta2")


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare each resource with what the operator's definitions serve."""
    operator = subject.operator
    known = {release.version for release in versions.RELEASES}
    if operator is None or operator.version not in known:
        return
    release = versions.release(operator.version)
    for item in subject.items:
        if not item.strimzi or item.kind == "StrimziPodSet":
            continue
        served = set(release.served)
        if item.kind in ("KafkaTopic", "KafkaUser") and release.version[0] == "0":
            served |= {"v1alpha1", "v1beta1"}
        place = where(subject, item, "apiVersion")
        if item.version not in served:
            yield ABOUT.found(
                f"{item.group}/{item.version} is not served by operator {release.version}, "
                f"which serves {', '.join(release.served)}",
                place,
                subject=str(item),
                severity=Severity.ERROR,
            )
        elif item.version in _OLD and "v1" in release.served:
            yield ABOUT.found(
                f"{item.kind} is written in {item.version}, which operator {release.version} still serves "
                "and "
                "1.0.0 does not",
                place,
                subject=str(item),
            )
