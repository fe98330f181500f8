"""Windows, checks, topics, messages: shareable addresses, honest words, and nothing that a name can break."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from prompt_kafka.adapters.hours import compute
from prompt_kafka.cli.reads import CommandReads
from prompt_kafka.console import messages, topics, windows
from prompt_kafka.console.rendering import instant, page, query
from prompt_kafka.console.shared import Shared
from prompt_kafka.console.tree import MOST, tree
from prompt_kafka.core import who
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.hours_rules import SITES, Night, Operating
from prompt_kafka.core.kafka import Group, GroupLag
from prompt_kafka.core.service import Environment
from prompt_kafka.core.topic_look import PartitionLook, TopicLook, TopicsLook
from prompt_kafka.core.world import Seen, Unknown
from prompt_kafka.messages.decode import show
from prompt_kafka.targets import TargetOptions
from tests.worlds import NOW, healthy, topic

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
HERE = Path(__file__).parents[2]


def test_the_windows_are_a_picture_and_a_list_that_agree(browser: TestClient) -> None:
    text = browser.get("/windows?days=3").text
    data = browser.get("/api/v1/windows?days=3").json()
    assert text.count('<rect class="window"') == 3
    assert len(data["windows"]) >= 3
    for window in data["windows"]:
        assert window["begin"].partition("T")[0] in text
    assert browser.get("/windows?days=x&zone=site").status_code == 200
    assert browser.get("/windows?days=99999999").text.count('class="window"') == windows.MOST_DAYS


def test_a_night_is_drawn_where_it_is() -> None:
    hours = compute(Operating(Night(SITES["Cerro Pachón"])), NOW, timedelta(days=4))
    for zone in (UTC, ZoneInfo("America/Santiago")):
        rows = list(windows.rows(hours, NOW, 3, zone))
        assert [row.now is not None for row in rows] == [True, False, False]
        for row in rows:
            assert row.bars
            for bar in row.bars:
                assert windows.LEFT <= bar.x <= bar.x + bar.width <= windows.LEFT + windows.WIDTH + 0.2
        drawn = sum(bar.width for row in rows for bar in row.bars) / windows.WIDTH * 24
        assert drawn == pytest.approx(3 * 12.3, abs=2)


def test_checks_without_a_repository_say_what_to_do(browser: TestClient) -> None:
    assert "prompt-kafka check PATH" in browser.get("/check").text
    assert browser.get("/api/v1/check").json()["error"]["code"] == "usage"


def survey(browser: TestClient, **differences: Any) -> None:
    world = replace(healthy(), **differences)
    app: Any = browser.app
    seen = topics.Survey(world, who.users(world))
    object.__setattr__(app.state.desk, "survey", Shared(lambda: seen))
    at = int(NOW.timestamp() * 1000)
    looks = tuple(
        TopicLook(each, tuple(PartitionLook(p.index, 10, 30, 4096, 12288, 20, at) for p in each.partitions))
        for each in world.topics.known or ()
    )
    unknown = (world.topics.because,) if world.topics.because else ()
    object.__setattr__(app.state.desk, "listing", Shared(lambda: TopicsLook(looks, 300.0, unknown=unknown)))


def test_topics_and_groups_are_listed_with_who_reads_them(browser: TestClient) -> None:
    survey(browser)
    text = browser.get("/topics").text
    assert '<a href="/topics/butler-writer">' in text
    assert '<a href="/groups/butler-writer">' in text
    assert "canary" not in browser.get("/topics?name=BUTLER").text
    assert "2 must be in sync" in browser.get("/topics/butler-writer").text
    assert browser.get("/topics/none").status_code == 404
    assert "0.0 s behind" in browser.get("/groups/butler-writer").text
    assert browser.get("/topics?sort=size").status_code == browser.get("/topics?sort=x").status_code == 200
    assert browser.get("/groups/none").status_code == 404
    listed = browser.get("/api/v1/topics").json()["topics"]
    assert {each["name"] for each in listed} == {"butler-writer", "canary"}
    assert browser.get("/api/v1/groups").json()[0]["name"] == "butler-writer"
    assert browser.get("/api/v1/users").json() == []
    assert browser.get("/api/v1/nothing").status_code == 404


def test_what_could_not_be_seen_is_said_and_no_page_is_blank(browser: TestClient) -> None:
    unknown: Seen[Any] = Seen(Unknown("broker 3 is silent"), NOW)
    survey(browser, topics=unknown, groups=unknown)
    for path in ("/topics", "/topics/t", "/groups", "/groups/g"):
        assert "broker 3 is silent" in browser.get(path).text
    assert browser.get("/api/v1/groups").json()["error"]["what"] == "broker 3 is silent"


def test_names_are_text_and_nothing_else(browser: TestClient) -> None:
    groups = (Group(HOSTILE, "Stable", lags=(GroupLag(HOSTILE, 0, 1, 0, 9, 3.0),)),)
    survey(browser, topics=Seen((topic(HOSTILE),), NOW), groups=Seen(groups, NOW))
    for path in ("/topics", "/groups", f"/topics/{HOSTILE}", f"/groups/{HOSTILE}", f"/topics?name={HOSTILE}"):
        text = browser.get(path).text
        assert "<script>alert" not in text
        assert "<img" not in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/topic/alerts", "/topics/alerts"),
        ("/kafdrop/topic/alerts", "/topics/alerts"),
        (
            "/topic/alerts/messages?partition=2&offset=17&count=50",
            "/topics/alerts/messages?partitions=2&lower=17&count=50",
        ),
        (
            "/kafdrop/topic/alerts/messages?partition=0&offset=0&count=100&keyFormat=DEFAULT",
            "/topics/alerts/messages?partitions=0&lower=0&count=100",
        ),
        ("/topic/alerts/allmessages", "/topics/alerts/messages"),
        ("/broker/3", "/#nodes"),
        ("/kafdrop/broker/3", "/#nodes"),
        ("/kafdrop/", "/topics"),
    ],
)
def test_the_addresses_of_kafdrop_lead_to_the_page(browser: TestClient, old: str, new: str) -> None:
    answer = browser.get(old)
    assert answer.status_code == 301
    assert answer.headers["location"] == new


def test_an_old_address_leads_nowhere_else(browser: TestClient) -> None:
    for name in ("//evil.example.org", "..%2f..%2fevil", "%0d%0aset-cookie:x=1"):
        answer = browser.get(f"/topic/{name}")
        assert answer.headers.get("location", "/").startswith("/") and not answer.headers.get(
            "location", "/"
        ).startswith("//")
        assert "set-cookie" not in answer.headers


READS = CommandReads(TargetOptions(), Environment("lab"))


def test_an_address_is_read_as_the_command_line_is() -> None:
    asked = READS.asked(
        "alerts", {"partitions": "0\n2", "lower": "5", "grep": "a\nb", "count": "7", "follow": "1"}
    )
    assert asked.asking.partitions == (0, 2)
    assert asked.asking.wanted == 7
    assert asked.asking.forwards
    assert [text for _, text in asked.asking.filter.asked] == ["a", "b"]
    assert asked.budget.seconds == 10
    words = "--partition 0 --partition 2 --from 5 --count 7 --grep a --grep b -e lab"
    assert asked.line == f"prompt-kafka messages alerts {words}"


def test_a_mistake_of_ours_is_a_page_with_every_header(browser: TestClient) -> None:
    app: Any = browser.app
    object.__setattr__(app.state.desk, "listing", None)
    answer = browser.get("/topics")
    assert answer.status_code == 500
    assert "The console failed: AttributeError" in answer.text
    assert "content-security-policy" in answer.headers


def test_the_newest_hundred_are_the_usual_page_and_none_is_endless() -> None:
    assert READS.asked("alerts", {}).asking.wanted == 100
    assert not READS.asked("alerts", {}).asking.forwards
    assert READS.asked("alerts", {"count": "1000000"}).asking.wanted == 1000


@pytest.mark.parametrize(
    "values",
    [
        {"grep": "regex:("},
        {"where": "value."},
        {"lower": "soon"},
        {"partitions": "x"},
        {"token": "x"},
        {"budget": "x"},
    ],
)
def test_what_cannot_be_read_is_a_usage_error_on_the_page(
    browser: TestClient, values: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        READS.asked("alerts", values)
    answer = browser.get("/topics/alerts/messages", params=values)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_brokers_that_do_not_answer_are_named_and_the_form_stays(browser: TestClient) -> None:
    answer = browser.get("/topics/alerts/messages?grep=x")
    assert answer.status_code == 503
    assert 'value="x"' in answer.text
    assert 'role="alert"' in answer.text
    assert browser.get("/record/nonsense").status_code == 400


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=40)
@given(json_values)
def test_a_document_is_text_and_nothing_else(value: Any) -> None:
    drawn = str(tree(value))
    tags = set(re.findall(r"<(/?[^>\s]*)", drawn))
    assert tags <= {"span", "/span", "details", "/details", "summary", "/summary", "ul", "/ul", "li", "/li"}
    assert drawn.count("<details") == drawn.count("</details>")


def test_a_huge_or_deep_document_is_cut() -> None:
    assert len(str(tree(list(range(10 * MOST))))) < 400 * MOST
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    assert str(tree(deep)).count("<details") == 40


@settings(max_examples=60)
@given(
    st.binary(max_size=200) | st.just(HOSTILE.encode()),
    st.binary(max_size=40),
    st.integers(-(2**63), 2**63 - 1),
)
def test_whatever_a_record_holds_the_row_is_text(value: bytes, key: bytes, time_ms: int) -> None:
    decoded = show(value)
    assert len(messages.line(decoded)) <= messages.LINE + 1
    instant(time_ms)
    for text in (page("error.html", error=UsageError(decoded.text or "x", where=show(key).text)),):
        assert "<script" not in text
        assert "<img" not in text


def test_a_query_is_what_has_a_value() -> None:
    assert query(a="", b=None, c=0, d=["x", "y"], e="ü&") == "?c=0&d=x&d=y&e=%C3%BC%26"


def test_every_endpoint_is_described_and_documented(browser: TestClient) -> None:
    text = (HERE / "docs" / "console.md").read_text()
    described = browser.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    for path, methods in described["paths"].items():
        assert path.partition("{")[0].rstrip("/") in text, path
        given = {name: "1" for name in re.findall(r"{(\w+)}", path)}
        given |= {"words": "restart"} if "words" in given else {}
        answer = browser.get(path.format(**given), headers={"accept": "application/json"})
        assert str(answer.status_code) in methods["get"]["responses"], (path, answer.status_code, answer.text)
        kind = {"object": dict, "array": list}
        schema = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        body = answer.json()
        assert isinstance(body, kind[schema["type"]] if answer.status_code == 200 else dict)
        if answer.status_code != 200:
            assert body["error"]["what"]
