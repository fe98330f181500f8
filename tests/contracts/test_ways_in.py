"""Every way in that a kubeconfig can describe, end to end: the API accepts what our client shows.

The lab's API knows one token; on the real one an ID token is verified against its issuer's keys, and client
certificates against the CA.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from prompt_kafka.clients.kinds import NAMESPACE
from prompt_kafka.clients.kubernetes import Forbidden, Kubernetes, NotFound
from prompt_kafka.core.errors import UnreachableError
from prompt_kafka.lab.apiserver import prepare
from tests.clients.auth.issuer import CLIENT, SECRET, Issuer
from tests.contracts.servers import Api, lab_server

PLUGIN = """\
#!/bin/sh
echo run >> "$CALLS"
cat "$ANSWER"
"""
only_the_real_one = pytest.mark.parametrize(
    "api", [pytest.param("kube-apiserver", marks=pytest.mark.kube_apiserver)], indirect=True
)
V1 = "client.authentication.k8s.io/v1"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    folder = tmp_path / "issuer"
    folder.mkdir()
    running = Issuer(folder)
    yield running
    running.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Api, dict[str, Any]], Path]:
    """Writes the kubeconfig of an API with another user in it."""

    def write(api: Api, user: dict[str, Any]) -> Path:
        document = json.loads(api.kubeconfig.read_text())
        document["users"][0]["user"] = user
        file = tmp_path / "kubeconfig"
        file.write_text(json.dumps(document, indent=2))
        return file

    return write


def oidc(issuer: Issuer, token: str) -> dict[str, Any]:
    config = {
        "idp-issuer-url": issuer.url,
        "client-id": CLIENT,
        "client-secret": SECRET,
        "id-token": token,
        "refresh-token": issuer.refresh_token,
        "idp-certificate-authority-data": base64.b64encode(issuer.ca.read_bytes()).decode(),
    }
    return {"auth-provider": {"name": "oidc", "config": config}}


def test_the_lab_accepts_a_renewed_token(
    issuer: Issuer, tmp_path: Path, write: Callable[[Api, dict[str, Any]], Path]
) -> None:
    root = tmp_path / "lab"
    (root / "pki").mkdir(parents=True)
    issuer.next_token = issuer.token()
    (root / "pki" / "token").write_text(issuer.next_token)
    prepare(root, 1)
    with lab_server(root) as api:
        file = write(api, oidc(issuer, issuer.token(-60)))
        with Kubernetes.connect(file, read_only=True) as connection:
            assert connection.list(NAMESPACE)
        assert json.dumps(issuer.next_token) in file.read_text()
        # A token that looks valid and is refused is renewed too.
        file = write(api, oidc(issuer, issuer.token(3600, other="token")))
        with Kubernetes.connect(file) as connection:
            assert connection.list(NAMESPACE)
    assert issuer.refreshes == 2


@only_the_real_one
def test_a_real_api_verifies_the_renewed_token(
    api: Api, issuer: Issuer, write: Callable[[Api, dict[str, Any]], Path]
) -> None:
    file = write(api, oidc(issuer, issuer.token(-60)))
    with trusting(api, issuer), Kubernetes.connect(file) as connection:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        end = time.monotonic() + 90  # the server reads its configuration again within a minute
        while True:
            try:
                answer = connection._send("POST", path, body=review)
                break
            except Forbidden:
                assert time.monotonic() < end
                time.sleep(0.5)
        assert answer["status"]["userInfo"]["username"] == "oidc:rubin"


@contextlib.contextmanager
def trusting(api: Api, issuer: Issuer) -> Iterator[None]:
    """Let a running kube-apiserver trust an issuer; it reads its configuration again by itself."""
    file = api.root / "pki" / "anonymous.yaml"
    before = file.read_text()
    document = json.loads(before)
    document["jwt"] = [
        {
            "issuer": {
                "url": issuer.url,
                "audiences": [CLIENT],
                "certificateAuthority": issuer.ca.read_text(),
            },
            "claimMappings": {"username": {"claim": "sub", "prefix": "oidc:"}},
        }
    ]
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps(document))
    temporary.replace(file)
    try:
        yield
    finally:
        temporary.write_text(before)
        temporary.replace(file)


def plugin(folder: Path, **status: Any) -> dict[str, Any]:
    program, answer = folder / "plugin", folder / "answer"
    program.write_text(PLUGIN)
    program.chmod(0o755)
    answer.write_text(json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": status}))
    return {
        "exec": {
            "apiVersion": V1,
            "interactiveMode": "Never",
            "command": str(program),
            "env": [
                {"name": "ANSWER", "value": str(answer)},
                {"name": "CALLS", "value": str(folder / "calls")},
            ],
        }
    }


def test_a_plugins_token(api: Api, tmp_path: Path, write: Callable[[Api, dict[str, Any]], Path]) -> None:
    user = plugin(tmp_path, token="old-token")
    with Kubernetes.connect(write(api, user)) as connection:
        with pytest.raises(Forbidden):
            connection.list(NAMESPACE)
        plugin(tmp_path, token=api.token)
        assert connection.list(NAMESPACE)
        assert connection.list(NAMESPACE)
    # Once for the first request, once more when it was refused, and again for the second.
    assert (tmp_path / "calls").read_text().splitlines() == ["run"] * 3


@only_the_real_one
def test_a_plugins_certificate_and_the_next_one(
    api: Api, tmp_path: Path, write: Callable[[Api, dict[str, Any]], Path]
) -> None:
    def who(connection: Kubernetes) -> str:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        return str(connection._send("POST", path, body=review)["status"]["userInfo"]["username"])

    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    user = plugin(tmp_path, expirationTimestamp=soon, **client_certificate(api, "first"))
    with Kubernetes.connect(write(api, user)) as connection:
        assert who(connection) == "first"
        time.sleep(1.1)
        plugin(tmp_path, **client_certificate(api, "second"))
        assert who(connection) == "second"


def client_certificate(api: Api, name: str, group: str = "system:masters") -> dict[str, str]:
    """A client certificate from the API's own CA."""
    pki = api.root / "pki"
    ca = x509.load_pem_x509_certificate((pki / "ca.crt").read_bytes())
    ca_key = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = [
        x509.NameAttribute(NameOID.COMMON_NAME, name),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, group),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "clientCertificateData": made.public_bytes(serialization.Encoding.PEM).decode(),
        "clientKeyData": pem.decode(),
    }


