"""How programs are started here: as on a user's machine, from compiled modules that are there already.

With ``PYTHONDONTWRITEBYTECODE`` set, as in many containers, every start compiles everything anew and takes
several times as long. That would measure the container.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
from pathlib import Path

SAID = "Python starts from compiled modules, as on a user's machine (PYTHONDONTWRITEBYTECODE is taken away)"
_USED = "click, lightkube, kafka.admin, helm_python, ruamel.yaml, rich.console, prompt_kafka.factory"


def set_up() -> None:
    """Compile this program, and let every program that is started from here keep what it compiles."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    compileall.compile_dir(Path(__file__).parents[1] / "src" / "prompt_kafka", quiet=2)
    subprocess.run([sys.executable, "-c", f"import {_USED}"], check=True)
