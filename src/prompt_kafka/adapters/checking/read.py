"""An environment's applications as the rules look at them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from prompt_kafka.adapters.checking import cache, files, guard, operators, survey, trials
from prompt_kafka.adapters.checking.secrets import secrets
from prompt_kafka.checks.catalogue import UNREADABLE, run
from prompt_kafka.checks.finding import Finding, Place
from prompt_kafka.checks.rules import references
from prompt_kafka.checks.subject import Chart, CheckInput, Item, Neighbour
from prompt_kafka.clients import helm
from prompt_kafka.clients.gitops import Repository
from prompt_kafka.core.errors import PromptKafkaError

WORD = "strimzi.io"
SCHEMAS = "schemas"
"""Told as the name of what is being done while the operator's schemas are looked up."""

_TRACKING = re.compile(r"resourceTrackingMethod:\s*[\"']?([\w+]+)")
_AT = re.compile(r"^(?P<file>.*?)(?::(?P<line>\d+)|, line (?P<rendered>\d+) of .*)?(?: \(.*\))?$")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of an application in an environment.

    Attributes
    ----------
    unseen
        What could not be looked at, and why.
    whole
        Every rule was applied; else only what it refers to was looked up.
    """

    environment: str
    application: str
    findings: tuple[Finding, ...]
    unseen: tuple[str, ...] = ()
    whole: bool = True


def concerned(top: Path) -> tuple[str, ...]:
    """Return the applications that may have Strimzi's resources, and those that refer to them."""
    return tuple(name for name, each in survey.survey(top).items() if each.strimzi or each.refers)


