"""What ``check`` needs, put together: a repository, its environments, a baseline, edits that mend."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from prompt_kafka.adapters import config as service_yaml
from prompt_kafka.adapters.checking import workers
from prompt_kafka.adapters.checking.read import Checked
from prompt_kafka.checks.finding import AddReadmeRow, Finding, Fix
from prompt_kafka.clients.files import write_atomic
from prompt_kafka.clients.gitops import Repository, shipped
from prompt_kafka.core.errors import PromptKafkaError, UsageError
from prompt_kafka.procedures.authoring import readme
from prompt_kafka.procedures.authoring.edit import Yaml


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and where it was met.

    Attributes
    ----------
    environments
        In each of which the same is wrong at the same place.
    """

    finding: Finding
    application: str
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found.

    Attributes
    ----------
    pairs
        Environment and application, each that was judged.
    accepted
        How many findings the baseline accepts.
    unseen
        What could not be looked at and why, with the environments.
    """

    top: Path
    pairs: tuple[tuple[str, str], ...]
    found: tuple[Found, ...]
    accepted: int = 0
    unseen: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def count(self, severity: str) -> int:
        """Return how many findings have a severity."""
        return sum(each.finding.severity == severity for each in self.found)


def top_of(path: Path | None) -> Path:
    """Return the top of the repository that is meant: of a path in it, else of the shipped charts."""
    if path is None:
        return shipped()
    for folder in (path, *path.absolute().parents, path / "deploy"):
        if (folder / "environments" / "Chart.yaml").is_file() and (folder / "applications").is_dir():
            return folder
    return Repository(path).path


def configured(config: Path | None) -> Path | None:
    """Return the folder of the repository that service.yaml names, when it is one."""
    file = service_yaml.find(config)
    for environment in service_yaml.read(file).values() if file else ():
        folder = Path(environment.repository)
        if environment.repository and (folder / "environments" / "Chart.yaml").is_file():
            return folder
    return None


def check(
    top: Path,
    environments: tuple[str, ...] = (),
    applications: tuple[str, ...] = (),
    baseline: Path | None = None,
    *,
    patience: float = workers.PATIENCE_S,
) -> Report:
    """Check the applications that have Strimzi's resources.

    Raises
    ------
    UsageError
        An environment or application that the repository does not have.
    """
    repository = Repository(top)
    known, names = repository.environments(), list(environments)
    for name in names:
        if name not in known:
            raise UsageError(
                f"there is no environment {name}", where=str(top), next=f"known: {', '.join(known)}"
            )
    for name in applications:
        repository.chart(name)
    checked = [
        each
        for found in workers.check(top, names or known, applications, patience=patience)
        for each in found
    ]
    checked.sort(key=lambda each: (each.environment, each.application))
    accepted = _accepted(baseline)
    found, left_out = _merged(checked, accepted)
    pairs = tuple((each.environment, each.application) for each in checked if each.whole)
    return Report(top, pairs, found, left_out, _unseen(checked))


def write_baseline(report: Report, file: Path) -> int:
    """Write every finding into a baseline file: from then on they are accepted."""
    entries = [
        {"id": finding.id, "application": each.application, "file": finding.where.file, "what": finding.what}
        for each in report.found
        for finding in (each.finding,)
    ]
    entries.sort(key=lambda entry: tuple(entry.values()))
    write_atomic(file, json.dumps({"schema": 1, "accepted": entries}, indent=1) + "\n", mode=0o644)
    return len(entries)


def fix(report: Report) -> list[tuple[Finding, str]]:
    """Make the edits that are safe; return each with what came of it."""
    done: list[tuple[Finding, str]] = []
    for each in report.found:
        if each.finding.fix is None:
            continue
        file = report.top / each.finding.fix.file
        try:
            before = file.read_bytes().decode()
            after = edited(before, str(file), each.finding.fix)
        except PromptKafkaError as error:
            done.append((each.finding, f"not mended: {error.what}"))
            continue
        if after == before:
            done.append((each.finding, "not mended: the file has moved on"))
            continue
        write_atomic(file, after.encode(), mode=file.stat().st_mode & 0o777)
        done.append((each.finding, "mended"))
    return done


def edited(text: str, where: str, wanted: Fix) -> str:
    """Return a file's text with one edit; the same text where what was seen is no longer there."""
    if isinstance(wanted, AddReadmeRow):
        row = readme.Row(wanted.key, wanted.type, wanted.default, wanted.description)
        return readme.with_rows(text, [row])
    template = "/templates/" in where
    for number in range(len(text.splitlines()) if template else 1):
        document = Yaml(text, where, template=template, document=number)
        if document.root is None:
            break
        _, node = document.find(wanted.path)
        if node is not None and document.lines[node.start[0]][node.start[1] :].startswith(wanted.old):
            return document.set_scalar(wanted.path, wanted.new)
    return text


def _accepted(baseline: Path | None) -> set[tuple[str, str, str, str]]:
    if baseline is None or not baseline.exists():
        return set()
    try:
        data = json.loads(baseline.read_text(encoding="utf-8"))
        if data.get("schema") != 1:
            raise ValueError(f"schema {data.get('schema')!r}")
        return {(e["id"], e["application"], e["file"], e["what"]) for e in data["accepted"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"the baseline cannot be read: {error}",
            where=str(baseline),
            next="write it again with --write-baseline",
        ) from None


def _merged(
    checked: Iterable[Checked], accepted: set[tuple[str, str, str, str]]
) -> tuple[tuple[Found, ...], int]:
    places: dict[tuple[object, ...], tuple[Finding, str, dict[str, None]]] = {}
    left_out = set()
    for each in checked:
        for finding in each.findings:
            key = (finding.id, each.application, finding.where.file, finding.what)
            if key in accepted:
                left_out.add(key)
                continue
            same = (finding.id, finding.severity, finding.what, finding.where, each.application)
            places.setdefault(same, (finding, each.application, {}))[2][each.environment] = None
    found = [Found(finding, application, tuple(names)) for finding, application, names in places.values()]
    found.sort(key=lambda f: (f.finding.severity.rank, f.finding.id, str(f.finding.where), f.finding.what))
    return tuple(found), len(left_out)


def _unseen(checked: Iterable[Checked]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, dict[str, None]] = {}
    for each in checked:
        for said in each.unseen:
            found.setdefault(said, {})[each.environment] = None
    return tuple((said, tuple(names)) for said, names in found.items())
