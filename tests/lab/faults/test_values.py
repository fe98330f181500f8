"""What needs no process: files of faults, cut tails, the catalogue and its page, Git's refusal."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from prompt_kafka.clients.kafka import batches as kafka_batches
from prompt_kafka.clients.kubernetes import Kubernetes
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab import faults
from prompt_kafka.lab.faults import around, recovery, tails
from prompt_kafka.lab.faults.order import Order
from prompt_kafka.lab.faults.scene import Scene
from prompt_kafka.lab.git import git
from prompt_kafka.lab.standing import Standing, StandingFaults
from prompt_kafka.lab.state import LabState

PAGE = Path(__file__).parents[3] / "docs" / "lab.md"


def batch(first: int, records: int, size: int = 100) -> bytes:
    """Return a batch of which only what the cutting reads is filled in."""
    body = struct.pack(">iBIhi", 0, 2, 0, 0, records - 1)
    body += b"x" * (size - len(body) - 12)
    return struct.pack(">qi", first, len(body)) + body


def log_dir(folder: Path, *, flushed: int = 0) -> Path:
    """Return a log directory: five batches of three records, and an older segment."""
    for name in ("t-0", "t-1", "__cluster_metadata-0"):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{0:020d}.log").write_bytes(batch(0, 10))
        (folder / name / f"{10:020d}.log").write_bytes(b"".join(batch(10 + 3 * n, 3) for n in range(5)))
    (folder / tails.CHECKPOINT).write_text(f"0\n2\nt 0 {flushed}\nt 1 25\n")
    return folder


def sizes(folder: Path) -> dict[str, int]:
    return {f"{file.parent.name}/{file.name}": file.stat().st_size for file in folder.glob("*/*.log")}


@pytest.mark.parametrize("seed", range(20))
def test_a_cut_takes_the_end_of_the_last_segment_and_tells_which_offsets(tmp_path: Path, seed: int) -> None:
    folder = log_dir(tmp_path)
    before = sizes(folder)
    (cut,) = tails.cut(folder, "ns/p", seed)
    after = sizes(folder)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"t-0/00000000000000000010.log"}, "nothing that was flushed"
    left = tuple(tails.batches(folder / "t-0" / "00000000000000000010.log"))
    assert (cut.topic, cut.partition, cut.end) == ("t", 0, 25)
    assert cut.first == (left[-1].end if left else 10)
    assert cut.bytes == 500 - after["t-0/00000000000000000010.log"]
    assert cut.inside_a_batch is (after["t-0/00000000000000000010.log"] % 100 != 0)


def test_cuts_follow_from_the_seed_and_fall_inside_and_between_batches(tmp_path: Path) -> None:
    found = [tails.cut(log_dir(tmp_path / str(seed)), "p", seed) for seed in range(20)]
    again = [tails.cut(log_dir(tmp_path / f"again-{seed}"), "p", seed) for seed in range(20)]
    assert found == again
    assert {cut.inside_a_batch for (cut,) in found} == {True, False}
    assert len({cut.first for (cut,) in found}) > 2


def test_what_was_flushed_stays(tmp_path: Path) -> None:
    for seed in range(20):
        (cut,) = tails.cut(log_dir(tmp_path / str(seed), flushed=19), "p", seed)
        assert cut.first >= 19
    assert tails.cut(log_dir(tmp_path / "all", flushed=25), "p", 1) == ()


def test_the_filler_is_a_log_that_kafka_can_read(tmp_path: Path) -> None:
    recovery.fill(tmp_path)
    (segment,) = tmp_path.glob("lab-long-recovery-0/*.log")
    with segment.open("rb") as file:
        start = file.read(700)
    found = kafka_batches.parse("lab-long-recovery", 0, start)
    assert [each.base_offset for each in found[:3]] == [0, 1, 2]
    recovery.clear([tmp_path])
    assert list(tmp_path.iterdir()) == []


def test_faults_that_last_are_files(tmp_path: Path) -> None:
    standing = StandingFaults(tmp_path / "faults")
    assert standing.all() == () and not standing.has("slow")
    made = standing.add("slow", "ns/pod", pid=1)
    standing.add("dns-late")
    assert standing.all() == (Standing("dns-late"), made)
    assert standing.all("slow")[0].details == {"pid": 1}
    (tmp_path / "faults" / "freeze@ns%2Fp.fault").write_text("{ half")
    assert standing.all("freeze") == (Standing("freeze", "ns/p"),)
    standing.remove(made)
    assert not standing.has("slow")
    assert str(made) == "slow ns/pod"


def test_the_page_lists_the_catalogue() -> None:
    text = PAGE.read_text()
    for fault in faults.CATALOGUE.values():
        assert f"| `{f'{fault.name} {fault.target}'.rstrip()}` | {fault.does} |" in text


def test_every_fault_is_one_short_sentence() -> None:
    for fault in faults.CATALOGUE.values():
        assert len(fault.does) <= 92 and fault.does.endswith("."), fault.name


class TestGit:
    @pytest.fixture
    def scene(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        state = LabState.create("git")
        git("init", "--quiet", "--bare", "--initial-branch=main", str(state.git))
        return Scene(state, Kubernetes.__new__(Kubernetes))

    def test_pushes_are_refused_until_released(self, scene: Scene, tmp_path: Path) -> None:
        clone = tmp_path / "clone"

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            who = ("-c", "user.name=a", "-c", "user.email=a@b")
            return subprocess.run(
                ["git", *who, *words], cwd=clone, capture_output=True, text=True, check=False
            )

        subprocess.run(["git", "clone", "-q", scene.state.git.as_uri(), str(clone)], check=True)
        run("checkout", "-q", "-b", "main")
        run("commit", "-q", "--allow-empty", "-m", "one")
        around.git_refuse(scene, Order())
        refused = run("push", "origin", "main")
        assert refused.returncode != 0
        assert "git-refuse" in refused.stderr and "pre-receive hook declined" in refused.stderr
        assert run("fetch", "origin").returncode == 0
        around.git_accept(scene, scene.standing.all()[0])
        assert run("push", "origin", "main").returncode == 0


class TestOrders:
    @pytest.mark.parametrize(
        ("words", "options", "said"),
        [
            (("no-such",), {}, "there is no fault"),
            (("freeze",), {}, "is about POD"),
            (("dns-late", "x"), {}, "the whole lab"),
            (("slack-error",), {}, "is about ERROR"),
            (("broker-kill", "a", "b"), {}, "is about [POD]"),
            (("kill", "p"), {"cut_tail": 1}, "--cut-tail says nothing to kill"),
            (("power-loss",), {"seconds": 1.0}, "--seconds says nothing"),
            (("slack-rate-limit", "soon"), {}, "no number of seconds"),
            (("freeze", "p"), {}, "there is no Kafka pod"),
        ],
    )
    def test_a_wrong_one_is_refused(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        words: tuple[str, ...],
        options: dict[str, float],
        said: str,
    ) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        state = LabState.create("orders")
        with pytest.raises(UsageError) as raised:
            faults.inject(state, Kubernetes.__new__(Kubernetes), *words, **options)  # type: ignore[arg-type]
        assert said in raised.value.what
        assert state.faults.all() == ()
