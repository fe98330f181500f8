"""Every key of the application's secret that is used is declared."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Severity
from prompt_kafka.checks.locating import where
from prompt_kafka.checks.secrets import uses
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "secret-key-undeclared",
    Severity.ERROR,
    "Secret key that is used but not declared",
    "secrets.yaml is what fills Vault: a key that it does not declare is not there, the pod does not "
    "start and "
    "the user gets no password.",
    "Phalanx: docs/developers/helm-chart/define-secrets; models/secrets.py",
    "declare it in secrets.yaml, with a description",
)


def find(subject: CheckInput) -> Iterator[Finding]:
    """Compare each use with secrets.yaml."""
    secrets = subject.secrets
    if secrets is None or not subject.vault_secret:
        return
    seen: set[str] = set()
    for use in uses(subject):
        if use.secret != subject.vault_secret or use.optional or not use.key or use.key in seen:
            continue
        if use.key not in secrets.declared:
            seen.add(use.key)
            yield ABOUT.found(
                f"{use.item} uses the key {use.key} of secret {use.secret}, which secrets.yaml does not "
                "declare",
                where(subject, use.item, *use.path),
                subject=str(use.item),
            )
        elif use.key not in secrets.wanted:
            seen.add(use.key)
            yield ABOUT.found(
                f"{use.item} uses the key {use.key} of secret {use.secret}; the condition under which "
                "secrets.yaml declares it does not hold in this environment",
                where(subject, use.item, *use.path),
                subject=str(use.item),
                severity=Severity.WARNING,
                mend="let the condition in secrets.yaml name the value that switches the use on",
            )
