"""Who gets in, refusal by refusal."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any, ClassVar

import pytest
from starlette.testclient import TestClient

from prompt_kafka.adapters.journal import Entry
from prompt_kafka.console.app import link
from prompt_kafka.console.guard import MOST_BODY, POLICY
from prompt_kafka.console.limits import Places, Rate
from prompt_kafka.console.settings import Settings, settings
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import RefusedError, UsageError
from tests.console.conftest import BASE, ORIGIN, Makes, token
from tests.worlds import NOW

JSON = {"accept": "application/json"}


def journal(client: TestClient) -> list[Entry]:
    app: Any = client.app
    lines = app.state.desk.audit.lines()
    assert isinstance(lines, list)
    return lines


def rule(client: TestClient, method: str, path: str, **more: Any) -> tuple[int, str]:
    headers = {**JSON, **more.pop("headers", {})}
    answer = client.request(method, path, headers=headers, **more)
    return answer.status_code, answer.json()["error"]["rule"]


def test_nobody_gets_in_without_the_link_and_is_told_what_to_do(stranger: TestClient) -> None:
    answer = stranger.get("/")
    assert answer.status_code == 401
    assert "open the link that the console printed" in answer.text.lower()
    assert rule(stranger, "GET", "/api/v1/status") == (401, "not-signed-in")


def test_the_link_signs_in_once(stranger: TestClient) -> None:
    app: Any = stranger.app
    path = link(app).removeprefix(BASE)
    assert stranger.head(path).status_code == 401
    first = stranger.get(path)
    assert first.status_code == 303
    assert first.headers["location"] == "/"
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert stranger.get("/").status_code == 200
    stranger.cookies.clear()
    assert stranger.get(path).status_code == 401
    kinds = [line.kind for line in journal(stranger)]
    assert "signed in" in kinds
    assert "refused" in kinds


def test_the_token_is_in_no_journal_and_no_page(stranger: TestClient) -> None:
    app: Any = stranger.app
    path = link(app).removeprefix(BASE)
    secret = path.partition("=")[2]
    page = stranger.get(path), stranger.get(path), stranger.get("/")
    assert all(secret not in answer.text for answer in page)
    assert all(secret not in line.what for line in journal(stranger))


@pytest.mark.parametrize(
    "host", ["evil.example.org", "127.0.0.1", "127.0.0.1:1", "evil.example.org:8085", ""]
)
def test_another_name_is_not_answered(browser: TestClient, host: str) -> None:
    assert rule(browser, "GET", "/", headers={"host": host}) == (421, "host")


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example.org", "http://127.0.0.1:1", "https://127.0.0.1:8085"]
)
def test_a_form_of_another_site_is_refused(browser: TestClient, origin: str | None) -> None:
    csrf = token(browser)
    headers = {} if origin is None else {"origin": origin}
    assert rule(browser, "POST", "/sign-out", headers=headers, data={"csrf": csrf}) == (403, "origin")


def test_a_form_that_a_browser_says_is_anothers_is_refused(browser: TestClient) -> None:
    headers = {**ORIGIN, "sec-fetch-site": "cross-site"}
    assert rule(browser, "POST", "/sign-out", headers=headers, data={"csrf": token(browser)}) == (
        403,
        "origin",
    )


@pytest.mark.parametrize("csrf", ["", "wrong", "x" * 200])
def test_a_form_without_this_sessions_token_is_refused(browser: TestClient, csrf: str) -> None:
    assert rule(browser, "POST", "/sign-out", headers=ORIGIN, data={"csrf": csrf}) == (403, "token")
    assert browser.get("/").status_code == 200


def test_a_form_with_all_of_it_is_taken(browser: TestClient) -> None:
    answer = browser.post("/sign-out", headers=ORIGIN, data={"csrf": token(browser)})
    assert answer.status_code == 200
    assert browser.get("/").status_code == 401


def test_another_kind_of_body_is_refused(browser: TestClient) -> None:
    assert rule(browser, "POST", "/sign-out", headers=ORIGIN, json={"csrf": token(browser)}) == (
        415,
        "not-a-form",
    )


def test_a_large_body_is_refused_whether_it_says_so_or_not(browser: TestClient) -> None:
    data = {"csrf": token(browser), "x": "y" * MOST_BODY}
    assert rule(browser, "POST", "/sign-out", headers=ORIGIN, data=data) == (413, "too-large")
    kind = {"content-type": "application/x-www-form-urlencoded"}

    def chunks() -> Any:
        for _ in range(10):
            yield b"x" * (MOST_BODY // 8)

    assert rule(browser, "POST", "/sign-out", headers={**ORIGIN, **kind}, content=chunks())[0] == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_other_method_is_served(browser: TestClient, method: str) -> None:
    assert rule(browser, method, "/") == (405, "method")


def test_a_long_query_is_refused(browser: TestClient) -> None:
    assert rule(browser, "GET", "/?x=" + "y" * 9000) == (414, "query-too-long")


def test_guessing_links_is_slowed_down(stranger: TestClient) -> None:
    codes = [stranger.get(f"/sign-in?token={n}").status_code for n in range(14)]
    assert codes[0] == 401
    assert codes[-1] == 429
    assert int(stranger.get("/sign-in?token=x").headers["retry-after"]) >= 1


def test_a_flood_is_slowed_down_and_nobody_else_with_it() -> None:
    clock = ManualClock(NOW)
    rate = Rate(2.0, 5.0, clock)
    assert [rate.wait_s("one") for _ in range(5)] == [0.0] * 5
    assert rate.wait_s("one") == pytest.approx(0.5)
    assert rate.wait_s("other") == 0.0
    clock.turn(1.0)
    assert [rate.wait_s("one") > 0 for _ in range(3)] == [False, False, True]


def test_so_many_streams_at_once_and_no_more() -> None:
    places = Places(each=2, together=3)
    assert [places.take(key) for key in ("a", "a", "a", "b", "c")] == [True, True, False, True, False]
    places.give_back("a")
    assert places.take("c")
    with pytest.raises(RefusedError) as refused, places.held("d"):
        pass
    assert refused.value.rule == "too-many-at-once"
    places.give_back("c")
    with places.held("d"):
        assert not places.take("e")
    assert places.take("e")


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/healthz", "/sign-in", "/static/console.css", "/static/nothing"]
)
def test_every_answer_has_the_headers(browser: TestClient, path: str) -> None:
    headers = browser.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers
    assert headers["cache-control"].startswith("public" if path == "/static/console.css" else "no-store")


def test_no_page_has_script_or_style_inside(browser: TestClient) -> None:
    text = browser.get("/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style|javascript:", text)


def test_a_link_on_another_site_leads_in(browser: TestClient) -> None:
    cookies = dict(browser.cookies)
    browser.cookies.clear()
    there = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    answer = browser.get("/", headers=there)
    assert answer.status_code == 401
    assert '<meta http-equiv="refresh" content="0">' in answer.text
    browser.cookies.update(cookies)
    assert browser.get("/").status_code == 200


def test_a_static_file_is_no_way_out(browser: TestClient) -> None:
    for path in (
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2fetc%2fpasswd",
    ):
        assert browser.get(path).status_code == 404


class TestBehindAProxy:
    """Identity comes from the proxy, and from nobody else."""

    SETTINGS = Settings(
        address="0.0.0.0",
        proxies=(ip_network("10.1.0.0/16"),),
        hostnames=("kafka.example.org",),
        operators=frozenset({"kafka-operators"}),
        approvers=frozenset({"kafka-leads"}),
    )
    HEADERS: ClassVar = {
        "host": "kafka.example.org",
        "x-auth-request-user": "ada",
        "x-auth-request-groups": "g_users",
    }

    def client(self, makes: Makes, peer: str = "10.1.2.3") -> TestClient:
        return TestClient(
            makes(self.SETTINGS),
            base_url="https://kafka.example.org",
            client=(peer, 1),
            follow_redirects=False,
        )

    def test_only_the_proxy_is_believed(self, makes: Makes) -> None:
        with self.client(makes, "10.2.0.1") as client:
            assert rule(client, "GET", "/", headers=self.HEADERS) == (403, "not-the-proxy")

    def test_a_probe_is_answered_wherever_it_comes_from(self, makes: Makes) -> None:
        with self.client(makes, "10.2.0.1") as client:
            answer = client.get("/healthz", headers={"host": "10.2.3.4:8085"})
            assert (answer.status_code, answer.text) == (200, "ok")
            assert "set-cookie" not in answer.headers

    def test_a_viewer_by_default_who_looks_only(self, makes: Makes) -> None:
        with self.client(makes) as client:
            page = client.get("/", headers=self.HEADERS)
            assert page.status_code == 200
            assert "ada (looks only)" in page.text
            assert "Secure" in page.headers["set-cookie"]

    def test_without_a_user_nobody_is_signed_in(self, makes: Makes) -> None:
        with self.client(makes) as client:
            assert rule(client, "GET", "/", headers={"host": "kafka.example.org"}) == (401, "not-signed-in")
            client.get("/", headers=self.HEADERS)
            assert rule(client, "GET", "/", headers={"host": "kafka.example.org"}) == (401, "not-signed-in")

    @pytest.mark.parametrize(
        ("groups", "title"),
        [
            ("g_users", "viewer"),
            ("g_users,kafka-operators", "operator"),
            ("kafka-leads, kafka-operators", "approver"),
        ],
    )
    def test_groups_give_roles(self, makes: Makes, groups: str, title: str) -> None:
        with self.client(makes) as client:
            page = client.get("/", headers={**self.HEADERS, "x-auth-request-groups": groups})
            assert f'title="{title}, looks only"' in page.text

    def test_a_session_is_not_anothers(self, makes: Makes) -> None:
        with self.client(makes) as client:
            csrf = token_of(client.get("/", headers=self.HEADERS).text)
            other = {**self.HEADERS, "x-auth-request-user": "eve", "origin": "https://kafka.example.org"}
            assert rule(client, "POST", "/sign-out", headers=other, data={"csrf": csrf}) == (403, "token")

    def test_a_link_signs_nobody_in(self, makes: Makes) -> None:
        with self.client(makes) as client:
            app: Any = client.app
            path = "/sign-in" + link(app).partition("/sign-in")[2]
            client.get(path, headers={"host": "kafka.example.org"})
            assert rule(client, "GET", "/", headers={"host": "kafka.example.org"})[0] == 401


def token_of(text: str) -> str:
    (found, *_) = re.findall(r'name="csrf" value="([^"]+)"', text)
    return str(found)


def test_on_loopback_identity_headers_count_for_nothing(stranger: TestClient) -> None:
    headers = {"x-auth-request-user": "eve", "x-auth-request-groups": "kafka-leads"}
    assert rule(stranger, "GET", "/", headers=headers) == (401, "not-signed-in")


def test_other_machines_reach_it_only_through_a_proxy() -> None:
    with pytest.raises(RefusedError) as refused:
        settings(address="0.0.0.0", port=1)
    assert refused.value.rule == "not-loopback"
    with pytest.raises(UsageError):
        settings(address="0.0.0.0", port=1, proxies=("10.0.0.0/8",))
    with pytest.raises(UsageError):
        settings(address="here", port=1)
    with pytest.raises(UsageError):
        settings(address="0.0.0.0", port=1, proxies=("ten",))
    made = settings(address="0.0.0.0", port=1, proxies=("10.0.0.0/8",), hostnames=("k.example.org",))
    assert not made.acts
    assert settings(address="127.0.0.1", port=1).acts
    assert settings(address="::1", port=1).acts


def test_below_a_path_everything_is_below_it(makes: Makes) -> None:
    with TestClient(makes(Settings(path="/kafka")), base_url=BASE, follow_redirects=False) as client:
        app: Any = client.app
        answer = client.get(link(app).removeprefix(BASE))
        assert answer.headers["location"] == "/kafka/"
        assert "Path=/kafka" in answer.headers["set-cookie"]
        text = client.get("/kafka/").text
        assert all(
            found.startswith("/kafka/") for found in re.findall(r'(?:href|src|action)="(/[^"]*)"', text)
        )
        assert client.get("/").status_code == 401
