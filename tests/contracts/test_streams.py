"""Commands and port-forwards through the real API server to the kubelet's own handlers.

There are no containers here: ``kubelet-streams`` (``kube/streams``) is the streaming half of a kubelet, and a
pod is bound to a node that says it is there.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompt_kafka.clients.forward import PortForward
from prompt_kafka.clients.kubernetes import Kubernetes, NotFound
from tests.contracts.definitions import pod, pods
from tests.contracts.servers import MERGE, Api, stop

ADDRESS = "127.80.0.9"
NODE = "streams"

pytestmark = pytest.mark.parametrize(
    "api", [pytest.param("kube-apiserver", marks=pytest.mark.kube_apiserver)], indirect=True
)


@pytest.fixture
def running(api: Api, space: str) -> Iterator[str]:
    """A pod on a node of which only the streaming half is there."""
    program = Path(os.environ["KUBEBUILDER_ASSETS"]) / "kubelet-streams"
    pki = api.root / "pki"
    command = [str(program), ADDRESS, str(pki / "server.crt"), str(pki / "server.key")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        api.ok("POST", "/api/v1/nodes", {"metadata": {"name": NODE}})
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        }
        api.ok("PATCH", f"/api/v1/nodes/{NODE}/status", {"status": status}, media=MERGE)
        tolerations = [{"operator": "Exists"}]
        api.ok("POST", pods(space), pod("pod-0", nodeName=NODE, tolerations=tolerations))
        api.ok("PATCH", f"{pods(space)}/pod-0/status", {"status": {"phase": "Running"}}, media=MERGE)
        yield space
    finally:
        api.send("DELETE", f"{pods(space)}/pod-0", {"gracePeriodSeconds": 0})
        api.send("DELETE", f"/api/v1/nodes/{NODE}")
        stop(process)  # type: ignore[arg-type]
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def kubernetes(api: Api) -> Iterator[Kubernetes]:
    with Kubernetes.connect(api.kubeconfig, read_only=True, allow_exec=True) as connection:
        yield connection


def test_commands(kubernetes: Kubernetes, running: str) -> None:
    run = kubernetes.streams.run
    done = run("pod-0", running, ["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.code, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
    data = bytes(range(256)) * 2000
    program = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d[::-1])"
    done = run("pod-0", running, [sys.executable, "-c", program], stdin=data)
    assert (done.code, done.stdout) == (0, data[::-1])
    with pytest.raises(NotFound):
        run("pod-9", running, ["true"])


def test_port_forwards(kubernetes: Kubernetes, running: str) -> None:
    data = bytes(range(256)) * 10_000
    with socket.create_server((ADDRESS, 0)) as server:
        port = server.getsockname()[1]

        def echo() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    while got := peer.recv(65536):
                        peer.sendall(got)

        threading.Thread(target=echo, daemon=True).start()
        with PortForward(kubernetes.streams, running, "pod-0", port) as forward:
            assert forward.check() == ""
            with socket.create_connection(forward.address, 5) as connection:
                sender = threading.Thread(target=connection.sendall, args=(data,))
                sender.start()
                got = b""
                while len(got) < len(data):
                    part = connection.recv(65536)
                    assert part, f"ended after {len(got)} bytes: {forward.last_error}"
                    got += part
                sender.join()
            assert got == data
        server.shutdown(socket.SHUT_RDWR)
    with PortForward(kubernetes.streams, running, "pod-0", port) as forward:
        assert "connection refused" in forward.check()


def test_our_client_reads_what_kubectl_does(api: Api, kubernetes: Kubernetes, running: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return
    line = [kubectl, "--kubeconfig", str(api.kubeconfig), "exec", "pod-0", "-n", running, "--", "echo", "x"]
    done = subprocess.run(line, capture_output=True, check=False, timeout=30)
    assert done.stdout == kubernetes.streams.run("pod-0", running, ["echo", "x"]).stdout
