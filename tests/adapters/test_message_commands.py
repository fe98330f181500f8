"""The commands on messages, from the command line to a real Kafka behind the lab's API."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from prompt_kafka.adapters import readings
from prompt_kafka.cli.main import root
from prompt_kafka.clients.kafka import KafkaConnection, Record
from prompt_kafka.clients.kafka.write import write
from prompt_kafka.core.clock import SYSTEM
from prompt_kafka.core.errors import ExitCode, PromptKafkaError, RefusedError, UsageError
from prompt_kafka.core.reading import Act
from prompt_kafka.core.service import Environment
from prompt_kafka.messages import container
from tests.adapters.conftest import CLUSTER, SPACE, Stage
from tests.adapters.test_doctor import environment, installed  # noqa: F401
from tests.clients.conftest import make_topic

MASKS = {"personal": {"topics": "*-masked", "paths": "$.who.email", "key": True}}
DOC = {"visit": 42, "who": {"email": "vera@example.org"}}


@dataclass
class Done:
    """How a command ended."""

    code: int | None
    out: str
    err: str
    error: BaseException | None

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: F811
    """Run a command on an environment with masks."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    entry = {"kubeconfig": environment.kubeconfig, "namespace": SPACE, "cluster": CLUSTER}
    messages: dict[str, Any] = {"masks": MASKS, "filters": {"visits": {"where": "value.visit == 42"}}}

    def invoke(*words: str, code: int | None = ExitCode.OK, production: bool = False, **extra: Any) -> Done:
        config = tmp_path / "service.yaml"
        whole = {**entry, "production": production, "messages": {**messages, **extra}}
        config.write_text(json.dumps({"schema": 1, "environments": {"here": whole}}))
        result = CliRunner().invoke(
            root, ["messages", *words, "-e", "here", "--config", str(config)], standalone_mode=False
        )
        error = result.exception
        done = Done(result.return_value, result.stdout, result.stderr, error)
        if code is None:
            assert isinstance(error, PromptKafkaError), (result.output, error)
        else:
            assert error is None, (result.output, error)
            assert done.code == code, result.output
        return done

    return invoke


@pytest.fixture
def admin(stage: Stage) -> Iterator[KafkaConnection]:
    with stage.node.connect() as connection:
        yield connection


@pytest.fixture
def topic(admin: KafkaConnection) -> str:
    """A topic with what is easily lost."""
    name = make_topic(admin, 2)
    packed = gzip.compress(json.dumps(DOC).encode())
    write(
        admin,
        name,
        0,
        [Record(name, 0, 0, 1_790_000_000_000, b"k", packed, (("none", None), ("h", b"\x00")))],
    )
    write(
        admin,
        name,
        1,
        [Record(name, 1, 0, 1_790_000_000_001, b"k", None), Record(name, 1, 0, -1, None, b"text")],
    )
    return name


def test_one_record_is_shown_whole_and_its_link_leads_back_to_it(run: Run, topic: str) -> None:
    shown = run("show", f"{topic}/0/0")
    assert "gzip (" in shown.out and "· json" in shown.out and '"visit": 42' in shown.out
    assert "header none  none" in shown.out
    found = run("show", f"{topic}/0/0", "-o", "json").json
    assert (found["answer"], found["record"]["value"]) == ("found", DOC)
    assert found["decoding"]["value"]["layers"][0]["kind"] == "gzip"
    again = run("show", found["link"], "-o", "json").json
    assert again == found
    assert "value  none: a tombstone" in run("show", f"{topic}/1/0").out
    assert run("show", f"{topic}/1/1", "--hex", "value").out.startswith("00000000  74 65 78 74 ")


def test_what_is_not_there_is_said_and_is_no_success(run: Run, topic: str) -> None:
    assert "not yet written: " in run("show", f"{topic}/0/9", code=ExitCode.FAILED).err
    other = run("show", f"prompt-kafka:elsewhere/{topic}@x/0/0", "-o", "json", code=ExitCode.FAILED).json
    assert (other["answer"], other["record"]) == ("another cluster", None)
    assert isinstance(run("show", "what", code=None).error, UsageError)


