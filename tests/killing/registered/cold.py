from tests.killing.procedure import Procedure, healthy
from tests.killing.registered.restart import EACH
from tests.killing.scene import Scene

ACCEPT = tuple(
    word for each in ("snapshot-age", "producers", "reclaim-policy") for word in ("--accept", each)
)
SHUTDOWN = ("cold-shutdown", "--graceful", *ACCEPT)


def _pods(scene: Scene) -> list[str]:
    words = ("get", "pod", "-n", "prompt-kafka", "-l", "strimzi.io/pool-name", "-o", "name")
    return scene.user.kubectl(*words).split()


def _stopped(scene: Scene) -> None:
    assert not _pods(scene)


def _down(scene: Scene) -> None:
    if _pods(scene):
        scene.user.run(*SHUTDOWN, "--yes")


def _up(scene: Scene) -> None:
    if len(_pods(scene)) < len(EACH):
        scene.user.run("cold-startup", "--yes")
    healthy(scene)


PROCEDURES = (
    Procedure(
        "cold-shutdown",
        SHUTDOWN,
        start=_up,
        goal=_stopped,
        counters=(("rolls", Scene.rolls), ("posts", Scene.posts)),
        once=(("rolls", ()),),
        slow=True,
    ),
    Procedure(
        "cold-startup",
        ("cold-startup",),
        start=_down,
        counters=(("rolls", Scene.rolls), ("posts", Scene.posts)),
        once=(("rolls", EACH),),
        slow=True,
    ),
)
