"""An environment written and taken away; the operator's namespaces."""

from prompt_kafka.clients.kubernetes import AlreadyExists
from tests.killing.procedure import Procedure
from tests.killing.scene import Scene

COMMITS = (("commits", Scene.commits), ("posts", Scene.posts), ("rolls", Scene.rolls))
NO_ROLL = (("rolls", ()),)
LIKE = ("--from", "lab", "--set", "fqdn=made.example.org")


def _names(scene: Scene) -> set[str]:
    return {each["name"] for each in scene.user.json("environment", "list")}


def _created(scene: Scene) -> None:
    assert f"made-{scene.number}" in _names(scene)


def _to_delete(scene: Scene) -> None:
    scene.user.run("environment", "create", f"going-{scene.number}", *LIKE, "--yes")


def _deleted(scene: Scene) -> None:
    assert f"going-{scene.number}" not in _names(scene)


def _namespace(scene: Scene) -> None:
    name = f"watched-{scene.number}"
    try:
        scene.kubernetes.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    except AlreadyExists:
        pass


def _watched(scene: Scene) -> None:
    found = {each["namespace"]: each for each in scene.user.json("operator", "namespaces", "list")}
    assert found[f"watched-{scene.number}"]["live"], found


PROCEDURES = (
    Procedure(
        "environment-create",
        ("environment", "create", "made-{n}", *LIKE),
        goal=_created,
        counters=COMMITS,
        once=(*NO_ROLL, ("posts", ())),
        slow=True,
    ),
    Procedure(
        "environment-delete",
        ("environment", "delete", "going-{n}", "--confirm", "going-{n}"),
        start=_to_delete,
        goal=_deleted,
        counters=COMMITS,
        once=(*NO_ROLL, ("posts", ())),
        slow=True,
    ),
    Procedure(
        "operator-namespaces",
        ("operator", "namespaces", "add", "watched-{n}"),
        start=_namespace,
        goal=_watched,
        counters=(*COMMITS, ("operations", Scene.operations)),
        once=NO_ROLL,
        slow=True,
    ),
)
