"""Forms, plans and approvals: what the command line would do, and nothing without approval."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from prompt_kafka.cli.forms import CommandForms
from prompt_kafka.cli.main import root
from prompt_kafka.console import planning
from prompt_kafka.console.documents import document, headings
from prompt_kafka.console.going import Going
from prompt_kafka.console.people import Role
from prompt_kafka.console.plans import Plans
from prompt_kafka.console.settings import Settings
from prompt_kafka.core.clock import ManualClock
from prompt_kafka.core.errors import RefusedError, UsageError
from prompt_kafka.core.plan import Plan
from prompt_kafka.core.request import Grant, RestartRequest, TopicRequest
from prompt_kafka.core.run import StepRecord, StepState
from prompt_kafka.core.saved import SavedPlan
from prompt_kafka.core.verdict import no
from prompt_kafka.procedures import restart
from tests.cli.test_live import K4, PLAN, STEP
from tests.console.conftest import ORIGIN, Makes, token
from tests.worlds import MEANS, NOW, change, healthy

FORMS = CommandForms(root, "lab")
SEED = (
    "Deployment",
    "Maintenance",
    "Backup",
    "Cold Startup",
    "Cold Shutdown",
    "Reproduce Service",
    "View Messages",
    "Create New Kafka Topics",
    "Restarting Kafka",
    "Upgrading Kafka",
    "Upgrading Strimzi Operator",
)


def test_the_headings_are_those_of_the_page_in_its_order() -> None:
    assert tuple(each.title for each in headings())[: len(SEED)] == SEED


def test_every_change_is_below_a_heading() -> None:
    named = {words for each in headings() for words in each.commands}
    assert named >= FORMS.all().keys() - {"backup restore", "backup take"}


@pytest.mark.parametrize(
    "path", sorted(p.stem for p in (Path(__file__).parents[2] / "docs/runbook").glob("*.md"))
)
def test_every_page_of_the_runbook_is_shown_and_its_links_lead_somewhere(
    browser: TestClient, path: str
) -> None:
    text = document(f"runbook/{path}")
    assert text is not None
    assert "<script" not in text
    for href in re.findall(r'href="([^"#]+)', text):
        if ":" not in href:
            there = f"/runbook/{href}".replace("/runbook/../", "/")
            assert browser.get(there).status_code in (200, 404 if there == "/runbook/index" else 200), there


@pytest.mark.parametrize(
    "name", ["../pyproject", "runbook/../../README", "/etc/passwd", "no-such-page", "a/b/c"]
)
def test_no_other_file_is_a_page(browser: TestClient, name: str) -> None:
    assert document(name) is None
    assert browser.get(f"/docs/{name}").status_code == 404


def test_a_form_asks_what_the_command_asks() -> None:
    asked = FORMS.asked(
        "topic create",
        {
            "name": "alerts",
            "subchart": "alerts",
            "retention": "2w",
            "users": "a=read\nb=read+write@g",
            "new_subchart": "1",
        },
    )
    assert asked.request == TopicRequest(
        "alerts",
        "alerts",
        retention_ms=14 * 86_400_000,
        retention="2 weeks",
        grants=(Grant("a", ("read",)), Grant("b", ("read", "write"), "g")),
        new_subchart=True,
    )
    assert asked.line == (
        "prompt-kafka topic create alerts --subchart alerts --retention 2w "
        "--user a=read --user b=read+write@g --new-subchart -e lab"
    )


def test_terms_are_asked_for_too() -> None:
    asked = FORMS.asked(
        "restart", {"what": "brokers", "override_hours": "tonight it must", "announced": "there"}
    )
    assert asked.request == RestartRequest(brokers=True)
    assert (asked.terms.override_hours, asked.terms.announced) == ("tonight it must", "there")


@pytest.mark.parametrize("value", ["--yes", "--save-plan=/tmp/x", "-y", "--config=/etc/passwd", "--help"])
def test_no_value_is_taken_for_an_option(value: str) -> None:
    asked = FORMS.asked("topic create", {"name": value, "subchart": value, "about": value})
    assert isinstance(asked.request, TopicRequest)
    assert (asked.request.name, asked.request.subchart, asked.request.about) == (value, value, value)


def test_what_the_console_answers_itself_is_not_asked() -> None:
    names = {field.name for form in FORMS.all().values() for field in form.fields}
    assert not names & {"yes", "save_plan", "config", "kubeconfig", "environment", "confirm", "output"}


@pytest.mark.parametrize(
    ("words", "values", "said"),
    [
        ("topic create", {"name": "x"}, "--subchart"),
        ("topic create", {"name": "x", "subchart": "x", "retention": "14"}, "needs a unit"),
        ("restart", {"stable": "soon"}, "not a valid float"),
        ("upgrade kafka", {}, "version is missing"),
        ("no such", {}, "no form"),
    ],
)
def test_what_cannot_be_read_is_said_as_on_the_command_line(
    words: str, values: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError) as error:
        FORMS.asked(words, values)
    assert said in str(error.value)


def test_a_command_that_mends_fills_its_form_in() -> None:
    found = FORMS.of_line(f"prompt-kafka restart {K4} --by-deletion -e lab")
    assert found is not None
    assert (found[0].words, found[1]) == ("restart", {"what": K4, "by_deletion": "1"})
    assert FORMS.asked(found[0].words, found[1]).request == RestartRequest(pods=(K4,), by_deletion=True)
    for line in (
        "prompt-kafka status -e lab",
        "kubectl delete pod x",
        "prompt-kafka restart --nonsense",
        "'",
    ):
        assert FORMS.of_line(line) is None


def test_every_form_is_shown_with_its_fields(browser: TestClient) -> None:
    for words, form in FORMS.all().items():
        text = browser.get(f"/change/{form.path}?x=1").text
        for field in form.fields:
            assert f'name="{field.name}"' in text, words
            assert f'for="field-{field.name}"' in text or field.kind == "flag", words
    assert browser.get("/change/no/such").status_code == 404


def test_a_form_is_filled_in_by_its_address_and_what_it_says_is_text(browser: TestClient) -> None:
    hostile = '"><script>alert(1)</script>'
    text = browser.get("/change/topic/create", params={"name": hostile, "users": "a=read\nb=write"}).text
    assert "<script>alert" not in text
    assert "a=read\nb=write</textarea>" in text


def test_a_form_that_cannot_be_read_comes_back_with_what_was_given(browser: TestClient) -> None:
    answer = browser.get(
        "/change/topic/create/plan", params={"name": "x", "subchart": "y", "retention": "14"}
    )
    assert answer.status_code == 400
    assert "needs a unit" in answer.text
    assert 'value="14"' in answer.text
    answer = browser.get("/api/v1/change/topic/create/plan", params={"name": "x"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "usage"


def test_a_refusal_has_its_rule_and_the_command(browser: TestClient) -> None:
    answer = browser.get("/change/restart/plan", params={"what": K4})
    assert answer.status_code >= 400
    assert "prompt-kafka restart" in answer.text
    assert "Run this plan" not in answer.text


def test_an_approval_of_a_plan_that_was_not_read_is_refused(browser: TestClient) -> None:
    answer = browser.post("/change/restart/run", headers=ORIGIN, data={"csrf": token(browser), "digest": "x"})
    assert answer.status_code >= 400
    assert browser.get("/change/restart/run").status_code == 404


def test_who_only_looks_runs_nothing(makes: Makes) -> None:
    settings = Settings(
        address="0.0.0.0",
        proxies=(ip_network("10.0.0.0/8"),),
        hostnames=("k.example.org",),
        operators=frozenset({"ops"}),
    )
    for allow_run, groups in ((False, "ops"), (True, "others")):
        here = Settings(**{**{f: getattr(settings, f) for f in settings.__slots__}, "allow_run": allow_run})
        headers = {"x-auth-request-user": "eve", "x-auth-request-groups": groups}
        with TestClient(
            makes(here), base_url="https://k.example.org", client=("10.0.0.1", 1), headers=headers
        ) as client:
            data = {"csrf": token(client), "digest": "x"}
            more = {"origin": "https://k.example.org", "accept": "application/json"}
            for path in ("/change/restart/run", "/runs/x/resume", "/runs/x/abort"):
                answer = client.post(path, headers=more, data=data)
                assert (answer.status_code, answer.json()["error"]["rule"]) == (409, "looks-only")


def test_a_plan_that_moved_is_named() -> None:
    plans = Plans()
    request = RestartRequest()
    before = restart.plan(request, healthy(), MEANS)
    plans.keep(SavedPlan.of(request, before))
    plans.refuse_if_moved(before.digest, before)
    now = restart.plan(request, change(healthy(), {"pods": {K4: {"uid": "another"}}}), MEANS)
    with pytest.raises(RefusedError) as refused:
        plans.refuse_if_moved(before.digest, now)
    assert refused.value.rule == "plan-moved"
    assert "another" in refused.value.what
    with pytest.raises(RefusedError):
        plans.refuse_if_moved("never shown", now)


def test_a_point_of_no_return_is_typed_by_an_approver() -> None:
    step = planning.Step("raise the level", "why", STEP.action, STEP.proof, irreversible=True)
    plan = Plan("upgrade", healthy().target, "raise", (step,))
    planning._refuse_unconfirmed(plan, " lab ", Role.APPROVER)
    for typed, role, rule in (
        ("lab", Role.OPERATOR, "not-an-approver"),
        ("", Role.APPROVER, "point-of-no-return"),
        ("labs", Role.APPROVER, "point-of-no-return"),
    ):
        with pytest.raises(RefusedError) as refused:
            planning._refuse_unconfirmed(plan, typed, role)
        assert refused.value.rule == rule


def test_a_run_is_seen_as_it_goes() -> None:
    clock, news = ManualClock(NOW), []
    seen = Going(PLAN, lambda: news.append(1), clock)
    seen.step_began(1, STEP)
    seen.acted(STEP)
    for after, patch in (
        (0, {}),
        (2, {"pods": {K4: {"deleting": True}}}),
        (6, {"pods": {K4: {"uid": "uid-4b", "ready": False}}}),
    ):
        clock.turn(after)
        seen.looked(STEP, change(healthy(), patch), (no("not yet"),))
    assert seen.waiting == "not yet"
    assert [step.state for step in seen.steps] == ["going", "pending"]
    assert {pod.name: pod.state for pod in seen.pods}[K4] == "starting"
    assert seen.canary is not None
    assert seen.partitions == (0, 4)
    seen.looked(STEP, change(healthy(), {"pods": {K4: {"uid": "uid-4b"}}}), ())
    seen.step_ended(STEP, StepRecord(StepState.PROVED, True, ("seen",)), 18.0)
    assert seen.steps[0].evidence == ("seen",)
    said = [text for _, text in seen.lines]
    assert f"{K4} ready after 6.0 s" in said
    assert "proved in 18.0 s" in said
    assert news


def test_runs_are_listed_and_one_that_is_not_there_is_named(browser: TestClient) -> None:
    assert "No run yet" in browser.get("/runs").text
    assert browser.get("/api/v1/runs").json() == []
    assert browser.get("/runs/20261124-nothing").status_code == 404
    answer: Any = browser.get("/api/v1/runs/x").json()
    assert answer["error"]["code"] == "not-found"
