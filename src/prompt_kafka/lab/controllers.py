"""``python -m prompt_kafka.lab.controllers``: the process of all controllers.

They speak only the Kubernetes API (besides reading Git): the same process runs against the lab's own API
server and against a real one, where Kubernetes' controller manager takes some of the work
(``--controllers``). While the process lives it renews a Lease; the kubelet shows operator pods as running
only as long as that Lease is fresh.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from prompt_kafka.clients.files import locked
from prompt_kafka.clients.kinds import NAMESPACE
from prompt_kafka.clients.kubernetes import Kubernetes, KubernetesError
from prompt_kafka.core.clock import SYSTEM, Clock
from prompt_kafka.core.errors import PromptKafkaError, UnreachableError, UsageError
from prompt_kafka.lab.cache import ClusterCache
from prompt_kafka.lab.heart import Heart
from prompt_kafka.lab.settings import LabSettings

log = logging.getLogger("prompt_kafka.lab.controllers")

STOP_GRACE_S = 5.0


class Part(Protocol):
    """What can be started and stopped."""

    def start(self) -> None:
        """Begin to act."""

    def stop(self) -> None:
        """Stop."""


class Process:
    """All controllers of a lab, or some of them.

    Parameters
    ----------
    kubeconfig, settings_file
        Of the lab.
    names
        Which controllers to run; all of `CONTROLLERS` when None.
    """

    def __init__(self, kubeconfig: Path, settings_file: Path, names: Sequence[str] | None = None) -> None:
        self._kubeconfig = kubeconfig
        self.settings = LabSettings.from_json(settings_file.read_text(), str(settings_file))
        self.folder = settings_file.resolve().parent
        self._names = tuple(names) if names is not None else CONTROLLERS
        self._connections: list[Kubernetes] = []
        self._cache: ClusterCache | None = None
        self._parts: list[Part] = []

    def connect(self, manager: str) -> Kubernetes:
        """Return a connection that writes under a name of its own."""
        connection = Kubernetes.connect(self._kubeconfig, field_manager=manager)
        self._connections.append(connection)
        return connection

    @property
    def cache(self) -> ClusterCache:
        """The one local copy of everything, started on first use."""
        if self._cache is None:
            self._cache = ClusterCache(self.connect("lab-cache"))
            self._cache.start()
        return self._cache

    def start(self) -> None:
        """Start everything, in an order in which nothing waits for something later."""
        for name in self._names:
            for part in _BUILDERS[name](self):
                part.start()
                self._parts.append(part)
            log.info("started: %s", name)

    def stop(self) -> None:
        """Stop everything, the last one started first."""
        for part in reversed(self._parts):
            part.stop()
        if self._cache is not None:
            self._cache.stop()
        for connection in self._connections:
            connection.close()


def _heart(process: Process) -> list[Part]:
    return [Heart(process.connect("lab-controllers"))]


def _slack(process: Process) -> list[Part]:
    from prompt_kafka.lab.slack import Slack

    return [Slack(process.folder, process.settings.slack_port)]


def _forge(process: Process) -> list[Part]:
    if process.settings.delivery != "pull-request":
        return []
    from prompt_kafka.lab.forge import Forge

    forge = Forge(process.folder, process.folder / "git" / "phalanx.git", process.settings.forge_port)
    forge.pulls.rules.reviews = 1
    forge.pulls.usual_checks = {"ci": "success"}
    return [forge]


def _garbage(process: Process) -> list[Part]:
    from prompt_kafka.lab.workloads.garbage import GarbageCollector

    return [GarbageCollector(process.connect("kube-controller-manager"), process.cache)]


def _deployments(process: Process) -> list[Part]:
    from prompt_kafka.lab.workloads.deployments import Deployments

    return [Deployments(process.connect("kube-controller-manager"))]


def _endpoints(process: Process) -> list[Part]:
    from prompt_kafka.lab.workloads.services import Endpoints

    return [Endpoints(process.connect("kube-controller-manager"))]


def _load_balancers(process: Process) -> list[Part]:
    from prompt_kafka.lab.workloads.services import LoadBalancers

    return [LoadBalancers(process.connect("lab-load-balancer"), process.settings.network)]


def _vault_secrets(process: Process) -> list[Part]:
    from prompt_kafka.lab.secrets import VaultSecrets

    return [VaultSecrets(process.connect("vault-secrets-operator"), process.settings.environment)]


def _argocd(process: Process) -> list[Part]:
    from prompt_kafka.lab.argocd.controller import ApplicationController
    from prompt_kafka.lab.argocd.rendering import Renderer

    settings = process.settings
    renderer = Renderer(process.folder / "git" / "checkouts")
    connection = process.connect("argocd-controller")
    return [ApplicationController(connection, process.cache, renderer, factor=settings.timer_factor)]


def _argocd_api(process: Process) -> list[Part]:
    from prompt_kafka.lab.argocd.rest import RestApi
    from prompt_kafka.lab.argocd.server import Applications
    from prompt_kafka.lab.loopback import PortError

    applications = Applications(process.connect("argocd-server"))
    try:
        return [RestApi(applications, process.folder, process.settings.argocd_port)]
    except PortError as error:
        # Everything goes by the Application resources too.
        log.warning("no REST API of Argo CD: %s", error)
        return []


def _strimzi(process: Process) -> list[Part]:
    try:
        from prompt_kafka.lab.strimzi import controllers

        connection = process.connect("strimzi-cluster-operator")
        return list(controllers(connection, process.settings, pods_folder=process.folder / "pods"))
    except ImportError as error:
        log.warning("the Strimzi controllers are not there: %s", error)
        return []


_BUILDERS: dict[str, Callable[[Process], list[Part]]] = {
    "slack": _slack,
    "forge": _forge,
    "deployments": _deployments,
    "endpoints": _endpoints,
    "load-balancers": _load_balancers,
    "vault-secrets": _vault_secrets,
    "garbage": _garbage,
    "argocd": _argocd,
    "argocd-api": _argocd_api,
    "strimzi": _strimzi,
    "lease": _heart,
}

CONTROLLERS = tuple(_BUILDERS)
BESIDE_CONTROLLER_MANAGER = tuple(
    each for each in CONTROLLERS if each not in ("deployments", "endpoints", "garbage")
)
"""What is left to do where Kubernetes' own controller manager runs."""


