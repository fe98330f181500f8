"""What *deploy* and *rollback* do alike once it is known which objects are to come: order, steps, proof.

Secrets, users, topics, then Kafka, then everything, never with prune: no order of this can delete anything.
Each part is proved before the next is asked for, and the end is *really finished* and the brokers' own word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from prompt_kafka.core.actions import Observe
from prompt_kafka.core.agreed import BrokersHave, ResourceAgrees, ResourceReady
from prompt_kafka.core.conditions import Condition, OperatorRuns, TargetIs
from prompt_kafka.core.configured import WRITTEN_ANYWAY, said
from prompt_kafka.core.delivery import Application, GitState
from prompt_kafka.core.live import leaves
from prompt_kafka.core.plan import Step
from prompt_kafka.core.world import INSTANT, Look, Part, World
from prompt_kafka.procedures import delivery, git_guards, rollout_guards
from prompt_kafka.procedures.authoring.show import difference_shown
from prompt_kafka.procedures.passwords import passwords
from prompt_kafka.procedures.proof import finished
from prompt_kafka.procedures.rendered import Difference, Key, Manifest, by_key, difference, topic_name
from prompt_kafka.procedures.roll_steps import roll_pod_set
from prompt_kafka.procedures.rolls import Effect, effects
from prompt_kafka.procedures.table import Means

LOOKS: frozenset[Look] = INSTANT | {Part.GIT, Part.APPLICATIONS, Part.RESOURCES, Part.SETTINGS}
"""What must be in the World."""

ROLL_S = 3600.0
"""So long a roll of every node may take."""

ORDER = (
    ("secrets", ("VaultSecret", "Secret")),
    ("users", ("KafkaUser",)),
    ("topics", ("KafkaTopic",)),
    ("Kafka and its nodes", ("ConfigMap", "KafkaNodePool", "Kafka")),
)


def ground(world: World, means: Means) -> tuple[GitState, Application]:
    """Return what there is to begin with: the branch, and the Application that follows it.

    Raises
    ------
    RefusedError
        By the rules of :mod:`~prompt_kafka.procedures.guards` and :mod:`~prompt_kafka.procedures.git_guards`.
    """
    return git_guards.ground(
        world,
        means.environment.application,
        ("topics and users", world.resources),
        ("the nodes", world.nodes),
    )


@dataclass(frozen=True, slots=True)
class Rollout:
    """What is to come, and from what.

    Attributes
    ----------
    before, after
        The objects that are deployed, and those that are wanted.
    revision
        The commit that is brought; empty for the one that the run makes.
    besides
        Objects, as ``Kind name``, that commits after that one change.
    """

    world: World
    git: GitState
    argo: Application
    canary: bool
    stable_s: float
    before: tuple[Manifest, ...]
    after: tuple[Manifest, ...]
    revision: str = ""
    besides: tuple[str, ...] = ()

    @property
    def brought(self) -> Difference:
        """What is different from what is deployed."""
        return difference(self.before, self.after)

    @property
    def due(self) -> frozenset[Key]:
        """What is to be synced: what is brought, and what is not in the cluster as Git has it."""
        brought, wanted = self.brought, by_key(self.after)
        drifted = {key for key in wanted if " ".join(key) in self.argo.different}
        return frozenset({*brought.added, *brought.changed, *drifted})

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What it does to running nodes."""
        return tuple(effects(by_key(self.before), self.brought, self.world.settings.known))

    @property
    def taken_away(self) -> tuple[str, ...]:
        """The brokers' settings that are to be Kafka's own defaults again."""
        settings, old, new = self.world.settings.known, by_key(self.before), by_key(self.after)
        told = {name for each in (settings.brokers.values() if settings else ()) for name in each}
        keys = [key for key in self.due if key[0] == "Kafka" and key in old]
        gone = {path[-1] for key in keys for path, _ in leaves(_config(old[key]))}
        gone -= {path[-1] for key in keys for path, _ in leaves(_config(new[key]))}
        return tuple(sorted(gone & told - WRITTEN_ANYWAY))


def guard(rollout: Rollout) -> rollout_guards.Levels:
    """Refuse what must not come."""
    rollout_guards.would_delete(rollout.argo, rollout.brought)
    wanted = by_key(rollout.after)
    due = sorted(key for key in rollout.due if key[0] == "KafkaTopic")
    rollout_guards.layouts(rollout.world, (wanted[key] for key in due))
    return rollout_guards.versions(rollout.world, rollout.after)


def steps(rollout: Rollout, levels: rollout_guards.Levels) -> Iterator[Step]:
    """Yield the steps after the commit, where there is one."""
    argo, git, needs = rollout.argo, rollout.git, _needs(rollout)
    restarts = any(each.restarts for each in rollout.effects)
    yield delivery.compare(argo, needs, hard=True, revision=rollout.revision)
    everything = delivery.sync_everything(
        argo, git, needs, revision=rollout.revision, besides=rollout.besides
    )
    if argo.automated:
        why = "Argo CD syncs by itself, all at once; where it does not, it is asked to. Nothing is pruned"
        yield replace(everything, why=why, disruptive=restarts, irreversible=levels.rises)
    else:
        yield from _in_order(rollout, levels, restarts)
        yield everything
    yield from _restart_what_stays(rollout)
    yield prove(rollout)


def _needs(rollout: Rollout) -> tuple[Condition, ...]:
    return (TargetIs(rollout.world.target.cluster_id),)


