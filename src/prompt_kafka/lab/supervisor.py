"""``python -m prompt_kafka.lab.supervisor --state DIR``: the one process that keeps a lab running.

It is the kubelet, and the parent of the API server, of the controllers and of the Java processes. The two
others are restarted when they die. Killed with ``kill -9`` it takes nothing with it; its successor ends the
two others that are left, starts them anew, and adopts the Java processes. Told to stop, it ends all of them,
brokers before controllers, so that brokers can hand their partitions over.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from prompt_kafka.clients.files import locked
from prompt_kafka.clients.kinds import NAMESPACE
from prompt_kafka.clients.kubernetes import Kubernetes, KubernetesError
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError
from prompt_kafka.lab.apiserver.pki import prepare
from prompt_kafka.lab.children import Child
from prompt_kafka.lab.kubelet import Kubelet
from prompt_kafka.lab.network import CLAIM_PORT
from prompt_kafka.lab.pace import Pacer
from prompt_kafka.lab.processes import Process
from prompt_kafka.lab.shutdown import end_nodes
from prompt_kafka.lab.standing import API_DOWN
from prompt_kafka.lab.state import LabState

log = logging.getLogger("prompt_kafka.lab.supervisor")

API_TIMEOUT = 30.0


class Supervisor:
    """Keeps the three processes of a lab and its nodes running.

    Parameters
    ----------
    state
        The lab's folder.
    """

    def __init__(self, state: LabState, *, clock: Clock = SYSTEM) -> None:
        self._state = state
        self._clock = clock
        self.stopping = threading.Event()
        module = [sys.executable, "-m"]
        root = str(state.root)
        self._apiserver = Child(
            "apiserver",
            [*module, "prompt_kafka.lab.apiserver", "--state", root],
            state,
            held=lambda: state.faults.has(API_DOWN),
            clock=clock,
        )
        files = ["--kubeconfig", str(state.kubeconfig), "--settings", str(state.settings_file)]
        self._controllers = Child(
            "controllers", [*module, "prompt_kafka.lab.controllers", *files], state, clock=clock
        )

    def run(self) -> None:
        """Run until told to stop."""
        state = self._state
        with self._claim():
            for child in (self._controllers, self._apiserver):
                child.end_leftover()
            prepare(state.root, state.settings.api_port)
            self._apiserver.start()
            kubernetes = Kubernetes.connect(state.kubeconfig, field_manager="kubelet", timeout=5.0)
            kubelet, pacer = None, Pacer(state, clock=self._clock)
            try:
                if self._wait_for_api(kubernetes):
                    kubelet = Kubelet(kubernetes, state, clock=self._clock)
                    kubelet.start()
                    pacer.start()
                    self._controllers.start()
                    log.info("the lab is running")
                    self.stopping.wait()
            finally:
                log.info("stopping")
                self._controllers.stop()
                pacer.stop()
                if kubelet is not None:
                    kubelet.stop()
                end_nodes(state)
                if kubelet is not None:
                    self._report(kubelet)
                self._apiserver.stop()
                kubernetes.close()
                log.info("stopped")

    @staticmethod
    def _report(kubelet: Kubelet) -> None:
        try:
            kubelet.report_ended()
        except PromptKafkaError as error:
            log.info("the last status could not be written: %s", error.what)

    def _claim(self) -> socket.socket:
        """Listen on the network's claim port for as long as the lab is up."""
        address = f"{self._state.settings.network}.0.1", CLAIM_PORT
        try:
            return socket.create_server(address)
        except OSError as error:
            raise PromptKafkaError(
                f"another lab uses the network {self._state.settings.network}.0.0/16: {error.strerror}",
                where=f"{address[0]}:{address[1]}",
                next="take that lab down",
            ) from None

    def _wait_for_api(self, kubernetes: Kubernetes) -> bool:
        end = self._clock.monotonic() + API_TIMEOUT
        while not self.stopping.is_set():
            try:
                kubernetes.find(NAMESPACE, "default")
                return True
            except (UnreachableError, KubernetesError):
                if self._clock.monotonic() > end:
                    # The child goes on being started: a port may become free later.
                    log.error("the API server does not answer; see %s", self._state.log("apiserver"))
                    end = self._clock.monotonic() + API_TIMEOUT
                self._clock.sleep(0.02, self.stopping)
        return False


def main() -> int:
    """Run the supervisor; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m prompt_kafka.lab.supervisor", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder of the lab")
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)-5s %(name)s %(message)s", stream=sys.stderr
    )
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        state = LabState.at(options.state.resolve())
    except PromptKafkaError as error:
        log.error("%s", error)
        return int(error.exit_code)
    with locked(state.supervisor_lock, wait=False) as mine:
        if not mine:
            log.error("another supervisor runs this lab already")
            return 1
        myself = Process.of(os.getpid())
        assert myself is not None
        myself.save(state.record("supervisor"))
        supervisor = Supervisor(state)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stopping.set())
        try:
            supervisor.run()
        except PromptKafkaError as error:
            log.error("%s", error)
            return 1
        finally:
            state.record("supervisor").unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # Watches may still sit in a read; their threads hold nothing that must be put away.
    os._exit(code)
