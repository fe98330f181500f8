"""Roles, labels, order of headings, and contrast: an own check of every page that the tests can open."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.console.test_pages import survey

VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "line", "col"}
CSS = files("prompt_kafka.console").joinpath("static", "console.css").read_text()


class Page(HTMLParser):
    """A page's elements, with what names each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.labelled: set[str] = set()
        self.within_label: list[dict[str, str | None]] = []
        self.texts: dict[int, str] = {}
        self._stack: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "label" in self.open:
            self.within_label.append(given)
        self.found.append((tag, given))
        if tag == "label" and given.get("for"):
            self.labelled.add(str(given["for"]))
        if tag not in VOID:
            self.open.append(tag)
            self._stack.append(len(self.found) - 1)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open and self.open[-1] == tag, (tag, self.open[-4:])
        self.open.pop()
        self._stack.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        for index in self._stack:
            self.texts[index] = self.texts.get(index, "") + data


PATHS = (
    "/",
    "/runbook",
    "/runbook/restarting-kafka",
    "/change/topic/create",
    "/change/topic/create/plan?name=x",
    "/runs",
    "/topics",
    "/topics/butler-writer",
    "/topics/butler-writer/messages",
    "/groups",
    "/groups/butler-writer",
    "/users",
    "/windows",
    "/check",
    "/nowhere",
    "/sign-in",
)


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_well_formed_named_and_ordered(browser: TestClient, path: str) -> None:
    survey(browser)
    page = Page(browser.get(path).text)
    assert page.open == []
    tags = [tag for tag, _ in page.found]
    assert tags.count("main") == tags.count("h1") == 1
    assert "title" in tags[: tags.index("body")]
    assert dict(page.found)["html"]["lang"] == "en"
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    ids = [given["id"] for _, given in page.found if given.get("id")]
    assert len(ids) == len(set(ids)), [each for each in ids if ids.count(each) > 1]
    for index, (tag, given) in enumerate(page.found):
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            named = given.get("id") in page.labelled or given.get("aria-label") or given in page.within_label
            assert named, given
        if tag in ("button", "a", "summary"):
            assert page.texts.get(index, "").strip() or given.get("aria-label"), (tag, given)
        if tag == "th":
            assert given.get("scope") in ("col", "row") or "document" in str(page.found), given
        for name in ("aria-describedby", "aria-labelledby"):
            assert not given.get(name) or given[name] in ids, given
        if tag == "svg":
            assert given.get("role") == "img" and given.get("aria-label")


def _schemes() -> list[dict[str, str]]:
    blocks = re.findall(r":root\s*{(.*?)}", CSS, re.S)
    light, dark = (dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block)) for block in blocks)
    return [light, {**light, **dark}]


def _ratio(one: str, other: str) -> float:
    def light(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", _schemes(), ids=["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(scheme: dict[str, Any]) -> None:
    behind = ("back", "panel", "code-back")
    pairs = [(text, back) for text in ("text", "quiet", "accent", "good", "bad", "unsure") for back in behind]
    pairs += [(each, f"{each}-back") for each in ("accent", "good", "bad", "unsure")]
    pairs += [("text", f"{each}-back") for each in ("accent", "good", "bad", "unsure")]
    pairs += [("quiet", "accent-back"), ("on-accent", "accent"), ("back", "bad")]
    for text, back in pairs:
        assert _ratio(scheme[text], scheme[back]) >= 4.5, (text, back, _ratio(scheme[text], scheme[back]))


def test_colours_have_names_and_nothing_moves_for_who_wants_that_not() -> None:
    rest = re.sub(r":root\s*{.*?}", "", CSS, flags=re.S)
    assert len(set(re.findall(r"#[0-9a-f]{3,6}\b", rest))) <= 2  # the night's two
    assert "prefers-reduced-motion" in CSS
    assert ":focus-visible" in CSS
