"""Edit, render, parse: whatever the topics and users, the objects are as asked for and no other changes."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_kafka.core.request import Grant
from prompt_kafka.procedures.authoring.subchart import Topic
from prompt_kafka.procedures.authoring.topic import Wanted, author
from prompt_kafka.procedures.rendered import by_key, difference
from tests.topics import FOLDER, Charts, shipped_files

# Three letters at least: `on` and `no` are names too, which a chart that does not quote them cannot bear.
_names = st.from_regex(r"[a-z]{3}([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter(
    lambda name: (
        name not in ("yes", "off", "nan", "null", "true", "false")
        and not name.startswith(("butler", "prompt", "kafka", "kafdrop", "console", "canary"))
    )
)
_may = st.sampled_from([("read",), ("write",), ("read", "write")])


@st.composite
def _asked(draw: st.DrawFn) -> Wanted:
    name = draw(_names)
    replicas = draw(st.integers(1, 3))
    topic = Topic(
        name,
        name,
        draw(st.integers(1, 64)),
        replicas,
        max(1, replicas - 1),
        draw(st.sampled_from([-1, 1, 60_000, 1_209_600_000, 2**53])),
        "so long",
        min_asked=False,
    )
    users = draw(st.lists(_names, max_size=2, unique=True))
    grants = tuple(Grant(f"{user}-u", may := draw(_may), "g" if "read" in may else "") for user in users)
    subchart = draw(st.sampled_from(["butler-writer", "prompt-publication", f"{name}-chart"]))
    return Wanted(FOLDER, subchart, "About it", topic, "prompt-kafka", grants, ("lab",))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_asked(), st.sampled_from(["\n", "\r\n"]))
def test_what_is_rendered_is_what_was_asked_for(wanted: Wanted, newline: str) -> None:
    files = {
        path: text.replace("\n", newline) if path.endswith("values-lab.yaml") else text
        for path, text in shipped_files().items()
    }
    edits = author(files, wanted)
    charts = Charts(files)
    before, after = charts("lab", {}), charts("lab", edits)
    found: Any = by_key(after)[("KafkaTopic", wanted.topic.resource)]
    assert found["spec"]["partitions"] == wanted.topic.partitions
    assert found["spec"]["replicas"] == wanted.topic.replicas
    assert found["spec"]["config"]["retention.ms"] == wanted.topic.retention_ms
    ours = {("KafkaTopic", wanted.topic.resource), *(("KafkaUser", each.user) for each in wanted.grants)}
    assert set(difference(before, after).all) == ours
    assert author({**files, **edits}, wanted) == {}