def cluster_with(api: Api, folder: Path, **fields: str) -> Path:
    document = json.loads(api.kubeconfig.read_text())
    document["clusters"][0]["cluster"] |= {name.replace("_", "-"): value for name, value in fields.items()}
    file = folder / "kubeconfig"
    file.write_text(json.dumps(document))
    return file


def opens(connection: Kubernetes) -> bool:
    """Whether a stream gets as far as the API: there is no such pod."""
    with pytest.raises(NotFound, match='"nobody" not found'):
        connection.streams.run("nobody", "default", ["true"])
    return True


def test_a_certificate_of_another_name(api: Api, tmp_path: Path) -> None:
    with Kubernetes.connect(
        cluster_with(api, tmp_path, tls_server_name="kubernetes.default.svc")
    ) as connection:
        assert connection.list(NAMESPACE)
        assert opens(connection)
    with Kubernetes.connect(cluster_with(api, tmp_path, tls_server_name="other.example")) as connection:
        for question in (lambda: connection.list(NAMESPACE), lambda: opens(connection)):
            with pytest.raises(UnreachableError, match=r"CERTIFICATE|certificate"):
                question()


class Proxy(socketserver.ThreadingTCPServer):
    """Takes CONNECT and nothing else."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        self.targets: list[str] = []
        super().__init__(("127.0.0.1", 0), Tunnel)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Tunnel(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        word, target, *_ = self.rfile.readline().decode().split()
        assert word == "CONNECT"
        while self.rfile.readline().strip():
            pass
        self.server.targets.append(target)
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.wfile.flush()
            threading.Thread(target=self._pump, args=(there, self.connection), daemon=True).start()
            self._pump(self.connection, there)

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def test_the_proxy_that_the_kubeconfig_names(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The environment's own proxy is not for Kubernetes, and leads nowhere here.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with Kubernetes.connect(api.kubeconfig) as connection:
        assert connection.list(NAMESPACE)
        assert opens(connection)
    with Proxy() as proxy:
        address = f"http://127.0.0.1:{proxy.server_address[1]}"
        with Kubernetes.connect(cluster_with(api, tmp_path, proxy_url=address)) as connection:
            assert connection.list(NAMESPACE)
            assert opens(connection)
        proxy.shutdown()
    assert set(proxy.targets) == {f"127.0.0.1:{api.port}"}
    assert len(proxy.targets) == 2


@pytest.mark.kubectl
def test_kubectl_and_we_renew_for_each_other(
    issuer: Issuer, tmp_path: Path, write: Callable[[Api, dict[str, Any]], Path]
) -> None:
    root = tmp_path / "lab"
    (root / "pki").mkdir(parents=True)
    issuer.rotate = True
    issuer.next_token = issuer.token()
    (root / "pki" / "token").write_text(issuer.next_token)
    prepare(root, 1)
    command = shutil.which("kubectl")
    assert command is not None
    with lab_server(root) as api:

        def kubectl(file: Path) -> str:
            line = [command, "--kubeconfig", str(file), "get", "namespaces", "-o", "name"]
            environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
            done = subprocess.run(
                line, env=environment, capture_output=True, text=True, timeout=30, check=False
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        file = write(api, oidc(issuer, issuer.token(-60)))
        with Kubernetes.connect(file) as connection:
            assert connection.list(NAMESPACE)
        assert "namespace/default" in kubectl(file)
        assert issuer.refreshes == 1
        file = write(api, oidc(issuer, issuer.token(-60)))
        assert "namespace/default" in kubectl(file)
        assert issuer.refreshes == 2
        with Kubernetes.connect(file) as connection:
            assert connection.list(NAMESPACE)
        assert issuer.refreshes == 2
