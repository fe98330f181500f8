"""The environments of a tree as rows of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prompt_kafka.procedures.authoring.leaves import leaves
from prompt_kafka.procedures.environment_files import applications_of, files_of, values


@dataclass(frozen=True, slots=True)
class Row:
    """An environment in a list.

    Attributes
    ----------
    ours
        Which of the service's applications it has.
    others
        How many others.
    marks
        How many values are still to be filled in.
    """

    name: str
    fqdn: str
    ours: tuple[str, ...]
    others: int
    marks: int

    def as_json(self) -> dict[str, object]:
        """Return it as what JSON can hold."""
        return {
            "name": self.name,
            "fqdn": self.fqdn,
            "applications": list(self.ours),
            "others": self.others,
            "to_fill_in": self.marks,
        }


def listed(files: Mapping[str, str], environments: Iterable[str], service: tuple[str, ...]) -> list[Row]:
    """Return every environment with what a list says of it."""
    rows = []
    for name in environments:
        on = applications_of(files, name)
        text = files.get(values("", name), "")
        ours = tuple(each for each in service if each in on)
        fqdn = next((leaf.text for leaf in leaves(text, name) if leaf.path == ("fqdn",)), "")
        marks = sum(files[path].count(f"TODO(environment {name})") for path in files_of(files, name))
        rows.append(Row(name, fqdn, ours, len(on) - len(ours), marks))
    return rows
