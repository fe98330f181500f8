"""Addresses of load balancers pinned."""

import subprocess
import tempfile
from pathlib import Path

from tests.killing.procedure import Procedure
from tests.killing.scene import IDENTITY, Scene

VALUES = "applications/prompt-kafka/values-lab.yaml"
SHIPPED = Path(__file__).parents[3] / "deploy" / VALUES
BOOTSTRAP = "          metallb.io/loadBalancerIPs: 192.0.2.20\n"
OWN = '          lab.prompt-kafka/own-address: "true"\n'


def own_bootstrap() -> str:
    """Return the lab's values with a bootstrap load balancer that has an address of its own."""
    text = SHIPPED.read_text()
    assert BOOTSTRAP in text
    return text.replace(BOOTSTRAP, BOOTSTRAP + OWN)


def _not_pinned(scene: Scene) -> None:
    """Deploy the values as they were before anything was pinned."""
    with tempfile.TemporaryDirectory() as folder:
        git = ("git", "-C", folder)
        subprocess.run(["git", "clone", "-q", str(scene.bare), folder], check=True)
        Path(folder, VALUES).write_text(own_bootstrap())
        changed = subprocess.run([*git, "diff", "--quiet"], check=False).returncode
        if changed:
            env = {**scene.user.environment(), **IDENTITY}
            subprocess.run([*git, "commit", "-qam", "Nothing is pinned"], check=True, env=env)
            subprocess.run([*git, "push", "-q", "origin", "HEAD:main"], check=True)
    if changed:
        scene.user.run("deploy", "--yes", timeout=600)
    assert not _pinned_now(scene)


def _pinned_now(scene: Scene) -> bool:
    rows = scene.user.json("listener", "list")
    assert all(len(each["addresses"]) == 1 for each in rows), rows
    return all(each["asks_for"] == each["in_git"] == each["addresses"][0] for each in rows)


def _pinned(scene: Scene) -> None:
    assert _pinned_now(scene)


PROCEDURES = (
    Procedure(
        "listener-pin",
        ("listener", "pin"),
        start=_not_pinned,
        goal=_pinned,
        counters=(
            ("commits", Scene.commits),
            ("operations", Scene.operations),
            ("posts", Scene.posts),
            ("rolls", Scene.rolls),
        ),
        once=(("rolls", ()),),
        slow=True,
    ),
)
