"""Every rule finds what it is to find, with severity and line, and is silent about what is right."""

from __future__ import annotations

import pytest

from prompt_kafka.checks import ABOUTS, RULES, run
from tests.checks.subjects import CASES, load, subject

_CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['case']}")
    for path in sorted(CASES.glob("*.yaml"))
    for case in load(path.read_text())[0]
]


@pytest.mark.parametrize(("rule", "case"), _CASES)
def test_case(rule, case):
    found = [each for each in run(subject(case)) if each.id == rule]
    said = [f"{f.severity} {f.where}: {f.what}" for f in found]
    expected = case.get("expect", [])
    assert len(said) == len(expected), said
    for text, wanted in zip(said, expected, strict=True):
        severity, _, rest = wanted.partition(" ")
        assert text.startswith(severity), text
        assert rest in text, text
    for finding, new in zip(found, case.get("fixes", []), strict=False):
        assert getattr(finding.fix, "new", None) == new


def test_every_rule_has_a_bad_and_a_good_case():
    for about in ABOUTS:
        cases = load((CASES / f"{about.id}.yaml").read_text())[0]
        assert any(case.get("expect") for case in cases), about.id
        assert any(not case.get("expect") for case in cases), about.id


def test_rules_are_told_apart_and_explained():
    assert len({about.id for about in ABOUTS}) == len(RULES)
    for about in ABOUTS:
        assert about.why and about.source and about.mend