def environment(
    top: Path,
    name: str,
    applications: tuple[str, ...] = (),
    broken: tuple[str, ...] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> list[Checked]:
    """Check an environment.

    Parameters
    ----------
    applications
        Which of its applications are judged; all that have Strimzi's resources when empty.
    broken
        Applications that are not rendered, because that did not end.
    tell
        Told the name of each application before it is rendered.
    """
    repository = Repository(top)
    tell("environments")
    if found := _parent(top):
        return [Checked(name, "environments", found)]
    try:
        parent = repository.app_of_apps(name, "https://example.org/repository.git", "HEAD")
        described = {each.name: each.manifest for each in parent.of("Application")}
    except PromptKafkaError as error:
        return [Checked(name, "environments", (_unreadable(error, top, {}),))]
    present = {
        each: manifest for each, manifest in described.items() if (top / "applications" / each).is_dir()
    }
    namespaces = {
        each: str(manifest["spec"]["destination"].get("namespace") or "")
        for each, manifest in present.items()
    }
    settings = repository.environment(name)
    tell(SCHEMAS)
    operator, unseen = operators.operator(repository, settings, namespaces)
    inputs: list[CheckInput] = []
    referring: list[CheckInput] = []
    failed: list[Checked] = []
    for application in (each for each in concerned(top) if each in present):
        tell(application)
        if application in broken:
            continue
        subject = _application(repository, application, name, present[application], tell)
        if isinstance(subject, Checked) and survey.survey(top)[application].strimzi:
            failed.append(subject)
        elif isinstance(subject, Checked):
            unseen.append(f"what {application} refers to: {subject.findings[0].what}")
        elif any(_strimzis(item) for item in subject.items):
            inputs.append(subject)
        else:
            referring.append(subject)
    neighbours = tuple(
        Neighbour(subject.application, subject.namespace_of(item), item)
        for subject in inputs
        for item in subject.items
        if _strimzis(item)
    )
    named = survey.groups(top, name, frozenset(present))
    revisions: Mapping[str, Any] = settings.values.get("revisions") or {}
    checked = []
    for subject in inputs:
        if applications and subject.application not in applications:
            continue
        tell(subject.application)
        more = list(unseen)
        if revisions.get(subject.application):
            more.append(
                f"{subject.application} is pinned to {revisions[subject.application]}: not what is here"
            )
        complete = replace(
            subject,
            operator=operator,
            neighbours=neighbours,
            groups=named,
            whole=not failed and not broken,
            label_tracking=_tracking(top),
            unseen=tuple(more),
        )
        checked.append(Checked(name, subject.application, run(complete), complete.unseen))
    for subject in referring:
        if applications and subject.application not in applications:
            continue
        complete = replace(subject, neighbours=neighbours, whole=not failed and not broken)
        if found := tuple(references.find(complete)):
            checked.append(Checked(name, subject.application, found, whole=False))
    return [*(each for each in failed if not applications or each.application in applications), *checked]


def _strimzis(item: Item) -> bool:
    return WORD in str(item.manifest.get("apiVersion")) or item.kind == "StrimziSchemaRegistry"


def _application(
    repository: Repository,
    application: str,
    environment: str,
    manifest: Mapping[str, Any],
    tell: Callable[[str], None],
) -> CheckInput | Checked:
    top = repository.path
    folders: Mapping[str, Path] = {}
    try:
        wrong, folders, texts, charts = _sources(top, application)
        if wrong:
            return Checked(environment, application, wrong)
        key = files.digest(texts, environment, manifest, cache.code())
        namespace = str(manifest["spec"]["destination"].get("namespace") or "")
        subject = CheckInput(
            environment, application, namespace, f"applications/{application}", files=texts, charts=charts
        )
        stored = cache.load(key)
        if stored is None:
            rendered = repository.render_application(manifest)
            subject = replace(
                subject,
                items=tuple(
                    Item(each.manifest, each.source.template, each.source.line) for each in rendered.resources
                ),
                values=helm.merge(files.defaults(charts), rendered.values),
                texts=rendered.texts,
            )
            if any(_strimzis(each) for each in subject.items):
                unread, failures = trials.trials(
                    repository, manifest, subject, rendered, lambda: tell(application)
                )
                subject = replace(subject, unread=unread, failures=failures)
            cache.store(key, subject)
        else:
            subject = cache.restored(subject, stored)
        return replace(
            subject,
            secrets=secrets(repository, application, environment, texts),
            vault_secret=_vault_secret(subject.items, application),
        )
    except PromptKafkaError as error:
        return Checked(environment, application, (_unreadable(error, top, folders),))


@lru_cache(maxsize=128)
def _sources(
    top: Path, application: str
) -> tuple[tuple[Finding, ...], Mapping[str, Path], Mapping[str, str], tuple[Chart, ...]]:
    """Return what is wrong with an application's files; else its folders, texts and charts."""
    repository = Repository(top)
    wrong = list(guard.look(top / "applications" / application, top))
    if wrong:
        return tuple(wrong), {}, {}, ()
    folders = files.roots(repository, application)
    for inside, folder in folders.items():
        wrong += guard.look(folder, top.resolve()) if inside else []
    if wrong:
        return tuple(wrong), folders, {}, ()
    return (), folders, files.texts(folders), files.charts(repository, application, folders)


@lru_cache(maxsize=4)
def _parent(top: Path) -> tuple[Finding, ...]:
    return tuple(guard.look(top / "environments", top))


def _vault_secret(items: Iterable[Item], application: str) -> str:
    """Return the Secret that has the application's keys under the names that they have in Vault."""
    for item in items:
        whole = item.kind == "VaultSecret" and not item.spec.get("templates")
        if whole and str(item.spec.get("path") or "").endswith(f"/{application}"):
            return item.name
    return ""


@lru_cache(maxsize=4)
def _tracking(top: Path) -> bool | None:
    for path in sorted(top.glob("applications/argo*/values.yaml")):
        found = _TRACKING.search(path.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[1].startswith("label")
    return None


def _unreadable(error: PromptKafkaError, top: Path, folders: Mapping[str, Path]) -> Finding:
    """Turn an error of reading or rendering into a finding at its file and line."""
    match = _AT.match((error.where or "").strip())
    file, line = (match["file"], int(match["line"] or 0)) if match else (error.where or "", 0)
    try:
        file = str(Path(file).relative_to(top)) if file else "."
    except ValueError:
        try:
            file = str(Path(file).relative_to(top.resolve()))
        except ValueError:
            pass
    for inside, folder in folders.items():
        own = folders[""].relative_to(top)
        if inside and file.startswith(f"{own}/{inside}/"):
            file = str(folder.relative_to(top.resolve())) + file[len(f"{own}/{inside}") :]
    rendered = f" (line {match['rendered']} of what it renders)" if match and match["rendered"] else ""
    return UNREADABLE.found(error.what + rendered, Place(file, line), mend=error.next or "")