def _chosen(text: str) -> tuple[str, ...]:
    names = tuple(each.strip() for each in text.split(",") if each.strip())
    if unknown := [each for each in names if each not in CONTROLLERS]:
        raise UsageError(
            f"unknown controllers: {', '.join(unknown)}", next=f"there are: {', '.join(CONTROLLERS)}"
        )
    return tuple(each for each in CONTROLLERS if each in names)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process of this lab runs controllers."""
    file = folder / "controllers.lock"
    with locked(file, wait=False) as ours:
        if ours:
            yield
            return
    log.info("another controllers process is running: waiting for its end")
    with locked(file):
        yield


def _wait_for_api(kubeconfig: Path, stopping: threading.Event, clock: Clock = SYSTEM) -> bool:
    """Wait until the API answers; return False when told to stop before that."""
    while not kubeconfig.exists():
        if clock.sleep(0.02, stopping):
            return False
    with Kubernetes.connect(kubeconfig, timeout=2.0) as kubernetes:
        while not stopping.is_set():
            try:
                kubernetes.find(NAMESPACE, "default")
                return True
            except (UnreachableError, KubernetesError) as error:
                log.debug("waiting for the API: %s", error)
                clock.sleep(0.02, stopping)
    return False


def _stop(stopping: threading.Event) -> None:
    """Ask for a clean end, and end anyway after a while: whatever is under way here outlives a kill."""
    stopping.set()
    last = threading.Timer(STOP_GRACE_S, os._exit, (0,))
    last.daemon = True
    last.start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal ends it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m prompt_kafka.lab.controllers", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--settings", type=Path, required=True, help="lab.json in the lab's folder")
    parser.add_argument("--controllers", help=f"some of: {','.join(CONTROLLERS)} (default: all)")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)-5s %(threadName)s %(message)s",
        stream=sys.stderr,
    )
    for noisy in ("httpx2", "httpcore2", "httpx", "httpcore", "kafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop(stopping))
    try:
        process = Process(
            options.kubeconfig, options.settings, options.controllers and _chosen(options.controllers)
        )
        with _alone(process.folder):
            if not _wait_for_api(options.kubeconfig, stopping):
                return 0
            process.start()
            log.info("all controllers are running")
            stopping.wait()
            log.info("stopping")
            process.stop()
    except (PromptKafkaError, OSError) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # Watches may still sit in a read; their threads hold nothing that must be put away.
    os._exit(code)
