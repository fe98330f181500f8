"""Topics altered and deleted."""

from tests.killing.procedure import Procedure
from tests.killing.scene import Scene

COUNTERS = (
    ("commits", Scene.commits),
    ("operations", Scene.operations),
    ("posts", Scene.posts),
    ("rolls", Scene.rolls),
)
NO_ROLL = (("rolls", ()),)
TOPIC = "butler-writer"


def _names(scene: Scene) -> set[str]:
    return {each["name"] for each in scene.user.json("topic", "list")["topics"]}


def _altered(scene: Scene) -> None:
    (topic,) = [each for each in scene.user.json("topic", "list")["topics"] if each["name"] == TOPIC]
    assert int(topic["settings"]["retention.ms"]) == (30 + scene.number) * 86_400_000, topic


def _to_delete(scene: Scene) -> None:
    name = f"going-{scene.number}"
    scene.user.run("topic", "create", name, "--subchart", name, "--yes")


def _deleted(scene: Scene) -> None:
    assert f"going-{scene.number}" not in _names(scene)


PROCEDURES = (
    Procedure(
        "topic-alter",
        ("topic", "alter", TOPIC, "--retention", "3{n}d"),
        goal=_altered,
        counters=COUNTERS,
        once=NO_ROLL,
        slow=True,
    ),
    Procedure(
        "topic-delete",
        ("topic", "delete", "going-{n}", "--confirm", "going-{n}"),
        start=_to_delete,
        goal=_deleted,
        counters=COUNTERS,
        once=NO_ROLL,
        slow=True,
    ),
)
