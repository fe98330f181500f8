"""The Kafka version and the metadata level of one environment, changed in its values and rendered again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.core.changes import FileChange
from prompt_kafka.core.delivery import GitState
from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.versions import InvalidMetadataVersion, full_metadata
from prompt_kafka.procedures.authoring import values
from prompt_kafka.procedures.rendered import Manifest, Render, by_key, difference

VERSION, METADATA = "version", "metadataVersion"


@dataclass(frozen=True, slots=True)
class Charted:
    """What the charts say of one environment's Kafka, and how it is changed.

    Attributes
    ----------
    version, metadata
        ``spec.kafka.version`` and ``spec.kafka.metadataVersion`` as Git has them; empty where they are unset.
    files
        What is to be committed.
    """

    version: str
    metadata: str
    files: tuple[FileChange, ...] = ()


def charted(render: Render, here: str, cluster: str, edits: Mapping[str, str] | None = None) -> Charted:
    """Return what the charts say of a cluster."""
    spec = _spec(render(here, dict(edits or {})), cluster)
    return Charted(str(spec.get(VERSION) or ""), str(spec.get(METADATA) or ""))


def changed(
    git: GitState, render: Render, here: str, cluster: str, *, version: str, metadata: str
) -> Charted:
    """Return the charts of an environment with this version and this metadata level.

    Only the environment's own values file is edited, and only those two fields of its Kafka become different.

    Raises
    ------
    RefusedError
        ``metadata-not-pinned``, ``version-not-set``, ``cannot-edit``, ``unexpected-objects``.
    """
    before = charted(render, here, cluster)
    if not before.version:
        raise RefusedError(
            "version-not-set",
            "the charts name no Kafka version: the operator chooses it, and changes it when it is upgraded",
            where=f"{git.folder}/values-{here}.yaml",
            next="set spec.kafka.version to what runs now, and deploy that first",
        )
    file = f"{git.folder}/values-{here}.yaml"
    files = dict(git.files)
    edits: dict[str, str] = {}

    def seen(field: str) -> Any:
        return lambda more: str(_spec(render(here, {**edits, **more}), cluster).get(field) or "")

    paths = values.candidates(files, git.folder, here, VERSION, before.version)
    if before.version != version:
        path, more = values.driven(files, file, paths, version, seen(VERSION), f"spec.kafka.{VERSION}")
        edits |= more
        files |= more
        paths = [path]
    if not same_level(before.metadata, metadata):
        found = (
            values.candidates(git.files, git.folder, here, METADATA, before.metadata)
            if before.metadata
            else []
        )
        beside = [(*path[:-1], METADATA) for path in paths if path[-1] == VERSION]
        try:
            edits |= values.driven(
                files, file, [*found, *beside], metadata, seen(METADATA), f"spec.kafka.{METADATA}"
            )[1]
        except RefusedError as error:
            raise RefusedError(
                "metadata-not-pinned",
                f"the metadata level is not pinned, and the charts give no way to pin it to {metadata}: the "
                "operator would raise it by itself, and there would be no way back",
                where=error.where,
                next=f"have the template write spec.kafka.{METADATA} from a value beside the version",
            ) from None
    after = render(here, edits)
    _only_this(difference(render(here, {}), after).all, cluster, render(here, {}), after, file)
    return Charted(
        version,
        metadata,
        tuple(FileChange(path, git.files.get(path), text) for path, text in sorted(edits.items())),
    )


def same_level(one: str, other: str) -> bool:
    """Return whether two texts name the same metadata version; an empty one names none."""
    try:
        return bool(one and other) and full_metadata(one) == full_metadata(other)
    except InvalidMetadataVersion:
        return False


def _spec(manifests: tuple[Manifest, ...], cluster: str) -> Mapping[str, Any]:
    found = by_key(manifests).get(("Kafka", cluster))
    if found is None:
        raise RefusedError(
            "not-in-git",
            f"the charts make no Kafka {cluster}",
            next="correct `application` and `cluster` in service.yaml",
        )
    spec: Mapping[str, Any] = (found.get("spec") or {}).get("kafka") or {}
    return spec


def _only_this(
    different: tuple[tuple[str, str], ...],
    cluster: str,
    before: tuple[Manifest, ...],
    after: tuple[Manifest, ...],
    file: str,
) -> None:
    strangers = [f"{kind} {name}" for kind, name in different if (kind, name) != ("Kafka", cluster)]
    old, new = (_without(by_key(each).get(("Kafka", cluster)) or {}) for each in (before, after))
    if old != new:
        strangers.append(f"something else of Kafka {cluster}")
    if strangers:
        raise RefusedError(
            "unexpected-objects",
            f"the edited values would also change {', '.join(strangers[:3])}",
            where=file,
            next="make this change by hand",
        )


def _without(manifest: Manifest) -> dict[str, Any]:
    """Return a Kafka manifest without the two fields."""
    spec = dict(manifest.get("spec") or {})
    spec["kafka"] = {k: v for k, v in (spec.get("kafka") or {}).items() if k not in (VERSION, METADATA)}
    return {**manifest, "spec": spec}
