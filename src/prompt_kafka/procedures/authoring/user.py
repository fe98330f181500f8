"""Users in charts, as a whole change: a new one, other rights of one that is there, one that goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prompt_kafka.core.request_rights import UserRight
from prompt_kafka.core.rights import Rule, rules_of
from prompt_kafka.procedures.authoring import chart, cut, placing, subchart, users
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.tree import cannot, load


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user that is to be in the charts.

    Attributes
    ----------
    folder
        Of the application in the repository.
    subchart, about
        The subchart, and its description if it is new.
    cluster
        Name of the Kafka cluster.
    environments
        Where the subchart is to be on.
    purpose
        What the user is for; put above it.
    """

    folder: str
    subchart: str
    about: str
    cluster: str
    environments: tuple[str, ...]
    name: str
    rights: tuple[UserRight, ...]
    purpose: str = ""


def rules(user: str, rights: Sequence[UserRight]) -> tuple[Rule, ...]:
    """Return the ACLs that these rights are; who reads without a group named reads in one of its own name."""
    found: dict[tuple[str, str, bool], dict[str, None]] = {}
    for right in rights:
        wanted: dict[str, None] = {each: None for each in ("read", "write") if each in right.may}
        found.setdefault(("topic", *pattern(right.topic)), {}).update(wanted)
        if "read" in right.may:
            found.setdefault(("group", *pattern(right.group or user)), {}).update({"read": None})
    return tuple(Rule(kind, name, tuple(may), prefix) for (kind, name, prefix), may in found.items())


def pattern(name: str) -> tuple[str, bool]:
    """Return a name as an ACL has it, and whether it is a prefix: ``x*`` is one, ``*`` alone is any."""
    return (name[:-1], True) if name.endswith("*") and name != "*" else (name, False)


def said(rules: Sequence[Rule]) -> str:
    """Return a comment that says what these ACLs are for."""
    phrases = [
        f"{' and '.join(f'{each}s' for each in rule.operations)} {rule.name}{'*' if rule.prefix else ''}"
        for rule in rules
        if rule.resource == "topic"
    ]
    text = ", ".join(phrases) or "may do nothing yet"
    return f"{text[:1].upper()}{text[1:]}."


def create(files: Mapping[str, str], new: NewUser) -> dict[str, str]:
    """Return the new text of each file that changes.

    Raises
    ------
    RefusedError
        ``cannot-edit``, ``unknown-environment``.
    """
    how = subchart.conventions(files, new.folder, new.folder.rpartition("/")[2])
    draft = dict(files)
    base = f"{new.folder}/charts/{new.subchart}"
    if f"{base}/Chart.yaml" not in draft:
        made = subchart.without_topics(new.subchart, new.about, new.cluster)
        draft.update({f"{base}/{path}": text for path, text in made.items()})
    wanted = rules(new.name, new.rights)
    comment = new.purpose.rstrip(".") + "." if new.purpose else said(wanted)
    path = f"{base}/{how.users_file}"
    document = users.document(new.name, wanted, comment, how)
    draft[path] = users.add_document(draft.get(path, ""), document)
    secrets = f"{new.folder}/secrets.yaml"
    switch = f"{new.subchart}.enabled" if placing.switched(draft, new) else ""
    about = f"Password of the Kafka user {new.name}. {comment}"
    draft[secrets] = chart.add_secret(
        draft.get(secrets, ""), secrets, users.password_key(new.name), about, switch
    )
    placing.place(draft, new, subchart.cluster_rows(new.cluster, f"{new.subchart}."))
    return {path: text for path, text in draft.items() if files.get(path) != text}


def there(files: Mapping[str, str], new: NewUser) -> bool:
    """Return whether the subchart has a document of the user already, and was off where it was rendered."""
    found = users.where(files, new.folder, new.name)
    return found is not None and found[0].startswith(f"{new.folder}/charts/{new.subchart}/")


def switched_on(files: Mapping[str, str], new: NewUser) -> dict[str, str]:
    """Return the files in which the subchart is on where it is wanted."""
    draft = dict(files)
    placing.place(draft, new, ())
    return {path: text for path, text in draft.items() if files.get(path) != text}


def alter(text: str, path: str, number: int, grant: Sequence[Rule], revoke: Sequence[Rule]) -> str:
    """Return a template in which a user's document allows more, or less.

    A comment that the runbook wrote, which only says what the ACLs are, follows them.
    """
    before = rules_of(load(text, path, template=True)[number])
    for rule in revoke:
        text = users.take_acl(text, path, number, rule)
    text = users.add_acls(text, path, number, grant)
    after = rules_of(load(text, path, template=True)[number])
    line = f"# {said(before)}\n"
    return text.replace(line, f"# {said(after)}\n") if text.count(line) == 1 else text


def delete(files: Mapping[str, str], folder: str, user: str) -> dict[str, str | None]:
    """Return the files without a user and without the key of its password.

    Raises
    ------
    RefusedError
        It cannot be taken out without touching something else (``cannot-edit``).
    """
    found = users.where(files, folder, user)
    if found is None:
        raise cannot(folder, f"a template makes the user {user}, and its name stands nowhere")
    path, number = found
    edits: dict[str, str | None] = {path: cut.document(files[path], path, number)}
    secrets, key = f"{folder}/secrets.yaml", users.password_key(user)
    if secrets in files and Yaml(files[secrets], secrets).has((key,)):
        others = "\n".join(
            edits.get(name, text) or ""
            for name, text in files.items()
            if name.startswith(f"{folder}/") and "/templates/" in name
        )
        if key not in others:
            edits[secrets] = cut.entry(Yaml(files[secrets], secrets), (), key)
    return edits
