"""Java's ahead-of-time cache: made by a real run, and never needed."""

from __future__ import annotations

import subprocess

import pytest

from prompt_kafka.clients import assets
from prompt_kafka.lab import distribution, training

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture
def kafka(tmp_path, monkeypatch):
    real = assets.cache_home()
    distribution.kafka("4.1.1").checkpoint("4.1-IV1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    for name in ("jars", "manifests", "formats"):
        (tmp_path / "prompt-kafka").mkdir(exist_ok=True)
        (tmp_path / "prompt-kafka" / name).symlink_to(real / name)
    return distribution.kafka("4.1.1")


def run(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_is_made_once_used_and_dispensable(kafka):
    version = ["kafka.Kafka", "--version"]
    assert not any("AOTCache" in word for word in kafka.command(*version))
    said: list[str] = []
    assert training.train(kafka, "4.1-IV1", progress=said.append)
    assert training.train(kafka, "4.1-IV1", progress=said.append)
    assert len(said) == 1

    assert f"-XX:AOTCache={kafka.aot_cache}" in kafka.command(*version)
    assert run(kafka.command(*version)).returncode == 0
    assert sorted(file.suffix for file in kafka.aot_cache.parent.iterdir()) == [".aot"]

    whole = kafka.aot_cache.read_bytes()
    for damage in (b"", whole[: len(whole) // 2], b"x" * 100):
        kafka.aot_cache.write_bytes(damage)
        ended = run(kafka.command(*version))
        assert ended.returncode == 0, ended.stderr


def test_a_run_that_fails_leaves_nothing(kafka, tmp_path):
    broken = tmp_path / "java"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    other = type(kafka)(kafka.version, broken, kafka.classpath)

    assert not training.train(other, "4.1-IV1")
    assert list(other.aot_cache.parent.iterdir()) == []
