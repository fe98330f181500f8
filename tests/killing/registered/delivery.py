import re
import subprocess
import tempfile
from pathlib import Path

from tests.killing.procedure import Procedure
from tests.killing.scene import Scene

VALUES = "applications/prompt-kafka/charts/butler-writer/values.yaml"
TOPIC = "butler-writer"
COUNTERS = (("operations", Scene.operations), ("posts", Scene.posts), ("rolls", Scene.rolls))


def _retention(scene: Scene) -> int:
    """Return what the brokers have."""
    (topic,) = [each for each in scene.user.json("topic", "list")["topics"] if each["name"] == TOPIC]
    return int(topic["settings"]["retention.ms"])


def _in_git(scene: Scene) -> int:
    found = re.search(r"retention: (\d+)", scene.git("show", f"main:{VALUES}"))
    assert found
    return int(found[1])


def _merge_a_change(scene: Scene) -> None:
    """Keep messages a day longer, as a colleague's merge does."""
    with tempfile.TemporaryDirectory() as folder:
        git = ("git", "-C", folder)
        subprocess.run(["git", "clone", "-q", str(scene.bare), folder], check=True)
        file = Path(folder, VALUES)
        longer = _in_git(scene) + 86_400_000
        file.write_text(re.sub(r"retention: \d+", f"retention: {longer}", file.read_text(), count=1))
        names = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        subprocess.run([*git, *names, "commit", "-qam", "Keep messages a day longer"], check=True)
        subprocess.run([*git, "push", "-q", "origin", "HEAD:main"], check=True)


def _deployed(scene: Scene) -> None:
    assert _retention(scene) == _in_git(scene)


def _deploy_a_change(scene: Scene) -> None:
    _merge_a_change(scene)
    scene.user.run("deploy", "--yes")
    _deployed(scene)


PROCEDURES = (
    Procedure(
        "deploy",
        ("deploy",),
        start=_merge_a_change,
        goal=_deployed,
        counters=COUNTERS,
        once=(("rolls", ()),),
        slow=True,
    ),
    Procedure(
        "rollback",
        ("rollback",),
        start=_deploy_a_change,
        goal=_deployed,
        counters=(("commits", Scene.commits), *COUNTERS),
        once=(("rolls", ()),),
        slow=True,
    ),
)
