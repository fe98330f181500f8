import re

from tests.killing.procedure import Procedure
from tests.killing.scene import Scene

WORDS = ("topic", "create", "killed-{n}", "--subchart", "killed", "--user", "reader-{n}=read")


def _exists(scene: Scene) -> None:
    (topic,) = [
        each
        for each in scene.user.json("topic", "list")["topics"]
        if each["name"] == f"killed-{scene.number}"
    ]
    assert len(topic["partitions"]) == 3, topic
    users = scene.user.kubectl("get", "kafkauser", "-n", "prompt-kafka", "-o", "name")
    assert re.search(rf"/reader-{scene.number}$", users, re.M)


PROCEDURES = (
    Procedure(
        "topic-create",
        WORDS,
        goal=_exists,
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
