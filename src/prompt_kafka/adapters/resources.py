"""What the Kubernetes API says of a service, part by part: lists and gets, turned into values."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

from prompt_kafka.adapters import objects
from prompt_kafka.adapters.broker_log import TAIL, state_of
from prompt_kafka.clients.kinds import (
    DEPLOYMENT,
    KAFKA,
    NODE,
    NODE_POOL,
    POD,
    POD_SET,
    SECRET,
    TOPIC,
    USER,
    kind_of,
)
from prompt_kafka.clients.kubernetes import Forbidden, Kubernetes, NotFound, Object
from prompt_kafka.core.errors import PromptKafkaError, UsageError
from prompt_kafka.core.live import LiveObjects
from prompt_kafka.core.objects import Host, Nodes, Operator, Pod, ResourceState, Workload
from prompt_kafka.core.service import Environment, Target
from prompt_kafka.core.world import ObjectsOf

OPERATOR = "strimzi-cluster-operator"


class Resources:
    """The objects of one environment.

    Parameters
    ----------
    kubernetes, environment
        Where they are.
    pool
        Does what can be done at the same time.
    """

    def __init__(self, kubernetes: Kubernetes, environment: Environment, pool: Executor) -> None:
        self._kubernetes, self._environment, self._pool = kubernetes, environment, pool

    def kafka(self) -> Object:
        """Return the Kafka object.

        Raises
        ------
        UsageError
            There is none of that name, or it is not clear which one is meant.
        """
        environment = self._environment
        found = self._kubernetes.list(KAFKA, environment.namespace)
        named = [k for k in found if environment.cluster in ("", k["metadata"]["name"])]
        if len(named) == 1:
            return named[0]
        names = ", ".join(k["metadata"]["name"] for k in found) or "none"
        raise UsageError(
            f"no Kafka cluster {environment.cluster or 'can be chosen'}",
            where=f"namespace {environment.namespace}, context {self._kubernetes.context}",
            next=f"clusters there: {names}",
        )

    def target(self, kafka: Object) -> Target:
        """Return which service this is."""
        return Target(
            environment=self._environment.name,
            production=self._environment.production,
            context=self._kubernetes.context,
            cluster=kafka["metadata"]["name"],
            cluster_id=(kafka.get("status") or {}).get("clusterId", ""),
            pinned_id=self._environment.cluster_id,
        )

    def nodes(self, kafka: Object, pods: list[Object]) -> Nodes:
        """Return everything about the Kafka nodes."""
        namespace, name = kafka["metadata"]["namespace"], kafka["metadata"]["name"]
        labels = f"strimzi.io/cluster={name}"
        pools = self._pool.submit(self._kubernetes.list, NODE_POOL, namespace, labels=labels)
        pod_sets = self._pool.submit(self._kubernetes.list, POD_SET, namespace, labels=labels)
        operator = self._operator()
        seen = list(self._pool.map(self._with_state, [objects.pod(pod) for pod in pods]))
        found = sorted(seen, key=lambda pod: pod.node_id)
        return Nodes(
            kafka=objects.kafka_resource(kafka),
            pools=tuple(objects.node_pool(pool) for pool in pools.result()),
            pod_sets=tuple(objects.pod_set(pod_set) for pod_set in pod_sets.result()),
            pods=tuple(found),
            operator=operator,
        )

    def _with_state(self, pod: Pod) -> Pod:
        """Return a pod; the state of a broker that runs and is not Ready is read from its log, if need be."""
        if not pod.is_broker or pod.ready or pod.broker_state or pod.running_since is None:
            return pod
        try:
            log = self._kubernetes.logs(pod.name, self._environment.namespace, container="kafka", tail=TAIL)
        except PromptKafkaError:
            return pod
        return replace(pod, broker_state=state_of(log))

    def _operator(self) -> Operator | None:
        """Return the operator, None where it is not found or its namespace is closed to us."""
        try:
            deployment = self._kubernetes.find(DEPLOYMENT, OPERATOR, self._environment.operator_namespace)
        except Forbidden:
            return None
        return objects.operator(deployment) if deployment else None

    def hosts(self) -> tuple[Host, ...]:
        """Return the machines of the Kubernetes cluster."""
        return tuple(objects.host(obj) for obj in self._kubernetes.list(NODE))

    def workloads(self) -> tuple[Workload, ...]:
        """Return the Deployments of the service's namespace."""
        namespace = self._environment.namespace
        pods = self._pool.submit(self._kubernetes.list, POD, namespace)
        found = self._kubernetes.list(DEPLOYMENT, namespace)
        return tuple(objects.workload(obj, pods.result()) for obj in found)

    def topics_and_users(self) -> tuple[ResourceState, ...]:
        """Return the topic and user resources."""
        namespace = self._environment.namespace
        users = self._pool.submit(self._kubernetes.list, USER, namespace)
        found = [*self._kubernetes.list(TOPIC, namespace), *users.result()]
        return tuple(objects.resource_state(obj) for obj in found)

    def keys(self, secret: str) -> frozenset[str]:
        """Return which keys a Secret has."""
        found = self._kubernetes.find(SECRET, secret, self._environment.namespace)
        return frozenset((found or {}).get("data") or {})

    def objects(self, look: ObjectsOf) -> LiveObjects:
        """Return the objects of some kinds; a kind that may not be listed is said, and Secrets are not."""
        found: dict[tuple[str, str], Object] = {}
        unknown: dict[str, str] = {}
        for api_version, name in look.kinds:
            kind = kind_of({"apiVersion": api_version, "kind": name})
            if name == SECRET.kind:
                unknown[name] = "what it holds is never looked at"
                continue
            try:
                listed = self._kubernetes.list(kind, self._environment.namespace if kind.namespaced else None)
            except NotFound:
                continue
            except PromptKafkaError as error:
                unknown[name] = error.what
                continue
            found |= {(name, str(each["metadata"]["name"])): each for each in listed}
        return LiveObjects(found, unknown)
