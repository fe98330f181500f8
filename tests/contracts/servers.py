"""Starts what the contract suite runs against: the lab's API server, or the real ones."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from prompt_kafka.lab.apiserver import prepare

Object = dict[str, Any]
JSON = "application/json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Api:
    """A running API and a client for it."""

    name: str
    root: Path
    port: int
    http: httpx2.Client
    process: subprocess.Popen[bytes]
    made: list[Object] = field(default_factory=list)

    @property
    def real(self) -> bool:
        return self.name != "lab"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return (self.root / "pki" / "token").read_text().strip()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media: str = JSON,
        accept: str = JSON,
        **query: str | int | bool,
    ) -> httpx2.Response:
        params = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in query.items()}
        headers = {"Accept": accept, "User-Agent": "contracts/1.0"}
        if body is not None:
            headers["Content-Type"] = media
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return self.http.request(method, path, params=params, content=content, headers=headers)

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Object:
        response = self.send(method, path, body, **more)
        assert response.status_code < 300, response.text
        answer = response.json()
        assert isinstance(answer, dict)
        return answer

    def refused(self, code: int, method: str, path: str, body: Any = None, **more: Any) -> Object:
        response = self.send(method, path, body, **more)
        assert response.status_code == code, (response.status_code, response.text)
        status = response.json()
        assert status["kind"] == "Status"
        assert status["status"] == "Failure"
        assert status["code"] == code
        assert isinstance(status, dict)
        return status

    @contextmanager
    def watch(
        self, path: str, *, accept: str = JSON, **query: str | int | bool
    ) -> Iterator[Iterator[Object]]:
        """Yield the events of a watch; one that does not come within ten seconds fails the test."""
        params = {"watch": "true", "timeoutSeconds": "20"}
        params |= {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in query.items()}
        with self.http.stream(
            "GET", path, params=params, headers={"Accept": accept}, timeout=httpx2.Timeout(10)
        ) as response:
            if response.status_code >= 400:
                response.read()
            assert response.status_code == 200, response.text
            yield (json.loads(line) for line in response.iter_lines() if line)

    def namespace(self) -> str:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "t-"}}
        made = self.ok("POST", "/api/v1/namespaces", body)
        return str(made["metadata"]["name"])


def client(root: Path, port: int) -> httpx2.Client:
    context = ssl.create_default_context(cafile=str(root / "pki" / "ca.crt"))
    token = (root / "pki" / "token").read_text().strip()
    return httpx2.Client(
        base_url=f"https://127.0.0.1:{port}",
        verify=context,
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
        trust_env=False,
    )


def wait_ready(http: httpx2.Client, process: subprocess.Popen[bytes], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        try:
            if http.get("/readyz").status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.02)
    raise AssertionError("the server does not become ready")


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def lab_server(root: Path, port: int | None = None) -> Iterator[Api]:
    port = port or free_port()
    command = [sys.executable, "-m", "prompt_kafka.lab.apiserver", "--state", str(root), "--port", str(port)]
    prepare(root, port)
    with (root / "apiserver.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with client(root, port) as http:
            wait_ready(http, process, 10)
            yield Api("lab", root, port, http, process)
    finally:
        stop(process)


@contextmanager
def kube_server(root: Path, assets: Path) -> Iterator[Api]:
    """Run etcd, kube-apiserver and, where it is there, kube-controller-manager."""
    port = free_port()
    prepare(root, port)
    pki = root / "pki"
    token = (pki / "token").read_text().strip()
    (pki / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
    (pki / "anonymous.yaml").write_text(
        json.dumps(
            {
                "apiVersion": "apiserver.config.k8s.io/v1",
                "kind": "AuthenticationConfiguration",
                "anonymous": {
                    "enabled": True,
                    "conditions": [{"path": path} for path in ("/livez", "/readyz", "/healthz", "/version")],
                },
            }
        )
    )
    with ExitStack() as stack:

        def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
            log = stack.enter_context((root / f"{name}.log").open("wb"))
            process = subprocess.Popen([str(assets / name), *arguments], stdout=log, stderr=log, cwd=root)
            stack.callback(stop, process)
            return process

        etcd, peer = free_port(), free_port()
        start(
            "etcd",
            f"--data-dir={root / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{etcd}",
            f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )
        process = start(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--tls-cert-file={pki / 'server.crt'}",
            f"--tls-private-key-file={pki / 'server.key'}",
            f"--token-auth-file={pki / 'tokens.csv'}",
            f"--authentication-config={pki / 'anonymous.yaml'}",
            f"--client-ca-file={pki / 'ca.crt'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki / 'server.crt'}",
            f"--service-account-signing-key-file={pki / 'server.key'}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--endpoint-reconciler-type=none",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            # Pods are made here before the controllers have made a ServiceAccount for them.
            "--disable-admission-plugins=ServiceAccount",
            f"--cert-dir={root / 'certs'}",
        )
        with client(root, port) as http:
            wait_ready(http, process, 60)
            if (assets / "kube-controller-manager").exists():
                start(
                    "kube-controller-manager",
                    f"--kubeconfig={root / 'kubeconfig'}",
                    f"--secure-port={free_port()}",
                    "--bind-address=127.0.0.1",
                    f"--cert-dir={root / 'certs'}",
                    "--leader-elect=false",
                )
            yield Api("kube-apiserver", root, port, http, process)


def kubectl(
    api: Api, *arguments: str, stdin: str | None = None, timeout: float = 30
) -> subprocess.CompletedProcess[str]:
    """Run kubectl with the API's own kubeconfig and an empty home."""
    command = shutil.which("kubectl")
    assert command is not None
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(api.root),
        "KUBECONFIG": str(api.kubeconfig),
        "KUBE_EDITOR": "true",
    }
    return subprocess.run(
        [command, *arguments],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
