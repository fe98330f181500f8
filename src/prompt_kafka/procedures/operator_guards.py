"""Refusals of *Upgrading Strimzi Operator*: everything that hangs on the operator, looked at one by one."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_kafka.core.errors import RefusedError
from prompt_kafka.core.installation import Installation, WatchedCluster
from prompt_kafka.core.upgrade_hops import CONVERSION, Standing
from prompt_kafka.core.upgrade_path import Goal, way
from prompt_kafka.core.versions import compare, key, release
from prompt_kafka.procedures.rendered import Manifest

GROUPS = ("kafka.strimzi.io", "core.strimzi.io")


def kubernetes_suffices(seen: Installation, target: str) -> None:
    """Refuse on a Kubernetes that is too old (``kubernetes-too-old``)."""
    wanted = release(target).kubernetes
    if seen.kubernetes and compare(seen.kubernetes, wanted) < 0:
        raise RefusedError(
            "kubernetes-too-old",
            f"operator {target} needs Kubernetes {wanted} or newer, and this is {seen.kubernetes}",
            next="the site upgrades Kubernetes first",
        )


def definitions_can_follow(seen: Installation, target: str) -> None:
    """Refuse where objects may still lie in a version that is no longer served (``stored-versions``)."""
    served = set(release(target).served)
    for each in seen.definitions:
        lost = sorted(set(each.stored) - served)
        if not lost:
            continue
        back = "v1" in lost
        raise RefusedError(
            "stored-versions",
            f"{each.name} has stored {', '.join(each.stored)}, and operator {target} serves "
            f"{', '.join(sorted(served))} only: the API server would refuse its definition",
            where=f"status.storedVersions of {each.name}",
            next="there is no way back below 0.49 any more"
            if back
            else f"on an operator of 0.49 to 0.51: {CONVERSION} convert-resource --all-namespaces, then "
            f"{CONVERSION} crd-upgrade; and do not sync the old definitions again",
        )


def charts_are_served(rendered: Iterable[Manifest], target: str, where: str) -> None:
    """Refuse where charts name an API version that is no longer served (``dropped-api``)."""
    served = release(target).served
    for each in rendered:
        group, _, version = str(each.get("apiVersion")).partition("/")
        if group in GROUPS and version not in served:
            name = (each.get("metadata") or {}).get("name")
            raise _dropped(f"{each.get('kind')} {name}", f"{group}/{version}", target, where)


def applied_are_served(cluster: WatchedCluster, target: str) -> None:
    """Refuse where a cluster's resources were applied in an API version that is dropped (``dropped-api``)."""
    served = release(target).served
    for each in cluster.applied:
        what, _, api = each.rpartition(" ")
        if api.partition("/")[2] not in served:
            raise _dropped(what, api, target, f"cluster {cluster.name}")


def _dropped(what: str, api: str, target: str, where: str) -> RefusedError:
    kept = release(target).served[0]
    return RefusedError(
        "dropped-api",
        f"{what} is {api}, which operator {target} does not serve",
        where=where,
        next=f"write it as {kept} ({CONVERSION} convert-file does it) and deploy that first",
    )


def every_cluster_is_seen(seen: Installation) -> None:
    """Refuse to move an operator whose clusters could not all be looked at (``not-seen``)."""
    if seen.unseen:
        namespace, because = seen.unseen[0]
        raise RefusedError(
            "not-seen",
            f"the operator watches {namespace}, and what is there is unknown, because {because}",
            next="have somebody who may look there run this",
        )


def cluster_is_run(seen: Installation, cluster: WatchedCluster, target: str) -> None:
    """Refuse an operator that would reject a cluster's Kafka (``would-reject``, ``version-not-set``)."""
    kafka, versions = cluster.kafka, release(target).kafka
    if not kafka.wanted_version:
        raise RefusedError(
            "version-not-set",
            f"Kafka {cluster.name} names no version: operator {target} would bring it to "
            f"{release(target).default} by itself",
            where=f"spec.kafka.version of {cluster.name}",
            next=f"set it to what runs now ({', '.join(cluster.running) or kafka.version or '?'})",
        )
    for version in dict.fromkeys((kafka.wanted_version, *cluster.running)):
        if version not in versions:
            raise RefusedError(
                "would-reject",
                f"operator {target} would reject Kafka {cluster.name}: it runs {version}, and {target} runs "
                f"{', '.join(versions)}",
                where=f"Kafka {cluster.name}",
                next=_first(seen, version, target),
            )


def _first(seen: Installation, version: str, target: str) -> str:
    """Return what that cluster must do before, in words."""
    if seen.operator is None:
        return "move that cluster first"
    level = next((c.kafka.metadata_version for c in seen.clusters if version in c.running), "")
    if level:
        at = Standing(seen.operator.version, version, level, seen.stored, seen.kubernetes)
        hops = way(at, Goal(operator=target))
        if hops:
            return "the way there, one at a time: " + "; ".join(hop.command for hop in hops)
    shared = [each for each in release(target).kafka if each in release(seen.operator.version).kafka]
    return f"bring that cluster to Kafka {shared[-1]} first" if shared else "there is an operator between"


def namespaces_stay(
    seen: Installation, charts: frozenset[str] | None, own: str, mine: str
) -> tuple[str, ...]:
    """Refuse charts that would drop a watched namespace (``watch-namespaces``); return those that come.

    Parameters
    ----------
    charts
        The namespaces that the charts name; None for all.
    own
        The operator's own namespace, which it always watches.
    mine
        The namespace of the service.
    """
    if charts is None:
        return ()
    wanted = charts | {own}
    if not seen.watched:
        lost = sorted({each.kafka.namespace for each in seen.clusters} - wanted)
    else:
        lost = sorted(set(seen.watched) - wanted)
    if mine not in wanted and mine not in lost:
        lost.append(mine)
    if lost:
        raise RefusedError(
            "watch-namespaces",
            f"the charts do not name {', '.join(lost)}, which the operator watches: the sync would leave its "
            "clusters without an operator",
            where="watchNamespaces of the operator's application",
            next="add it there and deploy that first",
        )
    return tuple(sorted(wanted - set(seen.watched))) if seen.watched else ()


def known(target: str) -> None:
    """Check that an operator version is in the table, and a version at all."""
    key(target)
    release(target)
