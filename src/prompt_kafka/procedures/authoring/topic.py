"""The whole change that a new topic is: texts of an application's files in, texts that change out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.request import Grant
from prompt_kafka.core.rights import allowed, rules_of
from prompt_kafka.procedures.authoring import chart, placing, subchart, users
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.subchart import Topic
from prompt_kafka.procedures.authoring.tree import load
from prompt_kafka.procedures.authoring.users import Conventions


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be in the charts.

    Attributes
    ----------
    folder
        Of the application in the repository.
    about
        Description of the subchart, if it is new.
    cluster
        Name of the Kafka cluster.
    environments
        Where the subchart is to be on.
    """

    folder: str
    subchart: str
    about: str
    topic: Topic
    cluster: str
    grants: tuple[Grant, ...]
    environments: tuple[str, ...]


def author(files: Mapping[str, str], wanted: Wanted) -> dict[str, str]:
    """Return the new text of each file that changes; nothing where all is there already.

    Raises
    ------
    RefusedError
        By the rules ``cannot-edit``, ``name-clash`` (the topic is there with other settings) and
        ``unknown-environment``.
    """
    how = subchart.conventions(files, wanted.folder, wanted.folder.rpartition("/")[2])
    draft = dict(files)
    _topic(draft, wanted, how)
    for grant in wanted.grants:
        _user(draft, wanted, grant, how)
    placing.place(draft, wanted, subchart.rows(wanted.cluster, f"{wanted.subchart}."))
    return {path: text for path, text in draft.items() if files.get(path) != text}


def inside(wanted: Wanted, path: str = "") -> str:
    """Return the path of a subchart's file in the repository."""
    return f"{wanted.folder}/charts/{wanted.subchart}/{path}"


def _topic(draft: dict[str, str], wanted: Wanted, how: Conventions) -> None:
    """Put the topic where the subchart has its topics: in lists of values, else in a template of its own.

    Lists are replaced as a whole: an environment that lists topics must list this one too.
    """
    if inside(wanted, "Chart.yaml") not in draft:
        made = subchart.new(wanted.subchart, wanted.about, wanted.topic, wanted.cluster, how)
        draft.update({inside(wanted, path): text for path, text in made.items()})
        return
    own = [(inside(wanted, "values.yaml"), ("topics",))]
    theirs = [
        (f"{wanted.folder}/values-{each}.yaml", (wanted.subchart, "topics")) for each in wanted.environments
    ]
    lists = [(path, at) for path, at in own + theirs if _has(draft, path, at)]
    complete = len(lists) > 0 and (_has(draft, *own[0]) or len(lists) == len(theirs))
    keys = {path: subchart.keys_of_topics(draft[path], path, at, wanted.topic) for path, at in lists}
    if complete and all(keys.values()) and _takes_name(draft, wanted):
        for path, at in lists:
            draft[path] = _listed(draft[path], path, at, wanted.topic, keys[path])
    else:
        path = inside(wanted, f"templates/topic-{wanted.topic.resource}.yaml")
        draft.setdefault(path, subchart.static(wanted.topic, how))


def _has(draft: Mapping[str, str], path: str, at: tuple[str, ...]) -> bool:
    return path in draft and Yaml(draft[path], path).has(at)


def _takes_name(draft: Mapping[str, str], wanted: Wanted) -> bool:
    """Return whether the subchart's list can say that the topic is called otherwise than its resource."""
    templates = (text for path, text in draft.items() if path.startswith(inside(wanted, "templates/")))
    return wanted.topic.resource == wanted.topic.name or any(".topicName" in text for text in templates)


def _listed(text: str, where: str, path: tuple[str, ...], topic: Topic, keys: frozenset[str]) -> str:
    yaml = Yaml(text, where)
    lines = topic.entry(keys)
    entry = load("\n".join(lines), where)[0]
    for each in yaml.value(path) or []:
        if not isinstance(each, dict) or each.get("name") != topic.resource:
            continue
        if all(each.get(key) == value for key, value in entry.items()):
            return text
        raise RefusedError(
            "name-clash",
            f"{where} has a topic {topic.resource} with other settings",
            where=where,
            next="choose another name, or change the settings of that topic",
        )
    return yaml.add_item(path, lines, subchart.flow(lines))


def _user(draft: dict[str, str], wanted: Wanted, grant: Grant, how: Conventions) -> None:
    rules = list(users.grants(wanted.topic.name, grant.may, grant.group or grant.user))
    found = users.where(draft, wanted.folder, grant.user)
    if found is not None:
        path, number = found
        has = rules_of(load(draft[path], path, template=True)[number])
        lacking = [r for r in rules if not set(r.operations) <= set(allowed(has, r.resource, r.name))]
        draft[path] = users.add_acls(draft[path], path, number, lacking)
        return
    may = " and ".join(f"{each}s" for each in ("read", "write") if each in grant.may).capitalize()
    document = users.document(grant.user, rules, f"{may} {wanted.topic.name}.", how)
    path = inside(wanted, how.users_file)
    draft[path] = users.add_document(draft.get(path, ""), document)
    secrets = f"{wanted.folder}/secrets.yaml"
    verbs = " and ".join(f"{each}s" for each in ("read", "write") if each in grant.may)
    about = f"Password of the Kafka user {grant.user}, which {verbs} the topic {wanted.topic.name}."
    switch = f"{wanted.subchart}.enabled" if placing.switched(draft, wanted) else ""
    draft[secrets] = chart.add_secret(
        draft.get(secrets, ""), secrets, users.password_key(grant.user), about, switch
    )
