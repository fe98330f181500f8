"""A subchart's place in its application: dependency, switch, README, and the environments that have it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.procedures.authoring import chart, readme
from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.tree import cannot


class Placed(Protocol):
    """What says which subchart is meant, and where it is to be on."""

    @property
    def folder(self) -> str:
        """The application's folder in the repository."""

    @property
    def subchart(self) -> str:
        """Its folder under ``charts/``."""

    @property
    def about(self) -> str:
        """Description, if it is new."""

    @property
    def environments(self) -> tuple[str, ...]:
        """Where it is to be on."""


def switched(draft: Mapping[str, str], wanted: Placed) -> bool:
    """Return whether the subchart has a switch, or will have one."""
    path = f"{wanted.folder}/Chart.yaml"
    for each in Yaml(draft[path], path).value(("dependencies",)) or []:
        if isinstance(each, dict) and each.get("name") == wanted.subchart:
            condition = str(each.get("condition") or "")
            if condition not in ("", f"{wanted.subchart}.enabled"):
                raise cannot(path, f"the switch of {wanted.subchart} is {condition}")
            return bool(condition)
    return True


def place(draft: dict[str, str], wanted: Placed, inherited: Sequence[readme.Row]) -> None:
    """Declare the subchart with a switch where it has none, and switch it on where it is wanted.

    Parameters
    ----------
    inherited
        Rows of its settings in the parent's README, for a new one.
    """
    folder, name = wanted.folder, wanted.subchart
    about, values = f"{folder}/Chart.yaml", f"{folder}/values.yaml"
    if about not in draft or values not in draft:
        raise cannot(folder, "it is not a chart with values.yaml")
    siblings = chart.dependencies(draft[about], about)
    if not switched(draft, wanted):
        return
    if wanted.subchart not in siblings:
        said = f"Whether {wanted.about[:1].lower()}{wanted.about[1:]} are there"
        draft[about] = chart.add_dependency(draft[about], about, name)
        draft[values] = chart.add_switch(draft[values], values, name, said, siblings)
        _readme(draft, wanted, said, siblings, inherited)
    default = chart.is_on(draft[values], values, name)
    for environment in wanted.environments:
        path = f"{folder}/values-{environment}.yaml"
        if path not in draft:
            raise RefusedError(
                "unknown-environment",
                f"{folder} has no values for the environment {environment}",
                where=path,
                next="add the file, or name another environment",
            )
        here = chart.is_on(draft[path], path, name)
        # Without a default Helm leaves a subchart on.
        if not (default is not False if here is None else here):
            draft[path] = chart.enable(draft[path], path, name)


def _readme(
    draft: dict[str, str], wanted: Placed, said: str, siblings: list[str], inherited: Sequence[readme.Row]
) -> None:
    path = f"{wanted.folder}/README.md"
    text = draft.get(path)
    if text is None:
        return
    own = readme.Row(f"{wanted.subchart}.enabled", "bool", "`false`", said)
    listed = readme.keys(text)
    documented = any(
        key.startswith(f"{each}.") and key != f"{each}.enabled" for key in listed for each in siblings
    )
    draft[path] = readme.with_rows(text, [own], inherited if documented else [])
