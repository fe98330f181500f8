"""What a check says: a finding, with where it is, why it matters, who says so and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: an error does not work, a warning will bite, an info is to be known."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Return a number that is smaller the worse it is."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file of the repository.

    Attributes
    ----------
    file
        Path below the top of the repository.
    line
        From 1; 0 where only the file is known.
    """

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class About:
    """What a rule is, the same for all its findings.

    Attributes
    ----------
    id
        In kebab case, stable: baselines name it.
    title
        What is wrong, in general.
    why
        Why it matters.
    source
        Who says so: a document, a source file, a decision of this project.
    mend
        How it is mended.
    fixes
        Whether ``--fix`` can do it.
    """

    id: str
    severity: Severity
    title: str
    why: str
    source: str
    mend: str
    fixes: bool = False

    def found(
        self,
        what: str,
        where: Place,
        *,
        subject: str = "",
        severity: Severity | None = None,
        mend: str = "",
        fix: Fix | None = None,
    ) -> Finding:
        """Return a finding of this rule."""
        return Finding(self, severity or self.severity, what, where, subject, mend or self.mend, fix)


@dataclass(frozen=True, slots=True)
class SetScalar:
    """An edit: another plain value at a path of a YAML file.

    Attributes
    ----------
    old
        The text of the value as it was seen; with another one there the edit is not made.
    """

    file: str
    path: tuple[str, ...]
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class AddReadmeRow:
    """An edit: a row more in the table of values of a README."""

    file: str
    key: str
    type: str
    default: str
    description: str


Fix = SetScalar | AddReadmeRow


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong at one place.

    Attributes
    ----------
    about
        Its rule.
    what
        What is wrong here, one sentence.
    subject
        The object it is about, as ``Kind/name``, where it is about one.
    fix
        The edit that mends it, where there is a safe one.
    """

    about: About
    severity: Severity
    what: str
    where: Place
    subject: str
    mend: str
    fix: Fix | None = None

    @property
    def id(self) -> str:
        """Name of its rule."""
        return self.about.id

    @property
    def fingerprint(self) -> tuple[str, str, str]:
        """What it is recognised by when lines have moved."""
        return self.id, self.where.file, self.what
