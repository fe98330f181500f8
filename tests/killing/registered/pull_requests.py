"""A change by pull request: the run that opens it, and the one that goes on after the merge."""

import json
import urllib.request

from tests.killing.procedure import Procedure
from tests.killing.scene import Scene

LAB = ("--delivery", "pull-request")
COUNTERS = (
    ("commits", Scene.commits_anywhere),
    ("pull requests", Scene.pull_requests),
    ("posts", Scene.posts),
    ("rolls", Scene.rolls),
)


def _topics(scene: Scene) -> set[str]:
    return {each["name"] for each in scene.user.json("topic", "list")["topics"]}


def _asked(scene: Scene) -> None:
    (run,) = [each for each in scene.user.json("run", "list") if each["state"] == "done"][:1]
    assert run["because"].startswith("waits for the merge of tickets/"), run
    assert f"asked-{scene.number}" not in _topics(scene)


def answer(scene: Scene, number: int, deed: str) -> None:
    """Press a button of the lab's forge."""
    told = json.loads((scene.user.labs / "lab/service.yaml").read_text())
    url = told["environments"]["lab"]["pull_request"]["url"].removesuffix("/api/v3")
    urllib.request.urlopen(f"{url}/pull/{number}/{deed}", data=b"").close()


def _merged(scene: Scene) -> None:
    """Ask for a topic, and merge its pull request as a colleague does."""
    name = f"merged-{scene.number}"
    run = scene.user.json("topic", "create", name, "--subchart", name, "--yes")
    (evidence,) = run["steps"][-1]["evidence"]
    number = int(evidence.partition("#")[2].partition(" ")[0])
    for deed in ("approve", "merge"):
        answer(scene, number, deed)
    scene.waiting = run["id"]


def _there(scene: Scene) -> None:
    assert f"merged-{scene.number}" in _topics(scene)


PROCEDURES = (
    Procedure(
        "pull-request",
        ("topic", "create", "asked-{n}", "--subchart", "asked-{n}"),
        goal=_asked,
        counters=COUNTERS,
        once=(("rolls", ()),),
        again="",
        lab=LAB,
        slow=True,
    ),
    Procedure(
        "pull-request-rest",
        ("run", "continue", "{run}"),
        start=_merged,
        goal=_there,
        counters=(("operations", Scene.operations), *COUNTERS),
        once=(("rolls", ()), ("commits", ()), ("pull requests", ())),
        lab=LAB,
        slow=True,
    ),
)
