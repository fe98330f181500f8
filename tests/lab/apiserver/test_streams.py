"""Commands in pods and port-forwards, through our client and the lab's API server."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompt_kafka.clients.forward import PortForward
from prompt_kafka.clients.kinds import POD
from prompt_kafka.clients.kubernetes import Kubernetes, NotFound
from prompt_kafka.clients.transport import Invalid, KubernetesError, ReadOnlyViolation
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import TimedOutError, UnreachableError
from tests.contracts.servers import Api, lab_server

SPACE = "prompt-kafka"
POD_ADDRESS = "127.79.0.9"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with lab_server(tmp_path_factory.mktemp("lab")) as running:
        if running.send("GET", f"/api/v1/namespaces/{SPACE}").status_code == 404:
            running.ok("POST", "/api/v1/namespaces", {"metadata": {"name": SPACE}})
        yield running


@pytest.fixture(scope="module")
def pod(api: Api) -> str:
    """A running pod, as the lab's kubelet would show and record it."""
    spec = {"containers": [{"name": "kafka", "image": "kafka"}]}
    api.ok("POST", f"/api/v1/namespaces/{SPACE}/pods", {"metadata": {"name": "pod-0"}, "spec": spec})
    status = {"status": {"phase": "Running", "podIP": POD_ADDRESS}}
    path = f"{POD.path(SPACE, 'pod-0')}/status"
    api.ok("PATCH", path, status, media="application/merge-patch+json")
    folder = api.root / "pods" / SPACE / "pod-0"
    folder.mkdir(parents=True)
    (folder / "container.json").write_text(json.dumps({"cwd": str(folder), "env": {"COLOUR": "blue"}}))
    return "pod-0"


@pytest.fixture
def kubernetes(api: Api) -> Iterator[Kubernetes]:
    with Kubernetes.connect(api.kubeconfig) as connection:
        yield connection


@pytest.fixture
def planning(api: Api) -> Iterator[Kubernetes]:
    with Kubernetes.connect(api.kubeconfig, read_only=True) as connection:
        yield connection


class Echo:
    """Says back what it hears, on the pod's address."""

    def __init__(self, port: int = 0) -> None:
        self._server = socket.create_server((POD_ADDRESS, port))
        self.port = self._server.getsockname()[1]
        self.ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            while data := peer.recv(65536):
                if data == b"bye":
                    return
                peer.sendall(data)
        self.ended.set()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


def exactly(connection: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        data = connection.recv(size - len(got))
        assert data, f"ended after {len(got)} of {size} bytes"
        got += data
    return got


# Commands


def test_a_command_runs_beside_the_pods_process(kubernetes: Kubernetes, pod: str) -> None:
    done = kubernetes.streams.run(pod, SPACE, ["sh", "-c", "echo $COLOUR; pwd; echo no >&2; exit 7"])
    assert done.code == 7
    assert done.stdout.decode().split() == ["blue", str(Path(done.stdout.decode().split()[1]))]
    assert done.stdout.decode().endswith(f"pods/{SPACE}/{pod}\n")
    assert done.stderr == b"no\n"


def test_its_input_ends(kubernetes: Kubernetes, pod: str) -> None:
    data = bytes(range(256)) * 2000
    program = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d[::-1])"
    done = kubernetes.streams.run(pod, SPACE, [sys.executable, "-c", program], stdin=data)
    assert (done.code, done.stdout) == (0, data[::-1])


def test_a_command_that_does_not_end(kubernetes: Kubernetes, pod: str) -> None:
    with pytest.raises(TimedOutError, match="did not end in time"):
        kubernetes.streams.run(pod, SPACE, ["sleep", "60"], timeout=0.5)


def test_a_command_that_is_not_there(kubernetes: Kubernetes, pod: str) -> None:
    with pytest.raises(KubernetesError, match="no-such-program"):
        kubernetes.streams.run(pod, SPACE, ["no-such-program"])
    with pytest.raises(NotFound, match="not found"):
        kubernetes.streams.run("no-such-pod", SPACE, ["true"])


