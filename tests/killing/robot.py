"""A robot that does by hand what a run prints, and nothing else: every kubectl and git line, in a shell."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from pathlib import Path

from tests.killing.procedure import Procedure
from tests.killing.scene import Scene

INDENT = "    "
PROMPTS = 900.0


def carry_out(scene: Scene, procedure: Procedure, folder: Path) -> tuple[str, list[str]]:
    """Run a procedure with ``--by-hand``; return what it printed, and the scripts that the robot ran.

    The lines below "by hand" are one script for a shell. Where a step has no line but a comment (what only a
    person can do), the procedure's `person` does it.
    """
    process = scene.user.start(*procedure.words, "--yes", "--by-hand")
    assert process.stdout is not None
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    said, ran, block, inside = [], [], [], False
    end = time.monotonic() + PROMPTS
    running = False
    while time.monotonic() < end:
        line = lines.get(timeout=PROMPTS)
        if line is None:
            break
        said.append(line)
        running = running or "by hand (" in line
        if running and "by hand (" in line:
            inside, block = True, []
        elif inside and line.startswith(INDENT) and not line.lstrip().startswith("waiting"):
            if "waiting until it is done" in line:
                inside = False
                ran.append(_do(scene, procedure, "".join(block), folder / str(len(ran))))
            else:
                block.append(line.removeprefix(INDENT))
    process.wait(60)
    text = "".join(said)
    assert process.returncode == 0, f"{text}\n{process.stderr.read() if process.stderr else ''}"
    return text, ran


def _do(scene: Scene, procedure: Procedure, script: str, folder: Path) -> str:
    """Run the lines of one step in a shell with kubectl and git, in a folder of their own."""
    folder.mkdir()
    if all(line.startswith("#") or not line.strip() for line in script.splitlines()):
        assert procedure.person is not None, f"only a person can do this: {script}"
        procedure.person(scene, script)
        return script
    env = {**os.environ, **scene.user.env, "KUBECONFIG": str(scene.user.labs / "lab/kubeconfig")}
    done = subprocess.run(
        ["bash", "-eu", "-c", script], env=env, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return script
