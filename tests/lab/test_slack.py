"""The lab's Slack as a client sees it, over HTTP."""

import json
import stat
import urllib.error
import urllib.parse
import urllib.request

import pytest

from prompt_kafka.lab.loopback import PortError
from prompt_kafka.lab.slack import Fault, Slack
from prompt_kafka.lab.standing import FAULTS_FOLDER, StandingFaults


@pytest.fixture
def slack(tmp_path):
    server = Slack(tmp_path, 0)
    server.start()
    yield server
    server.stop()


def call(slack, method, *, token=None, form=False, **given):
    data = urllib.parse.urlencode(given).encode() if form else json.dumps(given).encode()
    kind = "application/x-www-form-urlencoded" if form else "application/json; charset=utf-8"
    headers = {"Content-Type": kind, "Authorization": f"Bearer {slack.token if token is None else token}"}
    request = urllib.request.Request(slack.url + method, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.loads(response.read())


def post(slack, text="hello", channel="#ops", **more):
    answer = call(slack, "chat.postMessage", channel=channel, text=text, **more)
    assert answer["ok"], answer
    return answer


def test_the_token_is_checked_and_private(slack, tmp_path):
    assert call(slack, "auth.test")["ok"]
    assert call(slack, "auth.test", token="xoxb-wrong") == {"ok": False, "error": "invalid_auth"}
    assert call(slack, "auth.test", token="") == {"ok": False, "error": "not_authed"}
    assert stat.S_IMODE((tmp_path / "slack-token").stat().st_mode) == 0o600


def test_posts_are_there_after_a_restart_with_the_same_token(tmp_path):
    first = Slack(tmp_path, 0)
    first.start()
    posted = post(first)
    first.stop()
    second = Slack(tmp_path, 0)
    second.start()
    found = call(second, "conversations.history", channel=posted["channel"])
    second.stop()
    assert second.token == first.token
    assert [each["text"] for each in found["messages"]] == ["hello"]


def test_metadata_is_shown_only_when_asked_for(slack):
    metadata = {"event_type": "prompt_kafka_run", "event_payload": {"run": "r1"}}
    channel = post(slack, metadata=metadata)["channel"]
    assert "metadata" not in call(slack, "conversations.history", channel=channel)["messages"][0]
    shown = call(slack, "conversations.history", channel=channel, include_all_metadata=True)["messages"][0]
    assert shown["metadata"] == metadata
    assert call(slack, "chat.postMessage", channel="#ops", text="x", metadata={"a": 1})["error"] == (
        "invalid_metadata_format"
    )


def test_forms_carry_json_as_text(slack):
    metadata = json.dumps({"event_type": "t", "event_payload": {}})
    answer = call(slack, "chat.postMessage", form=True, channel="ops", text="x", metadata=metadata)
    assert answer["message"]["metadata"]["event_type"] == "t"
    found = call(slack, "conversations.history", form=True, channel="ops", include_all_metadata="true")
    assert found["messages"][0]["metadata"]["event_type"] == "t"


def test_threads(slack):
    parent = post(slack, "parent")
    for text in ("one", "two"):
        post(slack, text, thread_ts=parent["ts"])
    history = call(slack, "conversations.history", channel=parent["channel"])["messages"]
    assert [(each["text"], each["reply_count"]) for each in history] == [("parent", 2)]
    replies = call(slack, "conversations.replies", channel=parent["channel"], ts=parent["ts"])["messages"]
    assert [each["text"] for each in replies] == ["parent", "one", "two"]
    assert (
        call(slack, "chat.postMessage", channel="#ops", text="x", thread_ts="1.2")["error"]
        == "thread_not_found"
    )


def test_history_is_newest_first_and_bounded(slack):
    stamps = [post(slack, str(number))["ts"] for number in range(5)]
    assert stamps == sorted(set(stamps))
    found = call(slack, "conversations.history", channel="ops", oldest=stamps[1], latest=stamps[4])
    assert [each["text"] for each in found["messages"]] == ["3", "2"]
    found = call(slack, "conversations.history", channel="ops", oldest=stamps[3], inclusive=True)
    assert [each["text"] for each in found["messages"]] == ["4", "3"]
    page = call(slack, "conversations.history", channel="ops", limit=2)
    assert page["has_more"]
    cursor = page["response_metadata"]["next_cursor"]
    more = call(slack, "conversations.history", channel="ops", limit=2, cursor=cursor)
    assert [each["text"] for each in more["messages"]] == ["2", "1"]


def test_a_message_is_updated_in_place(slack):
    posted = post(slack, "before")
    answer = call(slack, "chat.update", channel=posted["channel"], ts=posted["ts"], text="after")
    assert answer["ok"]
    shown = call(slack, "conversations.history", channel="ops")["messages"][0]
    assert shown["text"] == "after"
    assert "edited" in shown
    assert call(slack, "chat.update", channel="ops", ts="1.0", text="x")["error"] == "message_not_found"


def test_channels_are_made_by_name_and_unknown_ids_are_not(slack):
    made = post(slack)["channel"]
    listed = call(slack, "conversations.list")["channels"]
    assert [(each["id"], each["name"]) for each in listed] == [(made, "ops")]
    assert post(slack, channel=made)["channel"] == made
    answer = call(slack, "chat.postMessage", channel="C0AAAAAAAAA", text="x")
    assert answer == {"ok": False, "error": "channel_not_found"}


def test_errors_can_be_ordered(slack):
    slack.faults.order(Fault("chat.postMessage", error="channel_not_found"))
    assert call(slack, "chat.postMessage", channel="ops", text="x")["error"] == "channel_not_found"
    assert call(slack, "chat.postMessage", channel="ops", text="x")["ok"]


def test_asked_too_often(slack):
    slack.faults.order(Fault(status=429, retry_after=7))
    with pytest.raises(urllib.error.HTTPError) as raised:
        call(slack, "auth.test")
    assert raised.value.code == 429
    assert raised.value.headers["Retry-After"] == "7"
    assert json.loads(raised.value.read())["error"] == "ratelimited"


def test_a_lost_answer_has_posted_all_the_same(slack):
    request = urllib.request.Request(
        slack.url.replace("/api/", "/lab/faults"),
        data=json.dumps({"method": "chat.postMessage", "lose_answer": True}).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {slack.token}"},
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        assert json.loads(response.read())["ok"]
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        call(slack, "chat.postMessage", channel="ops", text="once")
    assert [m["text"] for m in call(slack, "conversations.history", channel="ops")["messages"]] == ["once"]


@pytest.mark.parametrize(
    ("method", "given", "error"),
    [
        ("chat.postMessage", {"channel": "ops"}, "no_text"),
        ("chat.postMessage", {"text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "ops", "text": "x" * 40001}, "msg_too_long"),
        ("conversations.history", {"channel": "nowhere"}, "channel_not_found"),
        ("no.such", {}, "unknown_method"),
    ],
)
def test_bad_calls(slack, method, given, error):
    assert call(slack, method, **given)["error"] == error


def test_a_taken_port_is_named(slack, tmp_path):
    port = urllib.parse.urlsplit(slack.url).port
    with pytest.raises(PortError, match=f"cannot listen on port {port}"):
        Slack(tmp_path, port)


def test_a_fault_of_the_lab_lasts_until_it_is_released(slack, tmp_path):
    standing = StandingFaults(tmp_path / FAULTS_FOLDER)
    limit = standing.add("slack-rate-limit", "9")
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError) as raised:
            call(slack, "auth.test")
        assert (raised.value.code, raised.value.headers["Retry-After"]) == (429, "9")
    standing.remove(limit)
    down = standing.add("slack-down")
    with pytest.raises(urllib.error.HTTPError) as raised:
        call(slack, "auth.test")
    assert raised.value.code == 503
    standing.remove(down)
    error = standing.add("slack-error", "is_archived")
    assert call(slack, "chat.postMessage", channel="ops", text="x")["error"] == "is_archived"
    standing.remove(error)
    assert call(slack, "chat.postMessage", channel="ops", text="x")["ok"]
