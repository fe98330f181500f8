"""What a new topic needs in an application's own files: dependency, switch, secret, and the README's rows."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from prompt_kafka.procedures.authoring.edit import Yaml
from prompt_kafka.procedures.authoring.tree import cannot

WIDTH = 115


def dependencies(text: str, where: str) -> list[str]:
    """Return the names under which a chart's values address its subcharts."""
    declared = Yaml(text, where).value(("dependencies",)) or []
    return [str(each.get("alias") or each.get("name")) for each in declared if isinstance(each, dict)]


def add_dependency(text: str, where: str, name: str) -> str:
    """Return Chart.yaml with a subchart more, which has a switch."""
    if name in dependencies(text, where):
        return text
    yaml = Yaml(text, where)
    body = [f"name: {name}", f"condition: {name}.enabled", "version: 1.0.0"]
    if not yaml.has(("dependencies",)):
        shift = " " * yaml.dash
        lines = [f"{shift}{'- ' if not n else '  '}{line}" for n, line in enumerate(body)]
        return yaml.add_entry((), ["dependencies:", *lines])
    return yaml.add_item(("dependencies",), body, "{" + ", ".join(body) + "}")


def add_switch(text: str, where: str, name: str, about: str, siblings: Sequence[str]) -> str:
    """Return values.yaml with a subchart's switch, off, after those of its siblings.

    Without the default Helm would leave the subchart on everywhere.
    """
    yaml = Yaml(text, where)
    shift = " " * yaml.indent
    switch = [f"# -- {about}", "enabled: false"]
    if yaml.has((name, "enabled")):
        return text
    if yaml.has((name,)):
        return yaml.add_entry((name,), switch)
    after = [key for key in yaml.names() if key in siblings]
    body = [f"{name}:", *(shift + line for line in switch)]
    return yaml.add_entry((), body, after=after[-1] if after else None, blank=True)


def enable(text: str, where: str, name: str) -> str:
    """Return an environment's values with a subchart's switch on."""
    yaml = Yaml(text, where)
    _, node = yaml.find((name, "enabled"))
    if node is not None:
        if yaml.value((name, "enabled")) is True:
            return text
        if node.nothing:
            raise cannot(where, f"{name}.enabled has no value", node.start[0])
        return yaml.set_scalar((name, "enabled"), "true")
    if yaml.has((name,)):
        return yaml.add_entry((name,), ["enabled: true"])
    return yaml.add_entry((), [f"{name}:", f"{' ' * yaml.indent}enabled: true"], blank=True)


def is_on(text: str | None, where: str, name: str) -> bool | None:
    """Return whether a values file says that a subchart is on; None where it does not say."""
    if text is None:
        return None
    value = Yaml(text, where).value((name, "enabled"))
    return value if isinstance(value, bool) else None


def add_secret(text: str, where: str, key: str, about: str, switch: str) -> str:
    """Return secrets.yaml with a password more, in the order of the alphabet where the file has it."""
    yaml = Yaml(text, where)
    if yaml.has((key,)):
        return text
    words = textwrap.wrap(about, WIDTH - 2 * yaml.indent, break_long_words=False, break_on_hyphens=False)
    shift = " " * yaml.indent
    body = [f"{key}:", f"{shift}description: >-", *(shift * 2 + line for line in words)]
    body += [f"{shift}if: {switch}"] if switch else []
    body += [f"{shift}generate:", f"{shift * 2}type: password"]
    names = yaml.names()
    ordered = names == sorted(names)
    before = [each for each in names if each < key] if ordered else []
    after = before[-1] if before and before[-1] != names[-1] else None
    return yaml.add_entry((), body, after=after, first=ordered and not before)
