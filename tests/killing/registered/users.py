"""Users made, altered and deleted."""

from prompt_kafka.clients.kinds import USER
from tests.killing.procedure import Procedure
from tests.killing.registered.topics import COUNTERS, NO_ROLL
from tests.killing.scene import NAMESPACE, Scene


def _words(scene: Scene, name: str) -> str:
    """Return what the user may do, as the brokers agree."""
    (found,) = [each for each in scene.user.json("user", "list") if each["name"] == name]
    assert found["state"] == "Ready, brokers agree", found
    return str(found["words"])


def _created(scene: Scene) -> None:
    assert "may read `butler-writer`" in _words(scene, f"made-{scene.number}")


def _to_alter(scene: Scene) -> None:
    name = f"altered-{scene.number}"
    rights = ("--subchart", "butler-writer", "--may", f"read:butler-writer@{name}", "--may", "write:canary")
    scene.user.run("user", "create", name, *rights, "--yes")


def _altered(scene: Scene) -> None:
    said = _words(scene, f"altered-{scene.number}")
    assert "may read `butler-writer`" in said and "canary" not in said


def _to_delete(scene: Scene) -> None:
    name = f"going-{scene.number}"
    scene.user.run("user", "create", name, "--subchart", "butler-writer", "--may", "write:canary", "--yes")


def _deleted(scene: Scene) -> None:
    assert scene.kubernetes.find(USER, f"going-{scene.number}", NAMESPACE) is None


PROCEDURES = (
    Procedure(
        "user-create",
        ("user", "create", "made-{n}", "--subchart", "butler-writer", "--may", "read:butler-writer@made-{n}"),
        goal=_created,
        counters=COUNTERS,
        once=NO_ROLL,
        slow=True,
    ),
    Procedure(
        "user-alter",
        ("user", "alter", "altered-{n}", "--revoke", "write:canary"),
        start=_to_alter,
        goal=_altered,
        counters=COUNTERS,
        once=NO_ROLL,
        slow=True,
    ),
    Procedure(
        "user-delete",
        ("user", "delete", "going-{n}", "--confirm", "going-{n}"),
        start=_to_delete,
        goal=_deleted,
        counters=COUNTERS,
        once=NO_ROLL,
        slow=True,
    ),
)
