from tests.killing.procedure import Procedure, healthy
from tests.killing.registered.restart import EACH
from tests.killing.scene import Scene

COUNTERS = (("commits", Scene.commits), ("operations", Scene.operations), ("rolls", Scene.rolls))


def _at(scene: Scene) -> tuple[str, str, str]:
    """Return the operator, Kafka and the metadata level that run."""
    found = scene.user.json("upgrade", "kafka")
    return found["operator"], found["kafka"], found["metadata"]


def _kafka_back(scene: Scene) -> None:
    if _at(scene)[1] != "4.1.1":
        scene.user.run("upgrade", "kafka", "4.1.1", "--yes", timeout=900)


def _kafka_there(scene: Scene) -> None:
    assert _at(scene)[1:] == ("4.2.0", "4.1-IV1")
    healthy(scene)


def _level_low(scene: Scene) -> None:
    _kafka_back(scene)
    if _at(scene)[2] != "4.0-IV3":
        scene.user.run("upgrade", "metadata", "4.0-IV3", "--yes")


def _level_there(scene: Scene) -> None:
    assert _at(scene)[2] == "4.1-IV1"
    healthy(scene)


def _operator_back(scene: Scene) -> None:
    _kafka_back(scene)
    if _at(scene)[0] != "0.50.1":
        scene.user.run("upgrade", "strimzi", "0.50.1", "--yes", timeout=900)


def _operator_there(scene: Scene) -> None:
    assert _at(scene)[0] == "0.51.0"
    healthy(scene)


PROCEDURES = (
    Procedure(
        "upgrade-kafka",
        ("upgrade", "kafka", "4.2.0"),
        start=_kafka_back,
        goal=_kafka_there,
        counters=COUNTERS,
        once=(("rolls", EACH),),
        slow=True,
    ),
    Procedure(
        "upgrade-metadata",
        ("upgrade", "metadata", "4.1-IV1", "--confirm", "lab"),
        start=_level_low,
        goal=_level_there,
        counters=COUNTERS,
        once=(("rolls", ()),),
        slow=True,
    ),
    Procedure(
        "upgrade-strimzi",
        ("upgrade", "strimzi", "0.51.0"),
        start=_operator_back,
        goal=_operator_there,
        counters=COUNTERS,
        once=(("rolls", EACH),),
        slow=True,
    ),
)
