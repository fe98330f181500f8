"""The kubelet of all the lab's nodes: places pods, runs them, and tells the API how they are.

It speaks only the Kubernetes API, so it serves the lab's server as well as a real one. Everything it decides
from what it sees; what a process needs to be adopted after it was killed is in the pod's folder.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from prompt_kafka.clients.files import write_atomic
from prompt_kafka.clients.kinds import CONFIG_MAP, LEASE, NODE, POD, SECRET, SERVICE
from prompt_kafka.clients.kubernetes import AlreadyExists, Conflict, Kubernetes, NotFound, Object
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.lab import processes
from prompt_kafka.lab.controller import Controller
from prompt_kafka.lab.informer import Informer, Key, key_of
from prompt_kafka.lab.kubelet import images, nodes
from prompt_kafka.lab.kubelet.addresses import DNS_LATE, Addresses, balancer_of, hosts, ingress_of
from prompt_kafka.lab.kubelet.events import Recorder
from prompt_kafka.lab.kubelet.images import KafkaImage, OperatorImage
from prompt_kafka.lab.kubelet.kafka import KafkaStarter
from prompt_kafka.lab.kubelet.mounts import Mounts
from prompt_kafka.lab.kubelet.node import ORPHAN_GRACE, NodeRuntime
from prompt_kafka.lab.kubelet.records import containers
from prompt_kafka.lab.kubelet.runtime import AbsentRuntime, HostedRuntime, Runtime, Surroundings
from prompt_kafka.lab.kubelet.status import differs, unschedulable
from prompt_kafka.lab.kubelet.volumes import Volumes
from prompt_kafka.lab.state import LabState

log = logging.getLogger(__name__)

LEASE_KEY = ("kube-system", "lab-controllers")
HOUSEKEEPING = 1.0
#: How long a pod's load balancer may take to get its address.
BALANCER_PATIENCE = 10.0


class Kubelet:
    """Runs the pods of a lab.

    Parameters
    ----------
    kubernetes
        The API.
    state
        The lab's folder.
    starter
        Prepares Kafka nodes.
    """

    def __init__(
        self,
        kubernetes: Kubernetes,
        state: LabState,
        starter: KafkaStarter | None = None,
        *,
        clock: Clock = SYSTEM,
    ) -> None:
        self._kubernetes = kubernetes
        self._state = state
        self._clock = clock
        self._network = state.settings.network
        self._pods = Informer(kubernetes, POD, clock=clock)
        self._nodes = Informer(kubernetes, NODE, clock=clock)
        self._services = Informer(kubernetes, SERVICE, clock=clock)
        self._config_maps = Informer(kubernetes, CONFIG_MAP, clock=clock)
        self._secrets = Informer(kubernetes, SECRET, clock=clock)
        self._leases = Informer(kubernetes, LEASE, LEASE_KEY[0], clock=clock)
        self._informers = (
            *(self._nodes, self._services, self._config_maps, self._secrets, self._leases),
            self._pods,
        )
        self._volumes = Volumes(kubernetes, state, self._pods, clock=clock)
        self._addresses = Addresses(self._network, state.root / "addresses.json")
        self._hosts_lock = threading.Lock()
        self._hosts_text = ""
        self._given: dict[Key, str] = {}
        self._placing = threading.Lock()
        self._places: dict[Key, str] = {}
        self._bound: dict[str, str] = {}
        self._runtimes: dict[Key, Runtime] = {}
        self._patience: dict[str, float] = {}
        self._hosted = False
        self._stopping = threading.Event()
        self._events = Recorder(kubernetes, clock=clock)
        self._controller = Controller("kubelet", self._reconcile, clock=clock, workers=8)
        self._around = Surroundings(
            kubernetes=kubernetes,
            state=state,
            clock=clock,
            events=self._events,
            mounts=Mounts(self._config_maps.get, self._secrets.get, self._volumes.folder),
            starter=starter or KafkaStarter(state.hosts),
            address=self._address,
            node_held=lambda name: nodes.is_held(self._nodes.get("", name)),
            publish_hosts=self._publish_hosts,
            hosted_alive=lambda: self._hosted,
            look=lambda namespace, name: self._controller.add((namespace, name)),
        )
        self._housekeeper = threading.Thread(target=self._keep_house, name="housekeeping", daemon=True)

    @property
    def pods(self) -> list[Object]:
        """The pods as last seen."""
        return self._pods.items()

    def start(self) -> None:
        """Register the nodes, adopt what runs, and begin to act; returns when every pod was looked at."""
        nodes.register(self._kubernetes, self._network, self._around.now())
        for informer in self._informers:
            informer.start()
        for informer in self._informers:
            informer.wait_synced()
        self._volumes.start()
        self._hosted = self._lease_is_fresh()
        self._adopt()
        first = {key_of(pod) for pod in self._pods.items()}
        for key in first:
            self._reconcile(key)
        self._pods.on_change(self._controller.enqueue)
        self._nodes.on_change(self._node_changed)
        self._config_maps.on_change(self._files_changed)
        self._secrets.on_change(self._files_changed)
        self._services.on_change(self._service_changed)
        self._controller.start()
        self._housekeeper.start()

    def stop(self) -> None:
        """Stop acting; the processes live on."""
        self._stopping.set()
        self._controller.stop()
        self._volumes.stop()
        for runtime in list(self._runtimes.values()):
            runtime.release()
        for informer in self._informers:
            informer.stop()

    def report_ended(self) -> None:
        """Tell the API once more how the containers are, after the processes were ended from outside."""
        for pod in self._pods.items():
            runtime = self._runtimes.get(key_of(pod))
            if isinstance(runtime, NodeRuntime) and runtime.uid == pod["metadata"]["uid"]:
                runtime.report_ended(pod)

    # One pod

    def _reconcile(self, key: Key) -> float | None:
        pod = self._pods.get(*key)
        runtime = self._runtimes.get(key)
        if runtime is not None and (pod is None or pod["metadata"]["uid"] != runtime.uid):
            left = runtime.gone()
            if left is not None:
                return left
            del self._runtimes[key]
            runtime = None
        if pod is None:
            self._publish_hosts()
            self._given.pop(key, None)
            return None
        if not pod["spec"].get("nodeName"):
            return self._place(pod)
        if pod["spec"]["nodeName"] not in nodes.NAMES:
            return None
        self._places[key] = pod["spec"]["nodeName"]
        if runtime is None:
            runtime = self._runtimes[key] = self._runtime(pod)
        return runtime.sync(pod)

    def _runtime(self, pod: Object) -> Runtime:
        kinds = {images.of(container["image"]) for container in pod["spec"]["containers"]}
        if len(kinds) == 1:
            kind = next(iter(kinds))
            if isinstance(kind, KafkaImage):
                return NodeRuntime(pod, kind, self._around)
            if isinstance(kind, OperatorImage):
                return HostedRuntime(pod, self._around)
        return AbsentRuntime(pod, self._around)

    def _place(self, pod: Object) -> float | None:
        if pod["metadata"].get("deletionTimestamp"):
            try:
                self._kubernetes.delete(POD, pod["metadata"]["name"], pod["metadata"]["namespace"], grace=0)
            except NotFound:
                pass
            return None
        key = key_of(pod)
        with self._placing:
            others = [self._placed(other) for other in self._pods.items() if key_of(other) != key]
            name, why = nodes.choose(pod, self._nodes.items(), others, self._places.get(key))
            if name is not None:
                self._bound[pod["metadata"]["uid"]] = name
        if name is None:
            status = unschedulable(pod, why, self._around.now())
            if differs(pod, status):
                self._events(pod, "FailedScheduling", why, action="Scheduling", warning=True)
                body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
                self._kubernetes.patch(POD, key[1], key[0], body, subresource="status")
            return 1.0
        self._bind(pod, name)
        return None

    def _placed(self, pod: Object) -> Object:
        """Return a pod with the node to which it is just being bound."""
        place = self._bound.get(pod["metadata"]["uid"])
        return {**pod, "spec": {**pod["spec"], "nodeName": place}} if place else pod

    def _bind(self, pod: Object, node: str) -> None:
        namespace, name = key_of(pod)
        try:
            self._kubernetes.bind(name, namespace, node, uid=pod["metadata"]["uid"])
        except (NotFound, Conflict, AlreadyExists):
            self._bound.pop(pod["metadata"]["uid"], None)
            return
        self._events(
            pod, "Scheduled", f"Successfully assigned {namespace}/{name} to {node}", action="Binding"
        )

    def _address(self, pod: Object) -> str | None:
        key = key_of(pod)
        service = balancer_of(pod, self._services.items(key[0]))
        ip = ingress_of(service) if service is not None else None
        if service is not None and ip is None:
            begun = self._patience.setdefault(pod["metadata"]["uid"], self._clock.monotonic())
            if self._clock.monotonic() - begun < BALANCER_PATIENCE:
                return None
        ip = ip or self._addresses.of(*key)
        self._given[key] = ip
        return ip

    def _publish_hosts(self) -> None:
        with self._hosts_lock:
            pods = []
            for pod in self._pods.items():
                given = self._given.get(key_of(pod))
                if given and not (pod.get("status") or {}).get("podIP"):
                    pod = {**pod, "status": {**(pod.get("status") or {}), "podIP": given}}
                pods.append(pod)
            late = self._state.faults.has(DNS_LATE)
            text = hosts(() if late else pods, () if late else self._services.items())
            if text != self._hosts_text or not self._state.hosts.exists():
                write_atomic(self._state.hosts, text)
                self._hosts_text = text

    # What else changes

    def _node_changed(self, _event: str, node: Object) -> None:
        nodes.write_status(self._kubernetes, node, self._network, self._around.now())
        for pod in self._pods.items():
            if pod["spec"].get("nodeName") in (None, "", node["metadata"]["name"]):
                self._controller.enqueue("", pod)

    def _files_changed(self, _event: str, obj: Object) -> None:
        for pod in self._pods.items(obj["metadata"]["namespace"]):
            for volume in pod["spec"].get("volumes") or ():
                sources = (volume.get("configMap") or {}, volume.get("secret") or {})
                if obj["metadata"]["name"] in (sources[0].get("name"), sources[1].get("secretName")):
                    self._controller.enqueue("", pod)

    def _service_changed(self, _event: str, _service: Object) -> None:
        self._publish_hosts()

    def _lease_is_fresh(self) -> bool:
        lease = self._leases.get(*LEASE_KEY)
        spec = (lease or {}).get("spec") or {}
        if not spec.get("renewTime") or not spec.get("holderIdentity"):
            return False
        age = self._clock.now() - datetime.fromisoformat(spec["renewTime"])
        return age < timedelta(seconds=float(spec.get("leaseDurationSeconds") or 3) + 1.0)

    def _keep_house(self) -> None:
        while not self._clock.sleep(HOUSEKEEPING, self._stopping):
            fresh = self._lease_is_fresh()
            if fresh != self._hosted:
                self._hosted = fresh
                for pod in self._pods.items():
                    self._controller.enqueue("", pod)
            self._publish_hosts()
            for runtime in list(self._runtimes.values()):
                if isinstance(runtime, NodeRuntime):
                    runtime.trim_log()

    def _adopt(self) -> None:
        """End the processes of pods that went away while nobody looked; the others are adopted as met."""
        wanted = set()
        for namespace, name, record in containers(self._state.pods):
            pod = self._pods.get(namespace, name)
            if pod is not None and pod["metadata"]["uid"] == record.uid:
                wanted.add(record.process)
            else:
                self._state.pod(namespace, name).container.unlink(missing_ok=True)
        # Some were started and not yet written down when their kubelet was killed.
        unwanted = [each for each in processes.marked(self._state.root, pods=True) if each not in wanted]
        for process in unwanted:
            log.info("ending pid %d: no pod wants it", process.pid)
        processes.stop(unwanted, ORPHAN_GRACE, clock=self._clock)
