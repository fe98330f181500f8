"""The README of each chart, made from Chart.yaml and the comments in values.yaml.

``# -- text`` above a setting describes it and ``# @default -- text`` replaces the default that is shown, as
in helm-docs, which Phalanx uses. ``python -m tests.deploy.readmes`` writes the files; a test compares them.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_kafka.clients import documents, gitops, helm

_KEY = re.compile(r"^(\s*)\"?([\w.-]+)\"?:(?:\s|$)")


@dataclass(frozen=True)
class Row:
    key: str
    type: str
    default: str
    description: str

    def __str__(self) -> str:
        return f"| {self.key} | {self.type} | {self.default} | {self.description} |"


def charts(deploy: Path) -> list[Path]:
    return sorted(path.parent for path in deploy.rglob("Chart.yaml"))


def readme(chart: Path) -> str:
    about = documents.read(chart / "Chart.yaml")
    parts = [f"# {about['name']}", about["description"]]
    if about.get("home"):
        parts.append(f"**Homepage:** <{about['home']}>")
    if about.get("sources"):
        parts.append("## Source Code")
        parts.append("\n".join(f"* <{source}>" for source in about["sources"]))
    rows = sorted(table(chart), key=lambda row: row.key)
    if rows:
        head = "| Key | Type | Default | Description |\n|-----|------|---------|-------------|"
        parts += ["## Values", "\n".join([head, *map(str, rows)])]
    return "\n\n".join(parts) + "\n"


def table(chart: Path) -> list[Row]:
    rows = {row.key: row for row in _own_rows(chart / "values.yaml")}
    for each in helm.dependencies(chart):
        subchart = chart / "charts" / each.name
        for row in table(subchart) if subchart.is_dir() else []:
            key = f"{each.values_key}.{row.key}"
            rows.setdefault(key, Row(key, row.type, row.default, row.description))
    return list(rows.values())


def _own_rows(path: Path) -> list[Row]:
    values = documents.read(path)
    rows, documented = [], set[str]()
    description: list[str] = []
    default = ""
    parents: list[tuple[int, str]] = []
    for line in path.read_text().splitlines():
        text = line.strip()
        if text.startswith("# -- "):
            description, default = [text[5:]], ""
        elif text.startswith("# @default -- "):
            default = text[14:]
        elif text.startswith("#") and description:
            description.append(text[1:].strip())
        elif (match := _KEY.match(line)) and not text.startswith("#"):
            indent = len(match[1])
            parents = [*(each for each in parents if each[0] < indent), (indent, match[2])]
            keys = [key for _, key in parents]
            found, value = _follow(values, keys)
            inside = any(".".join(keys[:n]) in documented for n in range(1, len(keys)))
            if found and (description or not (inside or isinstance(value, dict))):
                key = ".".join(keys)
                documented.add(key)
                shown = default or f"`{json.dumps(value, separators=(',', ':'))}`"
                rows.append(Row(key, _type(value), shown, " ".join(description)))
            description, default = [], ""
        else:
            description, default = [], ""
    return rows


def _follow(values: Any, keys: list[str]) -> tuple[bool, Any]:
    for key in keys:
        if not isinstance(values, dict) or key not in values:
            return False, None
        values = values[key]
    return True, values


def _type(value: Any) -> str:
    names = {str: "string", bool: "bool", int: "int", float: "float", list: "list", dict: "object"}
    return names.get(type(value), "string")


if __name__ == "__main__":
    for folder in charts(gitops.shipped()):
        (folder / "README.md").write_text(readme(folder))
        print(folder / "README.md")
