"""``messages`` of ``service.yaml``: read whole, and one clear complaint for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from prompt_kafka.adapters import config
from prompt_kafka.core.errors import UsageError
from prompt_kafka.core.messages import ANYTHING, MaskRule, Messages, RegistryAccess, SavedFilter, SchemaFiles

GOOD = """\
schema: 1
environments:
  usdfprod:
    messages:
      export: false
      throttle: 1.5 MB/s
      masks:
        personal:
          topics: [visits-*, alerts]
          paths: $..token
          how: last
          keep: 2
          key: true
          headers: authorization
      schemas:
        avro: visit.avsc
        ids: {7: visit.avsc}
        protobuf: [events.binpb]
        types: {ingest-*: rubin.Event}
      registry:
        url: https://registry.test/api
        timeout: 1.5
        user: reader
        secret_variable: REGISTRY_PASSWORD
      filters:
        failed: {topics: visits-*, where: value.ok == false, header: [a=b, c=d]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "visit.avsc").write_text("{}")
    (tmp_path / "events.binpb").write_bytes(b"")
    return tmp_path / "service.yaml"


def test_all_of_it(file: Path) -> None:
    file.write_text(GOOD)
    schema, events = str(file.parent / "visit.avsc"), str(file.parent / "events.binpb")
    assert config.read(file)["usdfprod"].messages == Messages(
        masks=(
            MaskRule(
                "personal",
                ("visits-*", "alerts"),
                ("$..token",),
                "last",
                keep=2,
                key=True,
                headers=("authorization",),
            ),
        ),
        export=False,
        throttle=1_500_000,
        registry=RegistryAccess(
            "https://registry.test/api", 1.5, "reader", secret_variable="REGISTRY_PASSWORD"
        ),
        schemas=SchemaFiles((schema,), {7: schema}, (events,), (("ingest-*", "rubin.Event"),)),
        filters=(
            SavedFilter(
                "failed", ("visits-*",), (("header", ("a=b", "c=d")), ("where", ("value.ok == false",)))
            ),
        ),
    )


def test_what_fits_a_topic(file: Path) -> None:
    file.write_text(GOOD)
    found = config.read(file)["usdfprod"].messages
    assert [rule.name for rule in found.masks_of("visits-2026")] == ["personal"]
    assert found.masks_of("canary") == ()
    assert (found.type_of("ingest-raw"), found.type_of("visits-2026")) == ("rubin.Event", "")
    assert [each.name for each in found.filters_of("visits-1")] == ["failed"]
    file.write_text("schema: 1\nenvironments: {usdfdev: }\n")
    assert config.read(file)["usdfdev"].messages == ANYTHING


@pytest.mark.parametrize(
    ("given", "bytes"), [("1000", 1000), ("20 MB/s", 20_000_000), ("512KiB/s", 524_288), ("1 G", 10**9)]
)
def test_rates(file: Path, given: str, bytes: int) -> None:
    file.write_text(f"schema: 1\nenvironments:\n  a:\n    messages: {{throttle: {given}}}\n")
    assert config.read(file)["a"].messages.throttle == bytes


@pytest.mark.parametrize(
    ("lines", "said", "line"),
    [
        ("exports: true", "unknown key environments.a.messages.exports", 5),
        ("export: perhaps", "messages.export must be true or false", 5),
        ("throttle: fast", "messages.throttle cannot be 'fast'", 5),
        ("throttle: -5", "messages.throttle cannot be -5", 5),
        ("masks: [x]", "messages.masks must be a mapping", 5),
        ("masks:\n  m: {paths: $.a}", "masks.m must say for which topics", 6),
        ("masks:\n  m: {topics: '*'}", "masks.m hides nothing", 6),
        ("masks:\n  m:\n    topics: '*'\n    paths: [$.a, b]", "masks.m.paths has 'b' is no path", 8),
        ("masks:\n  m:\n    topics: '*'\n    paths: [1]", "paths must be a text or a list of texts", 8),
        ("masks:\n  m:\n    topics: '*'\n    key: true\n    how: xor", "masks.m.how cannot be 'xor'", 9),
        ("masks:\n  m:\n    topics: '*'\n    key: true\n    keep: 3", "keep counts only with how: last", 9),
        ("masks:\n  m: {topics: '*', key: true, how: last, keep: -1}", "keep must not be negative", 6),
        ("masks:\n  m: {topics: '*', pathes: $.a}", "unknown key environments.a.messages.masks.m.pathes", 6),
        ("registry: {timeout: 3}", "registry.url must be an http", 5),
        ("registry: {url: ftp://x}", "registry.url must be an http", 5),
        ("registry: {url: 'http://me:secret@x'}", "registry.url must not hold a password", 5),
        ("registry: {url: http://x, timeout: 0}", "registry.timeout must be seconds", 5),
        ("registry: {url: http://x, user: me}", "registry.user needs a password", 5),
        ("registry: {url: http://x, secret_file: f, secret_variable: V}", "names two places", 5),
        ("registry: {url: http://x, ca_file: nowhere}", "names a file that is not there", 5),
        ("schemas: {avro: nowhere.avsc}", "schemas.avro names a file that is not there", 5),
        ("schemas: {ids: {x: visit.avsc}}", "schemas.ids.x must be a registry's schema id", 5),
        ("schemas: {ids: {7: nowhere}}", "schemas.ids.7 names a file that is not there", 5),
        ("schemas: {types: {a: b.C}}", "schemas.types needs descriptor sets", 5),
        ("schemas: {protobuf: events.binpb, types: {a: 'b C'}}", "must be the full name of a Protobuf", 5),
        ("filters:\n  f: {topics: x}", "filters.f looks for nothing", 6),
        ("filters:\n  f: {regex: x}", "unknown key environments.a.messages.filters.f.regex", 6),
    ],
)
def test_each_mistake_is_named_with_its_line(file: Path, lines: str, said: str, line: int) -> None:
    text = "".join(f"      {each}\n" for each in lines.splitlines())
    file.write_text(f"schema: 1\nenvironments:\n  a:\n    messages:\n{text}")
    with pytest.raises(UsageError) as error:
        config.read(file)
    assert said in error.value.what
    assert error.value.where == f"{file}:{line}"
    assert "me:secret" not in str(error.value)
