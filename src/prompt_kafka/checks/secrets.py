"""Where rendered objects use keys of secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prompt_kafka.checks.subject import CheckInput, Item, Path


@dataclass(frozen=True, slots=True)
class Use:
    """A key of a secret that an object names.

    Attributes
    ----------
    key
        Empty when the whole secret is taken.
    path
        Of the place in the object.
    """

    item: Item
    secret: str
    key: str
    path: Path
    optional: bool = False


def uses(subject: CheckInput) -> Iterator[Use]:
    """Yield every use in the application's objects."""
    having = {name for name, text in subject.texts.items() if "ecret" in text}
    for item in subject.items:
        if subject.texts and item.template not in having:
            continue
        for path, value in _mappings(item.manifest, ()):
            last = path[-1] if path else ""
            if last == "secretKeyRef" and value.get("name") and value.get("key"):
                optional = value.get("optional") is True
                yield Use(item, str(value["name"]), str(value["key"]), (*path, "key"), optional)
            elif last == "secretRef" and value.get("name"):
                yield Use(item, str(value["name"]), "", path)
            elif last == "secret" and (value.get("secretName") or value.get("name")):
                name = str(value.get("secretName") or value.get("name"))
                entries = value.get("items")
                if not isinstance(entries, list):
                    yield Use(item, name, "", path)
                    continue
                for number, each in enumerate(entries):
                    if isinstance(each, Mapping) and each.get("key"):
                        optional = value.get("optional") is True
                        yield Use(
                            item, name, str(each["key"]), (*path, "items", str(number), "key"), optional
                        )


def _mappings(value: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        yield path, value
        for key, each in value.items():
            yield from _mappings(each, (*path, str(key)))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _mappings(each, (*path, str(number)))
