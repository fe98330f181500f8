"""Somebody on call sees a fault, plans what mends it, approves, watches the run, and finds a message."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import window
from tests.story.conftest import User, user, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.browser]

__all__ = ["user"]

POD = "prompt-kafka-kafka-4"


class Console:
    """A console that runs, and the browsers that look at it."""

    def __init__(self, person: User, *words: str) -> None:
        self.process = person.start("console", "--port", "0", *words)
        assert self.process.stdout is not None
        self.link = self.process.stdout.readline().strip()
        self.base = self.link.partition("/sign-in")[0]

    def next_link(self) -> str:
        """Return the link that the terminal prints when one was used."""
        assert self.process.stderr is not None
        while line := self.process.stderr.readline():
            if found := re.search(r"http://\S+token=\S+", line):
                return found[0]
        raise AssertionError("no further link was printed")

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()


@pytest.fixture(scope="module")
def lab(user: User) -> User:
    user.run("lab", "up")
    return user


@pytest.fixture
def console(lab: User) -> Iterator[Console]:
    running = Console(lab)
    yield running
    running.stop()


def test_the_whole_story(lab: User, console: Console, chromium: Any) -> None:
    traffic = lab.start("lab", "traffic", "--duration", "240s")
    try:
        page, said = window(chromium)
        page.goto(console.link)
        page.wait_for_selector("text=healthy: really finished")
        page.wait_for_selector(".flow .good")

        lab.run("lab", "faults", "freeze", POD)
        page.wait_for_selector(f".causes >> text={POD} (broker): frozen")  # by itself: nobody reloads
        page.click("#problems >> text=Plan it")

        page.wait_for_selector("text=Show the plan")
        assert page.input_value("#field-what") == POD
        assert page.is_checked("#field-by_deletion")
        page.click("text=Show the plan")
        page.wait_for_selector("h2:has-text('Approve')")
        body = page.inner_text("main")
        assert f"prompt-kafka restart {POD} --by-deletion -e lab" in body
        assert "Announced on" in body
        page.click("text=By hand")
        assert f"delete pod {POD}" in page.inner_text("main")

        page.click("text=Run this plan on lab")
        page.wait_for_url(re.compile("/runs/"))
        run = page.url.rpartition("/")[2]
        page.wait_for_selector("[aria-current=step]")
        other, _ = window(chromium)  # a colleague watches too
        other.goto(console.next_link())
        other.wait_for_selector(f"text={run}")
        page.wait_for_selector("text=done and proved")
        assert f"{POD} ready" in page.inner_text("main")
        shown = lab.json("run", "show", run)
        assert shown["state"] == "done"
        assert shown["owner"].startswith(f"{lab_user()}@")

        page.goto(console.base + "/")
        page.wait_for_selector("text=healthy: really finished")

        page.goto(console.base + "/topics")
        page.click("tr:has-text('butler-writer-ingestion-events') >> text=newest")
        page.fill("#field-grep", "batch-ingested")
        page.fill("#field-count", "5")
        page.click("button:has-text('Read')")
        page.wait_for_selector("table.records tbody tr")
        assert page.locator("table.records tbody tr").count() == 5
        assert "grep=batch-ingested" in page.url
        assert "found 5" in page.inner_text("main")
        page.click("table.records tbody th a")
        page.wait_for_selector("text=Permanent link")
        link = page.get_attribute("a[href*='/record/']", "href")
        value = page.inner_text(".json")
        other.goto(console.base + str(link))
        assert other.inner_text(".json") == value
        assert "batch-ingested" in value
        assert said == []
    finally:
        traffic.terminate()
        traffic.wait(60)
    reads = lab.json("history", "--reads")
    assert "butler-writer-ingestion-events" in str(reads)


def test_a_console_that_ends_lets_its_run_stop_where_it_can_be_taken_up(
    lab: User, console: Console, chromium: Any
) -> None:
    page, _ = window(chromium)
    page.goto(console.link)
    page.goto(console.base + "/change/restart/plan?what=controllers")
    page.click("text=Run this plan on lab")
    page.wait_for_url(re.compile("/runs/"))
    run = page.url.rpartition("/")[2]
    page.wait_for_selector("text=asked; waiting for the proof")
    console.stop()
    shown = lab.json("run", "show", run)
    assert shown["state"] == "stopped"
    assert shown["because"] == "interrupted"
    again = Console(lab)
    try:
        page, _ = window(chromium)
        page.goto(again.link)
        page.goto(again.base + f"/runs/{run}")
        page.click("button:has-text('Take it up')")
        page.wait_for_selector("text=done and proved")
    finally:
        again.stop()
    wait_until(lambda: lab.json("run", "show", run)["state"] == "done", 60, "the run's end")


def lab_user() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
