"""Every declared secret key is used by something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompt_kafka.checks.finding import About, Finding, Place, Severity
from prompt_kafka.checks.secrets import uses
from prompt_kafka.checks.subject import CheckInput

ABOUT = About(
    "secret-key-unused",
    Severity.WARNING,
    "Secret key that is declared and used by nothing",
    "Somebody is asked to provide a secret that nothing reads, and it is kept and rotated for nothing.",
    "Phalanx: docs/developers/helm-chart/define-secrets",
    "take it out of secrets.yaml (and then out of Vault), or use it",
)

_COMPOSED = re.compile(r"""["']?([\w./-]*(?:\{\{[^}]*\}\}|%s)[\w./{}%\s-]*)["']?""")


def find(subject: CheckInput) -> Iterator[Finding]:
    """Look for each key in all that the application says, in every environment's values too."""
    secrets = subject.secrets
    if secrets is None or any(each.get("absent") for chart in subject.charts for each in chart.dependencies):
        return  # what a chart that is not here reads cannot be told
    if any(item.kind == "VaultSecret" and item.spec.get("templates") for item in subject.items):
        return  # keys are given other names there
    named = {each.key for each in uses(subject)}
    if any(not each.key and each.secret == subject.vault_secret for each in uses(subject)):
        return  # it is taken as a whole somewhere: every key may be read there
    said = [
        text
        for file, text in subject.files.items()
        if not file.rpartition("/")[2].startswith("secrets") and not file.endswith(".md")
    ]
    said += subject.texts.values()
    everything = "\n".join(said)
    patterns = {_pattern(each) for each in _COMPOSED.findall(everything)}
    for key, (file, line) in sorted(secrets.declared.items()):
        if key in named or key in secrets.copied:
            continue
        if re.search(rf"(?<![\w.-]){re.escape(key)}(?![\w-])", everything):
            continue
        if any(re.fullmatch(pattern, key) for pattern in patterns if pattern):
            continue
        yield ABOUT.found(f"the key {key} is declared and nothing uses it", Place(subject.path(file), line))


def _pattern(text: str) -> str:
    parts = re.split(r"\{\{[^}]*\}\}|%s", text.strip())
    literal = "".join(parts)
    return ".*".join(re.escape(part) for part in parts) if re.search(r"\w", literal) else ""
