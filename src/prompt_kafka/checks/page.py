"""The catalogue of the rules as a page of the documentation, written from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_kafka.checks.finding import About

_HEAD = """# Checks

`prompt-kafka check [PATH]` renders every application that has Strimzi's resources, for every environment of a
repository in Phalanx's layout, and applies these rules. An application without such resources that names a
cluster's Service or Secret is rendered too, and what it refers to is looked up. A rule is silent about what
it cannot see; `check` lists that under *not looked at*.

```
prompt-kafka check                                   # the repository in service.yaml, else the shipped charts
prompt-kafka check ~/phalanx -e usdfprod-prompt-processing --application prompt-kafka
prompt-kafka check ~/phalanx -o sarif > check.sarif  # also text, json, yaml, markdown
prompt-kafka check ~/phalanx --baseline known.json --write-baseline   # accept what is there today
prompt-kafka check ~/phalanx --baseline known.json --exit-code        # 1: an error, 3: a warning, 0: neither
prompt-kafka check --fix                             # make the edits that are safe
```

An edit of `--fix` keeps every other byte of the file. A finding in a baseline is recognised by rule,
application, file and text, not by its line. Renderings are kept in the cache by the content that they came
from. A chart that does not end within 20 s, or takes more than 4 GiB, is stopped and reported.

This page is written from the rules: `python -m prompt_kafka.checks.page > docs/checks.md`.
"""


def page(abouts: Iterable[About]) -> str:
    """Return the page."""
    parts = [_HEAD]
    for about in sorted(abouts, key=lambda each: each.id):
        fixes = "\n- `--fix` can do it where the edit is safe" if about.fixes else ""
        parts.append(
            f"## {about.id}\n\n{about.title} ({about.severity}).\n\n"
            f"- why: {about.why}\n- says: {about.source}\n- mend: {about.mend}{fixes}\n"
        )
    return "\n".join(parts)


def main() -> None:
    """Write the page to standard output."""
    import sys

    from prompt_kafka.checks.catalogue import ABOUTS, UNREADABLE

    sys.stdout.write(page([UNREADABLE, *ABOUTS]))


if __name__ == "__main__":
    main()
