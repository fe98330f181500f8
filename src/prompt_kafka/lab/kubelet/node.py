"""A pod that is a Kafka node: one Java process, adopted or started, probed, restarted and ended."""

from __future__ import annotations

import logging
import signal
import threading
from dataclasses import replace
from datetime import datetime

from prompt_kafka.clients.kubernetes import Object
from prompt_kafka.core.errors import PromptKafkaError
from prompt_kafka.lab import processes
from prompt_kafka.lab.kubelet.backoff import Backoff
from prompt_kafka.lab.kubelet.configuration import ConfigurationError
from prompt_kafka.lab.kubelet.images import KafkaImage
from prompt_kafka.lab.kubelet.kafka import StartError
from prompt_kafka.lab.kubelet.mounts import MountError
from prompt_kafka.lab.kubelet.nodes import is_held
from prompt_kafka.lab.kubelet.probes import NodeProbe
from prompt_kafka.lab.kubelet.records import ContainerRecord
from prompt_kafka.lab.kubelet.runtime import PodRuntime, Surroundings
from prompt_kafka.lab.kubelet.status import ContainerView, waiting
from prompt_kafka.lab.processes import UNKNOWN_EXIT, Process

log = logging.getLogger(__name__)

LOG_LIMIT = 32 * 1024 * 1024
#: A process whose object has vanished gets this long.
ORPHAN_GRACE = 2.0
#: What a pod waits for is told once it has been missing for so long.
PATIENCE = 2.0


