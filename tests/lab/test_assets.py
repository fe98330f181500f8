"""Jars and formats: fetched once, whole or not at all, and one clear error when there is no way to them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from prompt_kafka.clients import assets
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab.distribution import format_directory, kafka, random_uuid


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # Nothing listens there: what is not in the cache cannot be fetched.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr("prompt_kafka.clients.maven.TRIES", 1)
    return tmp_path / "prompt-kafka"


def store(cache, coordinate, *names, suffix=""):
    entries = []
    for name in names:
        jar = cache / "jars" / name
        jar.parent.mkdir(parents=True, exist_ok=True)
        jar.write_text(name)
        stat = jar.stat()
        entries.append(
            {
                "artifact": f"g:{name}",
                "path": f"jars/{name}",
                "size": stat.st_size,
                "mtime_ns": stat.st_mtime_ns,
                "sha256": assets.sha256(jar),
            }
        )
    manifest = cache / "manifests" / f"{coordinate.replace(':', '_')}{suffix}.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps(entries))


def test_what_is_cached_needs_no_network(cache):
    store(cache, "g:a:1", "a.jar", "common.jar")
    store(cache, "g:b:1", "b.jar", "common.jar")

    found = assets.jars(["g:a:1", "g:b:1"])

    assert [jar.name for jar in found] == ["a.jar", "common.jar", "b.jar"]


def test_a_touched_jar_is_still_the_jar(cache):
    store(cache, "g:a:1", "a.jar")
    (cache / "jars" / "a.jar").touch()

    assert assets.jars(["g:a:1"])


@pytest.mark.parametrize("damage", ["changed", "cut", "gone", "manifest"])
def test_a_damaged_cache_is_never_used(cache, damage):
    store(cache, "g:a:1", "a.jar")
    jar = cache / "jars" / "a.jar"
    if damage == "changed":
        jar.write_text("b.jar")
    elif damage == "cut":
        jar.write_text("a")
    elif damage == "gone":
        jar.unlink()
    else:
        (cache / "manifests" / "g_a_1.json").write_text('[{"artifact"')

    with pytest.raises(assets.AssetsError, match="cannot be reached") as caught:
        assets.jars(["g:a:1"])
    assert caught.value.where == str(cache)
    assert "network" in str(caught.value.next)
    assert not (cache / "staging").exists()


def test_the_resolver_is_not_imported_for_what_is_cached(cache):
    store(cache, "g:a:1", "a.jar")
    program = (
        "import sys; from prompt_kafka.clients import assets; assets.jars(['g:a:1']); assets.java();"
        "print([m for m in ('jgo', 'requests') if m in sys.modules])"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("version", "word"),
    [("4.1", "not a Kafka version"), ("latest", "not a"), ("3.9.1", "newer"), ("", "not a")],
)
def test_versions_that_are_none_or_do_not_run_here(version, word):
    with pytest.raises(UsageError, match=word):
        kafka(version)


def test_formatting_makes_a_nodes_directory_and_leaves_a_formatted_one_alone(tmp_path):
    folder = tmp_path / "data" / "kafka-log3"
    format_directory(folder, b"first", cluster_id="c", node_id=3)
    before = (folder / "meta.properties").read_text()
    format_directory(folder, b"second", cluster_id="d", node_id=3)

    assert (folder / "meta.properties").read_text() == before
    assert (folder / "bootstrap.checkpoint").read_bytes() == b"first"
    properties = dict(line.split("=", 1) for line in before.splitlines())
    assert properties.keys() == {"cluster.id", "directory.id", "node.id", "version"}
    assert (properties["cluster.id"], properties["node.id"], properties["version"]) == ("c", "3", "1")


def test_identifiers_are_kafkas():
    made = {random_uuid() for _ in range(500)}

    assert len(made) == 500
    assert all(len(each) == 22 and not each.startswith("-") for each in made)
