"""``listener pin`` carried out: the addresses that load balancers were given, from the Services into Git.

Each test goes on where the one before ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prompt_kafka.clients.kinds import SERVICE
from tests.killing.registered.listeners import VALUES, own_bootstrap
from tests.killing.scene import IDENTITY, NAMESPACE, Scene
from tests.story.conftest import User, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.slow]

DEPLOY = Path(__file__).parents[2] / "deploy"


def _tree(folder: Path) -> Path:
    """Return a tree whose bootstrap load balancer has an address of its own, as a real one has."""
    shutil.copytree(DEPLOY, folder / "tree")
    (folder / "tree" / VALUES).write_text(own_bootstrap())
    return folder / "tree"


@pytest.fixture(scope="module")
def scene(user: User, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    user.env |= IDENTITY
    user.run("lab", "up", "--repo", str(_tree(tmp_path_factory.mktemp("repo"))), timeout=900)
    found = Scene(user)
    yield found
    found.close()


def _rows(user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = user.json("listener", "list")
    return found


def test_each_load_balancer_has_one_address_of_its_own(user: User, scene: Scene) -> None:
    rows = _rows(user)
    assert [each["broker"] for each in rows] == [None, 3, 4, 5]
    addresses = [each["addresses"] for each in rows]
    assert all(len(each) == 1 for each in addresses)
    assert len({each[0] for each in addresses}) == 4
    assert [each["in_git"] for each in rows] == [f"192.0.2.{n}" for n in (20, 23, 24, 25)]


def test_outside_of_the_pool_nothing_is_pinned(user: User, scene: Scene) -> None:
    refused = user.run("listener", "pin", "--pool", "192.0.2.0/24", "--yes", code=4)
    assert "refused (outside-pool)" in refused.stderr


def test_the_addresses_are_written_where_the_template_reads_them(user: User, scene: Scene) -> None:
    before = {each["broker"]: each["addresses"][0] for each in _rows(user)}
    pool = before[3].rpartition(".")[0] + ".0/24"
    head = scene.git("rev-parse", "main")
    pods = scene.rolls()
    run = user.json("listener", "pin", "--pool", pool, "--yes")
    assert run["state"] == "done"
    assert "4 load balancers ask for the addresses that they have" in " ".join(run["steps"][-1]["evidence"])
    changed = scene.git("diff", "--unified=0", head, "main")
    assert scene.git("diff", "--name-only", head, "main") == VALUES
    written = [line for line in changed.splitlines() if line.startswith("+ ")]
    assert len(written) == 4
    assert all(f"metallb.io/loadBalancerIPs: {address}" in "".join(written) for address in before.values())
    rows = _rows(user)
    assert {each["broker"]: each["addresses"][0] for each in rows} == before, "they keep them"
    assert all(each["asks_for"] == each["in_git"] == each["addresses"][0] for each in rows)
    assert scene.rolls() == pods, "nothing restarts for it"


def test_a_second_time_there_is_nothing_to_do(user: User, scene: Scene) -> None:
    again = user.run("listener", "pin", "--yes")
    assert (
        "nothing to do: 4 load balancers ask for the addresses that they have, and Git says so"
        in again.stdout
    )


def test_a_service_that_is_made_anew_gets_its_pinned_address(user: User, scene: Scene) -> None:
    rows = {each["broker"]: each for each in _rows(user)}
    name, address = rows[4]["service"], rows[4]["addresses"][0]
    uid = scene.kubernetes.get(SERVICE, name, NAMESPACE)["metadata"]["uid"]
    scene.kubernetes.delete(SERVICE, name, NAMESPACE)

    def back() -> bool:
        found = scene.kubernetes.find(SERVICE, name, NAMESPACE)
        if found is None or found["metadata"]["uid"] == uid:
            return False
        ingress = (found["status"].get("loadBalancer") or {}).get("ingress") or ()
        return [each["ip"] for each in ingress] == [address]

    wait_until(back, 60, "the Service with its address")
    wait_until(lambda: user.json("status", code=None).get("healthy") is True, 120, "health")