def test_a_plan_runs_no_command_without_leave(api: Api, planning: Kubernetes, pod: str) -> None:
    with pytest.raises(ReadOnlyViolation):
        planning.streams.run(pod, SPACE, ["true"])
    assert not planning.streams.may_exec
    with Kubernetes.connect(api.kubeconfig, read_only=True, allow_exec=True) as allowed:
        assert allowed.streams.run(pod, SPACE, ["true"]).code == 0


# Port-forwards


def test_a_plan_may_forward(planning: Kubernetes, pod: str, echo: Echo) -> None:
    data = bytes(range(256)) * 10_000
    with PortForward(planning.streams, SPACE, pod, echo.port) as forward:
        assert forward.check() == ""
        with socket.create_connection(forward.address, 5) as connection:
            sender = threading.Thread(target=connection.sendall, args=(data,))
            sender.start()
            assert exactly(connection, len(data)) == data
            sender.join()
        assert echo.ended.wait(5)


def test_connections_of_one_forward_are_apart(planning: Kubernetes, pod: str, echo: Echo) -> None:
    with PortForward(planning.streams, SPACE, pod, echo.port) as forward:
        connections = [socket.create_connection(forward.address, 5) for _ in range(5)]
        for number, connection in enumerate(connections):
            connection.sendall(f"this is {number}".encode())
        for number, connection in enumerate(connections):
            assert exactly(connection, 9) == f"this is {number}".encode()
            connection.close()


def test_the_pods_end_is_the_end(planning: Kubernetes, pod: str, echo: Echo) -> None:
    with PortForward(planning.streams, SPACE, pod, echo.port) as forward:
        with socket.create_connection(forward.address, 5) as connection:
            connection.sendall(b"bye")
            assert connection.recv(1) == b""
        assert forward.last_error == ""


def test_a_port_where_nothing_listens(planning: Kubernetes, pod: str, echo: Echo) -> None:
    echo.close()
    with PortForward(planning.streams, SPACE, pod, echo.port) as forward:
        assert "connection refused" in forward.check()
        with socket.create_connection(forward.address, 5) as connection:
            assert connection.recv(1) == b""
        assert SYSTEM.wait_until(lambda: "connection refused" in forward.last_error, 2)


def test_a_pod_that_is_not_there(planning: Kubernetes) -> None:
    with PortForward(planning.streams, SPACE, "pod-9", 9093) as forward:
        with pytest.raises(NotFound, match='"pod-9" not found'):
            forward.check()


def test_closing_ends_connections(planning: Kubernetes, pod: str, echo: Echo) -> None:
    forward = PortForward(planning.streams, SPACE, pod, echo.port)
    with socket.create_connection(forward.address, 5) as connection:
        connection.sendall(b"x")
        assert exactly(connection, 1) == b"x"
        forward.close()
        assert connection.recv(1) == b""
    with pytest.raises(OSError):
        socket.create_connection(forward.address, 1)


def test_what_is_wrong_is_refused(planning: Kubernetes, pod: str) -> None:
    path = f"{POD.path(SPACE, pod)}/portforward"
    for query, message in (([], '"ports" is required'), ([("ports", "0")], "as a port")):
        with pytest.raises(Invalid, match=message), planning.streams.open(path, query, ["v4.channel.k8s.io"]):
            pass
    with pytest.raises(Invalid, match="speaks"):
        with planning.streams.open(path, [("ports", "1")], ["v4.base64.channel.k8s.io"]):
            pass


def test_an_api_that_is_down(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(api.kubeconfig.read_text().replace(f":{api.port}", ":1"))
    with Kubernetes.connect(file) as connection, pytest.raises(UnreachableError, match="open a stream"):
        connection.streams.run("pod-0", SPACE, ["true"])