def _in_order(rollout: Rollout, levels: rollout_guards.Levels, restarts: bool) -> Iterator[Step]:
    wanted = by_key(rollout.after)
    nodes = rollout.world.nodes.known
    home = nodes.kafka.namespace if nodes else ""
    for what, kinds in ORDER:
        chosen = sorted((key for key in rollout.due if key[0] in kinds), key=lambda k: (kinds.index(k[0]), k))
        if what == "users":
            yield from passwords(rollout.after, rollout.world, (name for _, name in chosen))
        if not chosen:
            continue
        proof: tuple[Condition, ...] = ()
        if what in ("users", "topics"):
            proof = tuple(ResourceReady(*key) for key in chosen)
        step = delivery.sync_some(
            rollout.argo,
            rollout.git,
            what,
            (delivery.synced(wanted[key], home) for key in chosen),
            needs=_needs(rollout),
            proof=proof,
            revision=rollout.revision,
        )
        kafka = kinds[-1] == "Kafka"
        yield replace(step, disruptive=restarts, irreversible=levels.rises) if kafka else step
        if kafka:
            yield _follow(rollout)


def _restart_what_stays(rollout: Rollout) -> Iterator[Step]:
    """Yield the restart of the brokers that started with a setting that is taken away."""
    settings, nodes = rollout.world.settings.known, rollout.world.nodes.known
    staying = [name for name in rollout.taken_away if settings is not None and settings.stays(name)]
    if not staying or nodes is None:
        return
    why = f"they started with {', '.join(staying)}: the operator takes back only what it set while they ran"
    for pod_set in nodes.pod_sets:
        brokers = [pod for pod in nodes.pods if pod.pool == pod_set.pool and pod.is_broker]
        if brokers:
            yield roll_pod_set(nodes, pod_set.name, brokers, (*_needs(rollout), OperatorRuns()), why=why)


def _follow(rollout: Rollout) -> Step:
    return Step(
        title="follow the operator until Kafka is really finished",
        why="that Argo CD says Healthy means that the objects were accepted, no more",
        action=Observe(),
        proof=(finished(rollout.world, canary=False, stable_s=rollout.stable_s),),
        timeout_s=ROLL_S,
    )


def prove(rollout: Rollout) -> Step:
    """Return the last step: the service is really finished, and the brokers have what was brought."""
    return Step(
        title="prove that it is really finished, by the brokers' own word",
        why="neither Argo CD nor the operator is asked here",
        action=Observe(),
        proof=(
            *proofs(rollout),
            finished(rollout.world, canary=rollout.canary, stable_s=rollout.stable_s),
        ),
        timeout_s=ROLL_S,
    )


def proofs(rollout: Rollout) -> tuple[Condition, ...]:
    """Return what must hold of what was brought: settings, topics, users."""
    wanted, found = by_key(rollout.after), list[Condition]()
    settings, usual = tuple(_settings(rollout)), rollout.taken_away
    if settings or usual:
        found.append(BrokersHave(settings, usual))
    for kind, name in sorted(rollout.due):
        if kind == "KafkaUser":
            found.append(ResourceReady(kind, name))
        elif kind == "KafkaTopic":
            found.append(_agrees(name, wanted[kind, name]))
    return tuple(found)


def _agrees(name: str, manifest: Manifest) -> Condition:
    spec = manifest.get("spec") or {}
    if spec.get("partitions") is None or spec.get("replicas") is None:
        return ResourceReady("KafkaTopic", name)
    config = tuple(sorted((str(key), said(value)) for key, value in (spec.get("config") or {}).items()))
    return ResourceAgrees(topic_name(manifest), name, spec["partitions"], spec["replicas"], config)


def _settings(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """Yield the brokers' settings that are brought, as far as the brokers tell them."""
    settings, old, brought = rollout.world.settings.known, by_key(rollout.before), rollout.brought
    told = {name for each in (settings.brokers.values() if settings else ()) for name in each}
    for key in sorted(rollout.due):
        if key[0] != "Kafka":
            continue
        wanted = next(m for m in rollout.after if m["kind"] == "Kafka" and m["metadata"]["name"] == key[1])
        before = dict(leaves(_config(old.get(key, {}))))
        drifted = key not in brought.all
        for path, value in leaves(_config(wanted)):
            if path[-1] in told and (drifted or before.get(path) != value):
                yield path[-1], said(value)


def _config(kafka: Manifest) -> Manifest:
    config = ((kafka.get("spec") or {}).get("kafka") or {}).get("config") or {}
    return {str(name): value for name, value in config.items()}


def shown(rollout: Rollout) -> tuple[str, ...]:
    """Return what is different in each object, as text."""
    return difference_shown(by_key(rollout.before), rollout.brought)


def left(rollout: Rollout) -> Iterator[str]:
    """Yield what Git no longer has: it stays, with the line that deletes it."""
    context = rollout.world.target.context
    nodes = rollout.world.nodes.known
    for kind, name in sorted(rollout.brought.removed):
        lost = " and its messages" if kind == "KafkaTopic" else ""
        space = f" -n {nodes.kafka.namespace}" if nodes else ""
        yield (
            f"Git no longer has {kind} {name}: it stays. To delete it{lost}, by hand: "
            f"kubectl --context {context} delete {kind.lower()} {name}{space}"
        )