def test_masks_reach_every_way_out(run: Run, admin: KafkaConnection, tmp_path: Path) -> None:
    from kafka.admin import NewTopic

    name = f"t{os.urandom(4).hex()}-masked"
    admin.admin.create_topics([NewTopic(name, 1, 1)])
    assert admin.clock.wait_until(lambda: bool(admin.offsets(name)), 20)
    write(
        admin,
        name,
        0,
        [Record(name, 0, 0, 1, b"vera-key", json.dumps(DOC).encode()), Record(name, 0, 0, 1, None, b"vera")],
    )
    ways = [
        run(name),
        run(name, "-o", "json"),
        run("show", f"{name}/0/0"),
        run("show", f"{name}/0/0", "-o", "json"),
        run(name, "--export", "-"),
        run(name, "--grep", "vera"),
    ]
    assert not [each.out + each.err for each in ways if "vera" in each.out + each.err.replace("--grep", "")]
    assert "masked: not parseable" in ways[0].out
    assert ways[-1].out == "", "a filter does not find what a mask hides"
    for words in (("show", f"{name}/0/0", "--raw", "value"), (name, "--export", str(tmp_path / "a.pkr"))):
        refused = run(*words, code=None).error
        assert isinstance(refused, RefusedError) and refused.rule == "masked" and "personal" in refused.what


def test_out_to_a_file_and_into_a_topic_of_a_lab(
    run: Run, admin: KafkaConnection, topic: str, tmp_path: Path
) -> None:
    file, second = tmp_path / "a.pkr", make_topic(admin, 2)
    done = run(topic, "--export", str(file), "-o", "json").json
    assert (done["exported"]["records"], done["ending"]) == (3, "end of the range")
    about = container.verify(file).about
    assert (about.topic, about.topic_id, about.environment) == (topic, done["topic_id"], "here")
    assert isinstance(run(topic, "--export", str(file), code=None).error, UsageError), "it is there already"
    assert "nobody is there to be asked" in str(run("import", str(file), second, code=None).error)
    plan = run("import", str(file), second, "--dry-run")
    assert plan.out.startswith("TARGET here (not production) · ") and "partition 1: 2 to write" in plan.out
    assert "✓ 3 records written" in run("import", str(file), second, "-y").out
    assert "nothing to do" in run("import", str(file), second, "-y").out
    first, copy = (run(name, "--all", "-o", "json").json["records"] for name in (topic, second))
    assert [each | {"topic": ""} for each in first] == [each | {"topic": ""} for each in copy]
    kept = readings.read(SYSTEM.now().replace(year=2020)).noted
    exports = [each.reading for each in kept if each.reading.act is Act.EXPORT]
    assert [(each.topic, each.into) for each in exports] == [(topic, str(file))]


@pytest.fixture
def no_lab(tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of an API that answers ``/version`` as Kubernetes does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"major": "1", "minor": "33", "gitVersion": "v1.33.2+gke.1"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    named = {"name": "x", "cluster": {"server": f"http://127.0.0.1:{server.server_address[1]}"}}
    context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
    kubeconfig = {
        "clusters": [named],
        "contexts": [context],
        "current-context": "x",
        "users": [{"name": "x", "user": {}}],
    }
    path = tmp_path / "no-lab"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **kubeconfig}))
    yield path
    server.shutdown()
    server.server_close()


def test_nothing_is_written_where_it_is_no_lab(
    run: Run, admin: KafkaConnection, topic: str, tmp_path: Path, no_lab: Path
) -> None:
    file, second = tmp_path / "a.pkr", make_topic(admin, 2)
    run(topic, "--export", str(file))
    for words, production in (((), True), (("--kubeconfig", str(no_lab)), False)):
        refused = run("import", str(file), second, "-y", *words, code=None, production=production).error
        assert isinstance(refused, RefusedError) and refused.rule == "not-a-lab", refused
    assert admin.offsets(second)[0].end == 0


def test_exports_can_be_forbidden_and_saved_searches_are_found(run: Run, topic: str, tmp_path: Path) -> None:
    refused = run(topic, "--export", str(tmp_path / "a.csv"), code=None, export=False).error
    assert isinstance(refused, RefusedError) and refused.rule == "export-forbidden"
    assert list(tmp_path.glob("a.csv")) == []
    found = run(topic, "--saved", "visits", "-o", "json").json
    assert [record["partition"] for record in found["records"]] == [0]
    assert "there are: visits" in str(run(topic, "--saved", "nope", code=None).error)
