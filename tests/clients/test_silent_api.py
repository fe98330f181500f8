"""An API behind a load balancer: while it is away somebody else answers, and that is no answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from prompt_kafka.clients.kinds import POD
from prompt_kafka.clients.kubernetes import Kubernetes, NotFound
from prompt_kafka.core.errors import UnreachableError


class Front(BaseHTTPRequestHandler):
    """Answers every request with the same status."""

    status = 200

    def do_GET(self) -> None:
        body = b"upstream connect error"
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Kubernetes]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    cluster = {"name": "x", "cluster": {"server": f"http://127.0.0.1:{server.server_address[1]}"}}
    context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
    config = {"clusters": [cluster], "contexts": [context], "users": [{"name": "x", "user": {}}]}
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "x", **config}))
    with Kubernetes.connect(file) as connection:
        yield connection
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_it_is_waited_for_as_for_silence(front: Kubernetes, status: int) -> None:
    Front.status = status
    with pytest.raises(UnreachableError, match=r"does not answer: .*upstream connect error"):
        front.get(POD, "p", "n")


def test_what_the_api_itself_says_is_an_answer(front: Kubernetes) -> None:
    Front.status = 404
    with pytest.raises(NotFound):
        front.get(POD, "p", "n")
