"""Charts rendered in process, as the repository server of Argo CD renders them.

Everything that is planned or checked starts from what the chart *says*, so rendering must be quick, must need
no ``helm`` binary and no cluster, and must name the file and the line when a chart is wrong.

Not passed on, because the library takes no such options: the cluster's version and its API list
(``.Capabilities`` is Helm's default). ``lookup`` finds nothing, as in Argo CD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prompt_kafka.clients import documents
from prompt_kafka.clients.rendered import Dependency, Rendered, RenderError, Resource, Source

__all__ = [
    "Dependency",
    "RenderError",
    "Rendered",
    "Resource",
    "Source",
    "dependencies",
    "is_present",
    "lookup",
    "merge",
    "render",
    "set_values",
]

_PLACE = re.compile(r"([\w.+-]+(?:/[\w.+-]+)*/templates/[^\s:()\"]+):(\d+)")
_BARE_COMMA = re.compile(r"(?<!\\),")


def dependencies(chart: Path) -> tuple[Dependency, ...]:
    """The dependencies that a chart declares."""
    declared = documents.read(chart / "Chart.yaml").get("dependencies") or []
    keys = ("name", "version", "repository", "alias", "condition")
    return tuple(Dependency(**{k: str(each.get(k) or "") for k in keys}) for each in declared)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge values as Helm does: maps merge, everything else is replaced, an explicit null stays."""
    merged = dict(base)
    for key, value in over.items():
        before = merged.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(before, value) if both else value  # type: ignore[arg-type]
    return merged


def lookup(values: Mapping[str, Any], path: str, empty: Any = None) -> Any:
    """Follow a dotted path; None where it leads nowhere, `empty` where there is no path."""
    found: Any = values if path else empty
    for part in path.split(".") if path else ():
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def set_values(parameters: Mapping[str, str], *, strings: bool = False) -> dict[str, Any]:
    """Read ``--set`` (or ``--set-string``) parameters, their commas escaped as Argo CD does."""
    helm = documents.library()
    text = ",".join(f"{name}=" + _BARE_COMMA.sub(r"\\,", value) for name, value in parameters.items())
    try:
        found: dict[str, Any] = (helm.parse_set_string_values if strings else helm.parse_set_string)(text)
    except helm.HelmError as error:
        raise RenderError(f"Helm cannot read the parameters {sorted(parameters)}: {_flat(error)}") from None
    return found


def render(
    chart: Path,
    *,
    release: str,
    namespace: str,
    value_files: Sequence[Path],
    parameters: Mapping[str, str],
    values: Mapping[str, Any] | None = None,
    string_parameters: Mapping[str, str] | None = None,
    crds: bool = True,
    origin: Path | None = None,
) -> Rendered:
    """Render a chart.

    Parameters
    ----------
    chart
        Folder of the chart.
    release, namespace
        The release's name and namespace.
    value_files
        Values files, later ones win. The chart's own defaults are always beneath them.
    parameters
        ``--set`` parameters; they win over everything.
    values
        Values given in line; they win over the files.
    string_parameters
        Parameters that stay text (``--set-string``).
    crds
        Whether what is in ``crds/`` belongs to the result, as in Argo CD.
    origin
        The folder to name in errors, where `chart` is a copy of it.

    Raises
    ------
    RenderError
        The chart does not render; names template and line.
    DocumentError
        A values file is missing or is not YAML; names file and line.
    """
    helm = documents.library()
    given: dict[str, Any] = {}
    for path in value_files:
        given = merge(given, documents.read(path))
    for more in (
        values,
        parameters and set_values(parameters),
        set_values(string_parameters or {}, strings=True),
    ):
        given = merge(given, more or {})
    origin = origin or chart
    declared = dependencies(chart)
    try:
        # Rendering changes a handle (a disabled subchart is gone for good), so each render loads its own.
        with helm.Chart.load(chart) as loaded:
            effective: dict[str, Any] = merge(loaded.values or {}, given)
            texts = loaded.render(given, name=release, namespace=namespace)
            more_texts = (loaded.crds if crds else None) or []
            own_name = loaded.name
    except helm.HelmError as error:
        raise _not_rendered(origin, error) from None
    inside = {path.removeprefix(f"{own_name}/"): text for path, text in sorted(texts.items())}
    inside = {path: text for path, text in inside.items() if not path.endswith("NOTES.txt")}
    definitions = {each["filename"].removeprefix(f"{own_name}/"): each["data"] for each in more_texts}
    everything = {**definitions, **inside}
    skipped = tuple(each for each in declared if _skipped(chart, each, effective))
    try:
        resources = tuple(
            each for path, text in everything.items() for each in _resources(origin, path, text)
        )
    except RenderError as error:
        if skipped and not error.next:
            absent = ", ".join(f"{each.name} {each.version}" for each in skipped)
            error.next = f"{absent} is absent from charts/, and its defaults with it: that may be why"
        raise
    return Rendered(resources, skipped, everything, effective)


def is_present(chart: Path, dependency: Dependency) -> bool:
    """Whether a dependency lies in the chart's ``charts/`` folder, unpacked or as an archive."""
    folder = chart / "charts"
    return (folder / dependency.name).is_dir() or any(folder.glob(f"{dependency.name}-[0-9]*.tgz"))


def _skipped(chart: Path, dependency: Dependency, values: Mapping[str, Any]) -> bool:
    if not dependency.remote or is_present(chart, dependency):
        return False
    return lookup(values, dependency.condition) is not False


def _resources(chart: Path, template: str, text: str) -> Iterator[Resource]:
    for line, document in documents.split(text):
        source = Source(template, line)
        try:
            manifest = documents.parse(document)
        except documents.DocumentError as error:
            at = line + (error.line or 1) - 1
            raise RenderError(
                f"what the template renders is not a Kubernetes object: {error.what}",
                where=f"{chart / template}, line {at} of the rendered text",
                next=f"look at the rendered line: {_line(text, at)!r}",
            ) from None
        for each in manifest["items"] if _is_list(manifest) else [manifest]:
            _check_object(chart, source, each)
            yield Resource(each, source)


def _is_list(manifest: Mapping[str, Any]) -> bool:
    return str(manifest.get("kind", "")).endswith("List") and isinstance(manifest.get("items"), list)


def _check_object(chart: Path, source: Source, manifest: Any) -> None:
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    named = isinstance(metadata, dict) and (metadata.get("name") or metadata.get("generateName"))
    if not (named and manifest.get("kind") and manifest.get("apiVersion")):
        raise RenderError(
            "the template renders a document without apiVersion, kind or metadata.name",
            where=f"{chart / source.template}, line {source.line} of the rendered text",
        )


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _flat(error: Exception) -> str:
    return " ".join(str(error).split())


def _not_rendered(chart: Path, error: Exception) -> RenderError:
    """Turn Helm's message into ours: the innermost template and line is where to look."""
    message = _flat(error)
    places = [(path.split("/", 1)[1], line) for path, line in _PLACE.findall(str(error))]
    if not places:
        return RenderError(f"Helm cannot render the chart: {message}", where=str(chart))
    (path, line), outer = places[-1], places[0]
    where = f"{chart / path}:{line}"
    if outer != (path, line):
        where += f" (called from {outer[0]}:{outer[1]})"
    return RenderError(
        f"the chart does not render: {message}", where=where, next="mend the template or its values"
    )
