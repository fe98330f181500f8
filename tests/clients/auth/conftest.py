from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.clients.auth.issuer import CLIENT, SECRET, Issuer


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBECONFIG", raising=False)


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    folder = tmp_path / "issuer"
    folder.mkdir()
    running = Issuer(folder)
    yield running
    running.close()


class Write(Protocol):
    def __call__(self, token: str, *, server: str = ..., cluster_ca: Path | None = ...) -> Path: ...


@pytest.fixture
def kubeconfig(tmp_path: Path, issuer: Issuer) -> Write:
    """Writes a kubeconfig as a site hands it out: comments, two users, block style."""

    def write(token: str, *, server: str = "https://127.0.0.1:1", cluster_ca: Path | None = None) -> Path:
        file = tmp_path / "config"
        trust = f"\n    certificate-authority: {cluster_ca}" if cluster_ca else ""
        ca = base64.b64encode(issuer.ca.read_bytes()).decode()
        file.write_text(f"""\
# S3DF vclusters; questions to the help desk
apiVersion: v1
kind: Config
current-context: usdfdev
clusters:
- name: usdfdev
  cluster:
    server: {server}{trust}
contexts:
- name: usdfdev
  context: {{cluster: usdfdev, user: rubin, namespace: prompt-kafka}}
users:
- name: somebody-else
  user:
    auth-provider:
      name: oidc
      config: {{client-id: other, idp-issuer-url: "https://other", id-token: keep.this.token}}
- name: rubin   # from the login page
  user:
    auth-provider:
      name: oidc
      config:
        idp-issuer-url: {issuer.url}
        client-id: {CLIENT}
        client-secret: {SECRET}
        extra-scopes: groups   # not sent
        id-token: {token}
        refresh-token: {issuer.refresh_token}
        idp-certificate-authority-data: {ca}
""")
        file.chmod(0o640)
        return file

    return write
