"""A robot that does by hand what a run prints, and nothing else: every kubectl, git and gh line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.killing.procedure import Procedure
from tests.killing.scene import Scene

BEGIN, END = "by hand (", "waiting until it is done"


def carry_out(scene: Scene, procedure: Procedure, folder: Path) -> list[str]:
    """Run a procedure with ``--by-hand``; return the scripts that the robot ran.

    What is printed between "by hand (…):" and "waiting until it is done" is a script for a shell. Where it
    needs more than kubectl and git (a step that only a person can do), the procedure's `person` does it.
    """
    process = scene.user.start(*procedure.words, "--yes", "--by-hand", **dict(procedure.environment))
    assert process.stdout is not None and process.stderr is not None
    said: list[str] = []
    ran: list[str] = []
    block: list[str] | None = None
    for line in process.stdout:
        said.append(line)
        if BEGIN in line and line.rstrip().endswith("):"):
            block = []
        elif END in line and block is not None:
            ran.append("".join(block).strip("\n"))
            _do(scene, procedure, ran[-1], folder / str(len(ran)))
            block = None
        elif block is not None:
            block.append(line)
    code = process.wait(60)
    assert code == 0, f"{''.join(said)}\n{process.stderr.read()}"
    return ran


def _do(scene: Scene, procedure: Procedure, script: str, folder: Path) -> None:
    """Run the lines of one step in a shell, in a folder of their own: kubectl, git, and looks of our own."""
    folder.mkdir()
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    if not commands or commands[0].startswith("vault "):
        procedure.person(scene, script)
        return
    env = {**scene.user.environment(), "KUBECONFIG": str(scene.user.labs / "lab/kubeconfig"), "USER": "robot"}
    tools = Path(__file__).parent / "bin"  # a small `gh`
    env["PATH"] = os.pathsep.join(map(str, (tools, Path(sys.executable).parent, env["PATH"])))
    env["PYTHONPATH"] = os.pathsep.join(each for each in sys.path if each)
    done = subprocess.run(
        ["bash", "-eu", "-c", script], env=env, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
