"""Pages as they look: wide and narrow, dark and light, by the keyboard alone, with hostile names.

The console is real, behind a real server; what it sees is a recorded World, so no Kafka has to run.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn

from prompt_kafka.console.app import link
from prompt_kafka.console.flow import Rates
from prompt_kafka.console.observatory import Status
from prompt_kafka.console.serve import listening
from prompt_kafka.console.settings import Settings
from prompt_kafka.console.shared import Shared
from prompt_kafka.core.kafka import Group, GroupLag
from prompt_kafka.core.status import report
from prompt_kafka.core.world import Seen, World
from tests.browser.conftest import window
from tests.console.conftest import Makes, api, makes, target
from tests.console.test_pages import HOSTILE, survey
from tests.worlds import NOW, change, healthy, topic

pytestmark = pytest.mark.browser

__all__ = ["api", "makes", "target"]

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
"""Returns the texts of a page that do not stand out from what is behind them (WCAG AA)."""

K4 = "prompt-kafka-kafka-4"


@dataclass
class Served:
    """A console that is served."""

    app: Any
    base: str

    @property
    def link(self) -> str:
        return link(self.app)

    def sees(self, world: World, **survey_of: Any) -> None:
        seen = Status(world, report(world), Rates().flow(world))
        self.app.state.desk.observatory.status = Shared(lambda: seen)
        self.app.state.desk.observatory.status.get(0)
        survey(SimpleNamespace(app=self.app), **survey_of)  # type: ignore[arg-type]
        self.app.state.desk.observatory.channel.publish()


@pytest.fixture
def served(makes: Makes) -> Iterator[Served]:
    with listening(Settings(port=0)) as listener:
        port = listener.getsockname()[1]
        app = makes(Settings(port=port))
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        end = time.monotonic() + 60
        while not server.started:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert ip_address("127.0.0.1").is_loopback
        console = Served(app, f"http://127.0.0.1:{port}")
        console.sees(healthy())
        yield console
        server.should_exit = True
        app.state.desk.observatory.channel.close()
        thread.join(60)


PATHS = (
    "/",
    "/runbook",
    "/runbook/maintenance",
    "/change/topic/create",
    "/change/topic/create/plan?name=x",
    "/runs",
    "/topics",
    "/topics/butler-writer",
    "/topics/butler-writer/messages",
    "/users",
    "/groups",
    "/windows",
    "/nowhere",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_every_page_fits_and_stands_out(served: Served, chromium: Any, scheme: str, width: int) -> None:
    served.sees(change(healthy(), {"pods": {K4: {"ready": False}}, "hours": [[-2, 10]]}))
    page, said = window(chromium, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(served.link)
    for path in PATHS:
        page.goto(served.base + path)
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(wide), path
        assert page.evaluate(CONTRAST) == [], path
    assert [each for each in said if "status of 4" not in each and "status of 5" not in each] == []


def test_who_is_not_signed_in_sees_nothing_and_a_link_is_good_once(served: Served, chromium: Any) -> None:
    page, _ = window(chromium)
    page.goto(served.base + "/runs")
    assert "You are not signed in" in page.inner_text("main")
    once = served.link
    page.goto(once)
    page.wait_for_selector("nav >> text=Runs")
    stranger, _ = window(chromium)
    stranger.goto(once)
    assert "This link is used up" in stranger.inner_text("main")


def test_a_link_on_another_site_leads_to_the_page(served: Served, chromium: Any) -> None:
    page, _ = window(chromium)
    page.goto(served.link)
    page.goto(served.base.replace("127.0.0.1", "localhost") + "/runs")  # another site: no cookie is there
    assert "You are not signed in" in page.inner_text("main")
    page.evaluate("url => { location.href = url; }", served.base + "/topics")
    page.wait_for_selector("nav >> text=Topics")
    assert page.url == served.base + "/topics"


def test_a_page_comes_up_to_date_by_itself_and_says_when_it_cannot(served: Served, chromium: Any) -> None:
    page, _ = window(chromium)
    page.goto(served.link)
    page.wait_for_selector("text=healthy: really finished")
    served.sees(change(healthy(), {"pods": {K4: {"ready": False}}}))
    page.wait_for_selector("text=NOT HEALTHY")
    assert page.locator("#problems a.button").first.get_attribute("href").startswith("/change/")
    served.app.state.desk.observatory.channel.close()
    page.wait_for_selector("text=The console does not answer")


def test_it_can_be_used_by_the_keyboard_alone(served: Served, chromium: Any) -> None:
    page, _ = window(chromium)
    page.goto(served.link)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Topics":
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/topics$"))
    page.keyboard.press("/")
    page.keyboard.type("butler")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("name=butler"))
    assert page.locator("tbody tr").count() == 1


def test_without_scripts_everything_can_be_read(served: Served, chromium: Any) -> None:
    page, _ = window(chromium, java_script_enabled=False)
    page.goto(served.link)
    assert "healthy: really finished" in page.inner_text("main")
    page.click("text=Topics")
    page.click("tbody th a")
    assert "must be in sync" in page.inner_text("main")


def test_times_are_shown_on_the_clock_that_was_chosen(served: Served, chromium: Any) -> None:
    world = change(healthy(), {"hours": [[-2, 10]]})
    assert world.hours.known is not None
    zoned = replace(world, hours=Seen(replace(world.hours.known, zone="America/Santiago"), NOW))
    served.sees(zoned)
    page, _ = window(chromium, timezone_id="Europe/Paris")
    page.goto(served.link)
    page.wait_for_selector("#clock time")
    assert page.inner_text("#clock time") == "2026-11-25 02:00:00 UTC"
    for choice, shown in (("site", "2026-11-24 23:00:00 site"), ("local", "2026-11-25 03:00:00")):
        page.select_option("[data-clock]", choice)
        assert page.inner_text("#clock time") == shown
    page.reload()
    assert page.inner_text("#clock time") == "2026-11-25 03:00:00"


def test_names_of_the_service_are_never_carried_out(served: Served, chromium: Any) -> None:
    groups = Seen((Group(HOSTILE, "Stable", lags=(GroupLag(HOSTILE, 0, 1, 0, 9, 3.0),)),), NOW)
    world = replace(healthy(), groups=groups, lag_objectives={HOSTILE: 1.0}, simulated=(HOSTILE,))
    served.sees(world, topics=Seen((topic(HOSTILE),), NOW), groups=groups)
    page, _ = window(chromium)
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.goto(served.link)
    for path in ("/", "/topics", "/groups"):
        page.goto(served.base + path)
        served.app.state.desk.observatory.channel.publish()
        page.wait_for_timeout(300)
        assert page.locator("main img, main script").count() == 0
    page.click("tbody th a")
    assert HOSTILE in page.inner_text("h1")
    assert ran == []
