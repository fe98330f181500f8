"""Users in a chart: a new ``KafkaUser`` as a document, more ACLs for one that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.rights import Rule, rules_of
from prompt_kafka.procedures.authoring import cut
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.tree import cannot, documents, load, scalar

ACLS = ("spec", "authorization", "acls")


@dataclass(frozen=True, slots=True)
class Conventions:
    """How the charts of this application do what could be done in several ways.

    Attributes
    ----------
    api_version
        Of topics and users.
    secret
        The Secret from which users take their passwords.
    topics_file, users_file
        Names of the templates in a subchart.
    """

    api_version: str = "kafka.strimzi.io/v1"
    secret: str = "prompt-kafka"
    topics_file: str = "templates/topics.yaml"
    users_file: str = "templates/users.yaml"


def password_key(user: str) -> str:
    """Return the key of a user's password, in Vault and in the Secret."""
    return f"{user}-password"


def document(user: str, rules: Sequence[Rule], comment: str, how: Conventions) -> str:
    """Return a ``KafkaUser`` with SCRAM and these ACLs, as a template's document."""
    lines = [
        f"# {comment}",
        f"apiVersion: {how.api_version}",
        "kind: KafkaUser",
        "metadata:",
        f"  name: {scalar(user)}",
        "  labels:",
        "    strimzi.io/cluster: {{ .Values.cluster.name }}",
        "spec:",
        "  authentication:",
        "    type: scram-sha-512",
        "    password:",
        "      valueFrom:",
        "        secretKeyRef:",
        f"          name: {how.secret}",
        f"          key: {password_key(user)}",
        "  authorization:",
        "    type: simple",
        "    acls:",
    ]
    for rule in rules:
        first, *rest = _acl(rule)
        lines += [f"      - {first}", *(f"        {line}" for line in rest)]
    return "\n".join(lines) + "\n"


def _acl(rule: Rule) -> list[str]:
    operations = [_camel(each) for each in rule.operations]
    return [
        "resource:",
        f"  type: {rule.resource}",
        f"  name: {scalar(rule.name)}",
        f"  patternType: {'prefix' if rule.prefix else 'literal'}",
        "operations:",
        *(f"  - {each}" for each in operations),
    ]


def _camel(operation: str) -> str:
    return "".join(part.title() for part in operation.split("_"))


def add_document(text: str, document: str) -> str:
    """Return a template with one more document at its end."""
    if text and not text.endswith("\n"):
        text += "\n"
    return f"{text}---\n{document}" if text.strip() else document


def where(
    files: Mapping[str, str], folder: str, user: str, kind: str = "KafkaUser"
) -> tuple[str, int] | None:
    """Return the template and the document in it that make a user whose name stands there; None if none.

    Another `kind` finds the document of another object.
    """
    for path in sorted(files):
        if not (path.startswith(f"{folder}/") and "/templates/" in path and path.endswith((".yaml", ".yml"))):
            continue
        if kind not in files[path] or user not in files[path]:
            continue
        try:
            found = load(files[path], path, template=True)
        except RefusedError:
            continue
        for number, each in enumerate(found):
            if isinstance(each, dict) and each.get("kind") == kind and _name(each) == user:
                return path, number
    return None


def _name(manifest: Mapping[str, Any]) -> str:
    return str((manifest.get("metadata") or {}).get("name") or "")


def add_acls(text: str, path: str, number: int, rules: Sequence[Rule]) -> str:
    """Return a template in which a user's document has more ACLs."""
    for rule in rules:
        yaml = Yaml(text, path, template=True, document=_with_content(text, path, number))
        if not yaml.has(ACLS):
            raise cannot(path, "the user has no list of ACLs")
        operations = ", ".join(_camel(each) for each in rule.operations)
        pattern = "prefix" if rule.prefix else "literal"
        resource = f"{{type: {rule.resource}, name: {scalar(rule.name)}, patternType: {pattern}}}"
        text = yaml.add_item(ACLS, _acl(rule), f"{{resource: {resource}, operations: [{operations}]}}")
    return text


def take_acl(text: str, path: str, number: int, rule: Rule) -> str:
    """Return a template in which a user's document lets it do less: these operations on this very resource.

    An ACL of which nothing is left goes, with what was said about it. Other ACLs that allow the same stay.
    """
    while True:
        yaml = Yaml(text, path, template=True, document=_with_content(text, path, number))
        acls = yaml.value(ACLS)
        for index, acl in enumerate(acls if isinstance(acls, list) else ()):
            found = rules_of({"spec": {"authorization": {"acls": [acl]}}})[0]
            same = (found.resource, found.name, found.prefix) == (rule.resource, rule.name, rule.prefix)
            taken = [n for n, each in enumerate(found.operations) if each in rule.operations]
            if found.deny or not same or not taken:
                continue
            if len(taken) == len(found.operations):
                text = cut.item(yaml, ACLS, index)
            else:
                text = cut.item(yaml, (*ACLS, str(index), "operations"), taken[0])
            break
        else:
            return text


def _with_content(text: str, path: str, number: int) -> int:
    if number >= len(documents(text, path, template=True)):
        raise cannot(path, "its documents cannot be told apart")
    return number


def grants(topic: str, may: Sequence[str], group: str) -> Iterator[Rule]:
    """Yield the ACLs that let a user read or write a topic, and no more than that."""
    operations = [each for each in ("read", "write") if each in may]
    yield Rule("topic", topic, tuple(operations))
    if "read" in may:
        yield Rule("group", group, ("read",))
