"""The state folder: chosen once, private, and honest about what it cannot read."""

from __future__ import annotations

import json
import socket
import stat

import pytest

from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab.network import CLAIM_PORT
from prompt_kafka.lab.settings import SCHEMA, migrate
from prompt_kafka.lab.state import LabSettings, LabState, LabStateError


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_what_is_created_can_be_opened():
    made = LabState.create("one", environment="usdfprod-prompt-processing", kafka_version="4.0.0")

    assert LabState.open("one") == made
    assert LabState.at(made.root) == made
    assert LabState.list() == ("one",)
    assert stat.S_IMODE(made.root.stat().st_mode) == 0o700
    assert stat.S_IMODE(made.settings_file.stat().st_mode) == 0o600


def test_labs_side_by_side_share_nothing():
    labs = [LabState.create(name).settings for name in ("a", "b", "c")]

    for field in ("network", "api_port", "slack_port"):
        assert len({getattr(lab, field) for lab in labs}) == 3


def test_a_network_in_use_by_someone_else_is_passed_over():
    first = LabState.create("a").settings.network
    octet = int(first.split(".")[1])
    with socket.socket() as other:
        other.bind((f"127.{octet + 1}.0.1", CLAIM_PORT))
        other.listen()
        assert LabState.create("b").settings.network not in (first, f"127.{octet + 1}")


def test_a_second_lab_of_the_name_is_refused():
    LabState.create("a")
    with pytest.raises(UsageError, match="exists already"):
        LabState.create("a")


@pytest.mark.parametrize("name", ["", "A", "../x", "a/b", "-a", "a-", "a" * 33, "a.b"])
def test_names_that_would_leave_the_folder_or_break_an_address(name):
    with pytest.raises(UsageError):
        LabState.create(name)


def test_no_lab_says_how_to_start_one():
    with pytest.raises(LabStateError, match="lab up"):
        LabState.open("none")


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "{}", '{"schema": 1}', '{"schema": "1"}', None],
    ids=["empty", "cut", "list", "bare", "no fields", "text schema", "no file"],
)
def test_damage_is_one_error_that_says_what_to_do(damage):
    state = LabState.create("a")
    if damage is None:
        state.settings_file.unlink()
    else:
        state.settings_file.write_text(damage)

    with pytest.raises(LabStateError) as caught:
        LabState.open("a")
    assert caught.value.where == str(state.settings_file)
    assert "lab down --purge" in str(caught.value.next)


@pytest.mark.parametrize(
    ("field", "value"),
    [("api_port", "x"), ("network", "10.0"), ("timer_factor", 0), ("name", ".."), ("more", 1)],
)
def test_a_wrong_value_is_damage(field, value):
    state = LabState.create("a")
    document = json.loads(state.settings_file.read_text())
    state.settings_file.write_text(json.dumps({**document, field: value}))

    with pytest.raises(LabStateError):
        LabState.open("a")


def test_a_newer_folder_is_refused():
    state = LabState.create("a")
    document = json.loads(state.settings_file.read_text())
    state.settings_file.write_text(json.dumps({**document, "schema": SCHEMA + 1, "later": True}))

    with pytest.raises(LabStateError, match="newer"):
        LabState.open("a")


def test_an_older_document_goes_through_every_step():
    steps = {1: lambda d: {**d, "b": d["a"] + 1}, 2: lambda d: {k: v for k, v in d.items() if k != "a"}}

    assert migrate({"schema": 1, "a": 1}, steps, current=3) == {"schema": 3, "b": 2}
    with pytest.raises(ValueError, match="schema 0"):
        migrate({"schema": 0}, steps, current=3)


#: As stored by the first version; never edited, so that it stays readable.
STORED_SCHEMA_1 = """{
  "api_port": 16464, "environment": "lab", "kafka_version": null, "name": "lab", "network": "127.64",
  "repo": null, "schema": 1, "slack_port": 17064, "strimzi_version": null, "timer_factor": 20.0
}"""


def test_the_first_stored_version_is_still_read():
    settings = LabSettings.from_json(STORED_SCHEMA_1)

    assert (settings.name, settings.network, settings.api_port) == ("lab", "127.64", 16464)
    assert settings.schema == SCHEMA
