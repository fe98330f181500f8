from tests.killing.procedure import Procedure
from tests.killing.scene import Scene

PODS = (
    *(f"prompt-kafka-controller-{i}" for i in range(3)),
    *(f"prompt-kafka-kafka-{i}" for i in range(3, 6)),
)
EACH = tuple((pod, 1) for pod in PODS)

PROCEDURES = (
    Procedure(
        "restart",
        ("restart",),
        counters=(("rolls", Scene.rolls), ("told", Scene.roll_events), ("posts", Scene.posts)),
        once=(("rolls", EACH), ("told", EACH)),
        again="",
        slow=True,
    ),
)

ONE = Procedure(
    "restart-one",
    ("restart", "prompt-kafka-kafka-4"),
    counters=(("rolls", Scene.rolls), ("told", Scene.roll_events), ("posts", Scene.posts)),
    once=(("rolls", (("prompt-kafka-kafka-4", 1),)), ("told", (("prompt-kafka-kafka-4", 1),))),
    again="",
)
"""The shortest that rolls something: for tests that need one, not for the list of all."""
