"""kubectl as administrators use it: the committed lines, and those that follow what happens."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contracts.definitions import pod, pods, widget, widgets
from tests.contracts.differences import differs
from tests.contracts.kubectl_lines import LINES, Line
from tests.contracts.servers import MERGE, Api, Object, kubectl
from tests.contracts.test_deletion import bind
from tests.contracts.test_patches import deployment, deployments

pytestmark = pytest.mark.kubectl


def running_pod(api: Api, space: str, name: str) -> Path:
    """Make a pod that looks as one of the lab's kubelet: bound, ready, with a folder."""
    api.ok("POST", pods(space), pod(name, {"app": name}))
    bind(api, space, name)
    status = {
        "phase": "Running",
        "podIP": "127.64.0.1",
        "podIPs": [{"ip": "127.64.0.1"}],
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {
                "name": "main",
                "ready": True,
                "restartCount": 0,
                "image": "example/main:1",
                "imageID": "",
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }
        ],
    }
    api.ok("PATCH", f"{pods(space)}/{name}/status", {"status": status}, media=MERGE)
    folder = api.root / "pods" / space / name
    (folder / "logs").mkdir(parents=True)
    (folder / "rootfs").mkdir()
    (folder / "logs" / "main.log").write_text("first line\nsecond line\nlast line\n")
    (folder / "logs" / "main.log.1").write_text("line before the restart\n")
    record = {"cwd": str(folder / "rootfs"), "env": {"GREETING": "hello"}}
    (folder / "container.json").write_text(json.dumps(record))
    return folder


@pytest.fixture(scope="module")
def stage(api: Api) -> str:
    """A namespace with something of everything."""
    space = api.namespace()
    running_pod(api, space, "one")
    api.ok("POST", pods(space), pod("free"))
    api.ok("POST", widgets(space), widget("one"))
    api.ok("POST", deployments(space), deployment("dep"))
    uid = api.ok("GET", pods(space) + "/one")["metadata"]["uid"]
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"generateName": "event-", "namespace": space},
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime()),
        "reportingController": "contracts.example.org/suite",
        "reportingInstance": "suite",
        "action": "Looking",
        "reason": "SomethingHappened",
        "type": "Normal",
        "note": "it happened",
        "regarding": {"apiVersion": "v1", "kind": "Pod", "namespace": space, "name": "one", "uid": uid},
    }
    api.ok("POST", f"/apis/events.k8s.io/v1/namespaces/{space}/events", event)
    return space


@pytest.mark.parametrize("line", LINES, ids=[f"{n:02d} {line.text[:50]}" for n, line in enumerate(LINES)])
def test_a_line(api: Api, stage: str, line: Line) -> None:
    if line.container and differs(api, "containers"):
        return
    words = [word.replace("$IFS", " ") for word in line.text.split(" ")]
    stdin = json.dumps(line.stdin) if isinstance(line.stdin, dict) else line.stdin
    ended = kubectl(api, "-n", stage, *words, stdin=stdin)
    output = ended.stdout + ended.stderr
    assert ended.returncode == line.code, output
    for said in line.said:
        assert said.replace("{ns}", stage) in output, output


def test_about_thirty_lines_are_kept() -> None:
    assert len(LINES) >= 30


@contextmanager
def following(api: Api, *arguments: str) -> Iterator[Callable[[str], None]]:
    """Run kubectl in the background; yields a function that waits for a text in its output."""
    command = shutil.which("kubectl")
    assert command is not None
    environment = {"PATH": os.environ["PATH"], "HOME": str(api.root), "KUBECONFIG": str(api.kubeconfig)}
    process = subprocess.Popen(
        [command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    assert process.stdout is not None
    stream = process.stdout

    def read() -> None:
        for line in stream:
            lines.append(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()

    def wait_for(text: str) -> None:
        end = time.monotonic() + 15
        while not any(text in line for line in lines):
            assert time.monotonic() < end, f"{text!r} is not in {lines}"
            time.sleep(0.02)

    try:
        yield wait_for
    finally:
        process.terminate()
        process.wait(10)
        reader.join(10)
        stream.close()


def test_get_with_watch(api: Api, space: str) -> None:
    running_pod(api, space, "one")
    with following(api, "-n", space, "get", "pods", "-w") as wait_for:
        wait_for("1/1")
        api.ok("POST", pods(space), pod("two"))
        wait_for("two")
        api.ok("DELETE", pods(space) + "/one")
        wait_for("Terminating")


def test_events_with_watch(api: Api, space: str) -> None:
    with following(api, "-n", space, "get", "events", "-w") as wait_for:
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "one"},
            "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": space, "name": "x"},
            "reason": "Fresh",
            "message": "just now",
            "type": "Warning",
            "source": {"component": "suite"},
            "firstTimestamp": "2026-01-01T00:00:00Z",
            "lastTimestamp": "2026-01-01T00:00:00Z",
            "count": 1,
        }
        # kubectl lists first; what is made before its watch begins is told as well.
        api.ok("POST", f"/api/v1/namespaces/{space}/events", event)
        wait_for("Fresh")


def test_logs_that_are_followed(api: Api, space: str) -> None:
    if differs(api, "containers"):
        return
    folder = running_pod(api, space, "one")
    with following(api, "-n", space, "logs", "-f", "--tail=1", "one") as wait_for:
        wait_for("last line")
        with (folder / "logs" / "main.log").open("a") as log:
            log.write("one more\n")
        wait_for("one more")
        # Rotated under the reader.
        (folder / "logs" / "main.log").rename(folder / "logs" / "main.log.1")
        (folder / "logs" / "main.log").write_text("a new file\n")
        wait_for("a new file")


def test_waiting_for_a_deletion(api: Api, space: str) -> None:
    running_pod(api, space, "one")
    line = ("-n", space, "wait", "--for=delete", "pod/one", "--timeout=20s", "-v=6")
    with following(api, *line) as wait_for:
        wait_for("watch=true")
        api.ok("DELETE", pods(space) + "/one", {"gracePeriodSeconds": 0})
        wait_for("condition met")


def test_waiting_for_a_condition(api: Api, space: str) -> None:
    api.ok("POST", widgets(space), widget("one"))
    line = ("-n", space, "wait", "--for=condition=Ready", "widget/one", "--timeout=20s", "-v=6")
    with following(api, *line) as wait_for:
        wait_for("watch=true")
        ready: Object = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        api.ok("PATCH", widgets(space) + "/one/status", ready, media=MERGE)
        wait_for("condition met")


def test_rollout_status(api: Api, space: str) -> None:
    if differs(api, "containers"):
        return
    body = deployment("one")
    body["spec"]["replicas"] = 1
    api.ok("POST", deployments(space), body)
    with following(api, "-n", space, "rollout", "status", "deployment/one") as wait_for:
        wait_for("Waiting for deployment")
        counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
        status = {"status": {**counts, "observedGeneration": 1}}
        api.ok("PATCH", deployments(space) + "/one/status", status, media=MERGE)
        wait_for("successfully rolled out")


def test_a_terminal(api: Api, space: str) -> None:
    if differs(api, "containers"):
        return
    running_pod(api, space, "one")
    command = [
        "script",
        "-qec",
        f"kubectl -n {space} exec -it one -- /bin/sh -c 'tty && stty size'",
        "/dev/null",
    ]
    if shutil.which("script") is None:
        pytest.skip("needs script from util-linux to have a terminal")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(api.root),
        "KUBECONFIG": str(api.kubeconfig),
        "TERM": "xterm",
    }
    ended = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "/dev/pts/" in ended.stdout, ended.stdout + ended.stderr
