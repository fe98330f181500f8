"""Helm itself, for the comparison only: built once from its Go module, and what it is to render laid out."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from prompt_kafka.clients import helm
from prompt_kafka.clients.assets import cache_home
from prompt_kafka.clients.gitops import Repository

VERSION = "v3.19.2"
"""The one that Phalanx's own checks use."""


@dataclass(frozen=True)
class Template:
    """The words of one ``helm template``."""

    words: tuple[str, ...]


def built() -> Path | None:
    """Return Helm's program, built where Go is and it is not there yet; None without Go."""
    folder = cache_home() / "bench" / f"helm-{VERSION}"
    program = folder / "helm"
    if program.exists():
        return program
    if not shutil.which("go"):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    variables = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
    wanted = f"helm.sh/helm/v3/cmd/helm@{VERSION}"
    subprocess.run(["go", "install", wanted], check=True, env=variables, cwd=folder)
    return program


def templates(top: Path, pairs: Iterable[tuple[str, str]], scratch: Path) -> list[Template]:
    """Lay the charts out, shared ones in their places and absent ones taken out; return what to render."""
    repository, made, laid_out = Repository(top), [], set()
    described: dict[str, dict[str, dict[str, Any]]] = {}
    for environment, application in pairs:
        if environment not in described:
            parent = repository.app_of_apps(environment, "https://example.org/repository.git", "HEAD")
            described[environment] = {each.name: dict(each.manifest) for each in parent.of("Application")}
        spec = described[environment][application]["spec"]
        folder = scratch / application
        if application not in laid_out:
            shutil.copytree(top / "applications" / application, folder)
            _complete(folder, top / "applications" / application)
            laid_out.add(application)
        options = spec["source"].get("helm") or {}
        words = [application, str(folder), "--namespace", spec["destination"]["namespace"], "--include-crds"]
        for file in options.get("valueFiles") or []:
            words += ["--values", str(folder / file)]
        for each in options.get("parameters") or []:
            words += ["--set", f"{each['name']}={str(each['value']).replace(',', chr(92) + ',')}"]
        made.append(Template(tuple(words)))
    return made


def _complete(folder: Path, source: Path) -> None:
    yaml = YAML()
    chart = yaml.load(folder / "Chart.yaml")
    kept = []
    for each, plain in zip(helm.dependencies(source), chart.get("dependencies") or [], strict=True):
        if each.shared and not helm.is_present(source, each):
            shared = (source / each.repository.removeprefix("file://")).resolve()
            shutil.copytree(shared, folder / "charts" / each.name, dirs_exist_ok=True)
            _complete(folder / "charts" / each.name, shared)
        elif not helm.is_present(source, each):
            continue
        plain.pop("repository", None)
        kept.append(plain)
    if "dependencies" in chart:
        chart["dependencies"] = kept
        (folder / "Chart.lock").unlink(missing_ok=True)
        yaml.dump(chart, folder / "Chart.yaml")


def run(program: Path, wanted: Iterable[Template]) -> float:
    """Render everything, as many at once as there are cores; return the seconds."""

    def one(each: Template) -> None:
        subprocess.run([program, "template", *each.words], check=True, capture_output=True)

    began = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, wanted))
    return time.monotonic() - began
