"""The server as a process: it keeps what it acknowledged, and says what stops it from serving."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from prompt_kafka.lab.apiserver import prepare
from prompt_kafka.lab.apiserver.database import SCHEMA
from tests.contracts.definitions import WIDGETS, config_map, config_maps, widget, widgets
from tests.contracts.servers import MERGE, Api, client, free_port, lab_server

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "lab"


def run(root: Path, port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "prompt_kafka.lab.apiserver", "--state", str(root), "--port", str(port)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def test_objects_survive_a_kill(root: Path) -> None:
    port = free_port()
    with lab_server(root, port) as api:
        space = api.namespace()
        api.ok("POST", DEFINITIONS, WIDGETS)
        made = api.ok("POST", widgets(space), widget("one"))
        for number in range(50):
            last = api.ok("PATCH", widgets(space) + "/one", {"spec": {"size": number}}, media=MERGE)
        gone = api.ok("POST", config_maps(space), config_map("gone"))
        api.ok("DELETE", config_maps(space) + "/gone")
        api.process.send_signal(signal.SIGKILL)
        api.process.wait()
    with lab_server(root, port) as api:
        assert api.ok("GET", widgets(space) + "/one") == last
        assert last["metadata"]["uid"] == made["metadata"]["uid"]
        api.refused(404, "GET", config_maps(space) + "/gone")
        version = int(api.ok("GET", widgets(space))["metadata"]["resourceVersion"])
        # The deletion had a version of its own, which is not given away again.
        assert version > int(gone["metadata"]["resourceVersion"])
        again = api.ok("PATCH", widgets(space) + "/one", {"spec": {"size": 77}}, media=MERGE)
        assert int(again["metadata"]["resourceVersion"]) == version + 1


def test_a_watch_across_a_restart_has_no_gap(root: Path) -> None:
    port = free_port()
    with lab_server(root, port) as api:
        space = api.namespace()
        before = api.ok("POST", config_maps(space), config_map("one"))
        version = api.ok("GET", config_maps(space))["metadata"]["resourceVersion"]
    with lab_server(root, port) as api:
        # Nothing was missed: the watch goes on from the version of the list.
        with api.watch(config_maps(space), resourceVersion=version) as events:
            api.ok("POST", config_maps(space), config_map("two"))
            assert next(events)["object"]["metadata"]["name"] == "two"
        # From before it, what happened is no longer known: list again.
        older = int(before["metadata"]["resourceVersion"]) - 1
        with api.watch(config_maps(space), resourceVersion=older) as events:
            event = next(events)
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_a_page_across_a_restart_has_expired(root: Path) -> None:
    port = free_port()
    with lab_server(root, port) as api:
        space = api.namespace()
        for name in ("a", "b"):
            api.ok("POST", config_maps(space), config_map(name))
        token = api.ok("GET", config_maps(space), limit=1)["metadata"]["continue"]
    with lab_server(root, port) as api:
        status = api.refused(410, "GET", config_maps(space), limit=1, **{"continue": token})
        assert status["reason"] == "Expired"


def test_a_slow_watch_is_told_to_list_again(root: Path) -> None:
    with lab_server(root) as api:
        space = api.namespace()
        start = api.ok("POST", config_maps(space), config_map("one"))["metadata"]["resourceVersion"]
        for number in range(2100):
            api.http.patch(
                config_maps(space) + "/one",
                content=json.dumps({"data": {"n": str(number)}}).encode(),
                headers={"Content-Type": MERGE},
            )
        with api.watch(config_maps(space), resourceVersion=start) as events:
            event = next(events)
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_it_stops_at_once_with_open_watches(root: Path) -> None:
    with lab_server(root) as api, api.watch("/api/v1/pods") as events:
        start = time.monotonic()
        api.process.send_signal(signal.SIGTERM)
        assert list(events) == []
        assert api.process.wait(5) == 0
        assert time.monotonic() - start < 3


def test_it_starts_fast_and_stays_small(root: Path) -> None:
    with lab_server(root) as api:
        ticks = Path(f"/proc/{api.process.pid}/stat").read_text().rpartition(")")[2].split()
        seconds = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
        # Time on the processor, as the machine may be busy with others.
        assert seconds < 1.0
        status = Path(f"/proc/{api.process.pid}/status").read_text()
        kilobytes = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        assert kilobytes < 80 * 1024


def test_a_taken_port_is_said(root: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run(root, port)
    assert ended.returncode == 1
    assert f"port {port} on 127.0.0.1 is taken" in ended.stderr
    assert "next:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_server_is_refused(root: Path) -> None:
    with lab_server(root):
        ended = run(root, free_port())
    assert ended.returncode == 1
    assert "another API server has this lab's objects open" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_newer_file_is_refused(root: Path) -> None:
    root.mkdir()
    with sqlite3.connect(root / "api.sqlite") as database:
        database.execute(f"PRAGMA user_version={SCHEMA + 1}")
    database.close()
    ended = run(root, free_port())
    assert ended.returncode == 1
    assert f"written by a newer prompt-kafka (schema {SCHEMA + 1}, this one knows {SCHEMA})" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_older_file_is_brought_up(root: Path) -> None:
    root.mkdir()
    # The oldest one there can be: made, with nothing in it.
    sqlite3.connect(root / "api.sqlite").close()
    with lab_server(root) as api:
        api.namespace()
    with sqlite3.connect(root / "api.sqlite") as database:
        assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    database.close()


def test_a_damaged_file_is_said(root: Path) -> None:
    root.mkdir()
    (root / "api.sqlite").write_bytes(b"this is not a database" * 1000)
    ended = run(root, free_port())
    assert ended.returncode == 1
    assert "the lab's objects cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_prepare_makes_what_clients_need_once(root: Path) -> None:
    prepare(root, 1234)
    files = {file.name: file.read_bytes() for file in (root / "pki").iterdir() if file.is_file()}
    kubeconfig = (root / "kubeconfig").read_text()
    assert "https://127.0.0.1:1234" in kubeconfig
    prepare(root, 1234)
    assert {file.name: file.read_bytes() for file in (root / "pki").iterdir()} == files
    assert (root / "kubeconfig").read_text() == kubeconfig
    prepare(root, 1235)
    assert "https://127.0.0.1:1235" in (root / "kubeconfig").read_text()
    for file in (
        root / "kubeconfig",
        root / "pki" / "token",
        root / "pki" / "ca.key",
        root / "pki" / "server.key",
    ):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_the_token_is_not_shown_anywhere(root: Path) -> None:
    with lab_server(root) as api:
        api.namespace()
        command = Path(f"/proc/{api.process.pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{api.process.pid}/environ").read_bytes()
        assert api.token.encode() not in command + environment
    assert api.token not in (root / "apiserver.log").read_text()


def test_only_loopback_is_served(root: Path) -> None:
    with lab_server(root) as api:
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        listening = [line.split()[1] for line in lines if line.split()[3] == "0A"]
        assert f"0100007F:{api.port:04X}" in listening


def test_a_certificate_of_another_is_not_taken(root: Path, tmp_path: Path) -> None:
    prepare(tmp_path / "other", 1)
    with lab_server(root) as api, client(tmp_path / "other", api.port) as stranger:
        with pytest.raises(httpx2.ConnectError):
            stranger.get("/readyz")


def test_events_are_kept_for_an_hour(root: Path) -> None:
    port = free_port()
    with lab_server(root, port) as api:
        space = api.namespace()
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "old"},
            "involvedObject": {"kind": "Pod", "namespace": space, "name": "x"},
        }
        api.ok("POST", f"/api/v1/namespaces/{space}/events", event)
        api.ok("POST", f"/api/v1/namespaces/{space}/events", {**event, "metadata": {"name": "new"}})
    with sqlite3.connect(root / "api.sqlite") as database:
        where = "plural='events' AND name='old'"
        (body,) = database.execute(f"SELECT body FROM objects WHERE {where}").fetchone()
        obj = json.loads(body)
        obj["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z"
        for entry in obj["metadata"]["managedFields"]:
            entry["time"] = "2020-01-01T00:00:00Z"
        database.execute(f"UPDATE objects SET body=? WHERE {where}", (json.dumps(obj).encode(),))
    database.close()
    with lab_server(root, port) as api:
        left = [item["metadata"]["name"] for item in _events(api, space)]
        assert left == ["new"]


def _events(api: Api, space: str) -> list[dict[str, dict[str, str]]]:
    items = api.ok("GET", f"/api/v1/namespaces/{space}/events")["items"]
    assert isinstance(items, list)
    return items