class NodeRuntime(PodRuntime):
    """One Kafka node.

    Parameters
    ----------
    pod
        Its object.
    image
        Which Kafka it is.
    around
        What surrounds it.
    """

    def __init__(self, pod: Object, image: KafkaImage, around: Surroundings) -> None:
        super().__init__(pod, around)
        self._image = image
        self._container: Object = pod["spec"]["containers"][0]
        self._backoff = Backoff(around.factor)
        self._probe: NodeProbe | None = None
        self._terminating = 0.0
        self._trouble, self._troubled = "", 0.0
        record = ContainerRecord.load(self.folder.container)
        if record is not None and record.uid == self.uid:
            self._record = record
            self._ip = record.ip or self._ip
            if record.alive:
                log.info("adopted %s/%s, pid %d", self.namespace, self.name, record.pid)
                self._watch(adopted=True)
        else:
            self.clean()
            self.set_logs_aside()
            self._record = ContainerRecord(self.uid, self._container["image"])

    # What the kubelet asks

    def sync(self, pod: Object) -> float | None:
        """Bring the node nearer to what its object asks for."""
        held = self.around.node_held(pod["spec"]["nodeName"])
        if held or is_held(pod):
            return self._hold(pod, held)
        if pod["metadata"].get("deletionTimestamp"):
            return self._terminate(pod)
        if self._record.alive:
            self.around.mounts.refresh(pod, self.folder.rootfs)
            self._write(pod)
            return None
        self._note_end(pod)
        left = self._backoff.left(self.around.clock.monotonic())
        if left > 0:
            self._write(pod)
            return left
        return self._start(pod)

    def gone(self) -> float | None:
        """End the process of a pod whose object has vanished."""
        process = self._record.process
        now = self.around.clock.monotonic()
        if process is not None and process.alive():
            if not self._terminating:
                self._terminating = now
                process.signal(signal.SIGTERM)
            elif now - self._terminating >= ORPHAN_GRACE:
                process.signal(signal.SIGKILL)
            return 0.1
        self._stop_probe()
        self.clean()
        return None

    def release(self) -> None:
        """Let go of the process without ending it."""
        self._stop_probe()

    def report_ended(self, pod: Object) -> None:
        """Note down and tell that the process was ended with the lab."""
        if not self._record.alive:
            self._note_end(pod)
            self._write(pod, held="NodeNotReady")

    def trim_log(self) -> None:
        """Keep the log of a long-running node from growing without end."""
        processes.trim(self.folder.log(self._container["name"]), LOG_LIMIT)

    # Its life

    def _start(self, pod: Object) -> float | None:
        ip = self.ip(pod)
        if ip is None:
            self._write(pod)
            return 0.1
        name = self._container["name"]
        try:
            self.around.mounts.lay_out(pod, self.folder.rootfs)
            self._say_trouble(pod, "", "")
            self.around.publish_hosts()
            launch = self.around.starter.prepare(pod, self._image, self.folder.rootfs, ip)
        except MountError as error:
            self._say_trouble(pod, "FailedMount", str(error))
            self._write(pod)
            return 0.2
        except (StartError, ConfigurationError) as error:
            return self._fail(pod, error.what)
        except PromptKafkaError as error:
            self._say_trouble(pod, "ImageNotInLab", str(error))
            self._write(pod)
            return 5.0
        processes.rotate(self.folder.log(name))
        self.folder.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.log(name).write_text(launch.said)
        process = processes.start(
            launch.command,
            state=self.around.state.root,
            log=self.folder.log(name),
            env={**launch.env, processes.POD_MARK: f"{self.namespace}/{self.name}"},
            cwd=launch.cwd,
        )
        configuration = launch.configuration
        self._record = replace(
            self._record.with_process(process, self.around.now()),
            env=launch.env,
            cwd=str(launch.cwd),
            roles=tuple(sorted(configuration.roles)),
            ports=configuration.ports,
            ip=ip,
        )
        self._record.save(self.folder.container)
        self._watch()
        self._write(pod)
        self.around.events(pod, "Started", f"Started container {name}", action="Starting")
        return None

    def _fail(self, pod: Object, message: str) -> float | None:
        """Let the container end as its start script would, with a message in its log."""
        name = self._container["name"]
        processes.rotate(self.folder.log(name))
        self.folder.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.log(name).write_text(message + "\n")
        now = self.around.now()
        begun = self._record.with_process(Process(0, 0, ""), now)
        self._end(pod, replace(begun, ip=self._ip), 1)
        self._write(pod)
        return self._backoff.left(self.around.clock.monotonic()) or 0.01

    def _note_end(self, pod: Object) -> None:
        process = self._record.process
        if process is None or self._record.ended is not None:
            return
        self._stop_probe()
        code = process.exit_code()
        process.forget()
        self._end(pod, self._record, UNKNOWN_EXIT if code is None else code)

    def _end(self, pod: Object, record: ContainerRecord, code: int) -> None:
        now = self.around.clock.now()
        ran = (now - datetime.fromisoformat(record.started_at)).total_seconds()
        ended = {
            "exitCode": code,
            "reason": "Completed" if code == 0 else "Error",
            "startedAt": record.started_at,
            "finishedAt": self.around.now(),
        }
        self._record = replace(record, ended=ended)
        self._record.save(self.folder.container)
        self._backoff.ended(self.around.clock.monotonic(), ran)
        if self._backoff.crashing and not pod["metadata"].get("deletionTimestamp"):
            self.around.events(
                pod,
                "BackOff",
                f"Back-off restarting failed container {self._container['name']} in pod {self.name}",
                warning=True,
            )

    def _terminate(self, pod: Object) -> float | None:
        process = self._record.process
        if process is None or not process.alive():
            self._stop_probe()
            if process is not None:
                process.forget()
            self.finish()
            return None
        left = self.grace_left(pod)
        now = self.around.clock.monotonic()
        if not self._terminating:
            self._terminating = now
            note = f"Stopping container {self._container['name']}"
            process.signal(signal.SIGTERM)
            self.around.events(pod, "Killing", note, action="Stopping")
        # A time stamp has whole seconds: a grace of one second would be none.
        left = max(left, self._terminating + 1.0 - now) if left > -1.0 else left
        if left <= 0:
            process.signal(signal.SIGKILL)
            return 0.1
        return left

    def _hold(self, pod: Object, node: bool) -> float | None:
        process = self._record.process
        if process is not None and process.alive():
            process.signal(signal.SIGKILL)
            process.wait(5.0)
        self._note_end(pod)
        if pod["metadata"].get("deletionTimestamp") and not node:
            return self._terminate(pod)
        self._write(pod, held="NodeNotReady" if node else "Held")
        return None

    # What is seen of it

    def _watch(self, *, adopted: bool = False) -> None:
        """Probe the process, and look again when it ends."""
        process, record = self._record.process, self._record
        assert process is not None
        threading.Thread(target=self._await_end, args=(process,), name="exit", daemon=True).start()
        self._stop_probe()
        around = self.around
        self._probe = NodeProbe(
            self.name, self.folder, record, self._container, around.factor, self.look, around.clock
        )
        self._probe.start(at_once=adopted)

    def _await_end(self, process: Process) -> None:
        process.wait()
        self.look()

    def _stop_probe(self) -> None:
        if self._probe is not None:
            self._probe.stop()
            self._probe = None

    def _say_trouble(self, pod: Object, reason: str, message: str) -> None:
        now = self.around.clock.monotonic()
        if message != self._trouble:
            self._trouble, self._troubled = message, now
        elif message and now - self._troubled > PATIENCE:
            self.around.events(pod, reason, message, warning=True)
            self._troubled = float("inf")

    def _write(self, pod: Object, held: str = "") -> None:
        record, probe = self._record, self._probe
        alive = record.alive
        state: Object
        if alive:
            state = {"running": {"startedAt": record.started_at}}
        elif held or record.ended is not None:
            state = {"terminated": dict(record.ended)} if record.ended else waiting("Held")
            if not held and self._backoff.left(self.around.clock.monotonic()) > 0:
                state = waiting(
                    "CrashLoopBackOff", f"back-off restarting failed container in pod {self.name}"
                )
        elif "not in the cache" in self._trouble or "lab cannot run" in self._trouble:
            state = waiting("ImageNotInLab", self._trouble)
        else:
            state = waiting("ContainerCreating", self._trouble)
        ready = alive and probe is not None and probe.ready and not held
        view = ContainerView(
            name=self._container["name"],
            image=self._container["image"],
            state=state,
            ready=ready,
            restarts=record.restarts,
            last=record.ended if "waiting" in state and record.ended else record.last,
            id=f"prompt-kafka-lab://{record.pid}-{record.start_time}" if record.pid else "",
        )
        broker = pod["metadata"].get("labels", {}).get("strimzi.io/broker-role") == "true"
        known = probe.state if alive and probe is not None else 0
        self.write(pod, [view], unready=held, broker_state=known if broker else None)
