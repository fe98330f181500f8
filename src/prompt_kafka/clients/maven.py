"""Fetching jars, the part that needs a network: jgo resolves and downloads.

Imported only when something is missing from the cache. Everything is fetched into a staging folder and moved
from there, so that a process killed in between leaves nothing that looks whole.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from prompt_kafka.clients.assets import AssetsError, Progress, sha256
from prompt_kafka.core.clock import SYSTEM

TRIES = 3


def fetch(coordinate: str, transitive: bool, cache: Path, progress: Progress) -> list[dict[str, Any]]:
    """Bring one artifact, and what it depends on, into the cache; the caller holds the cache's lock.

    Returns
    -------
    list of dict
        The manifest: artifact, path in the cache, size, mtime_ns and sha256 of each jar.

    Raises
    ------
    AssetsError
        If there is no network, or no such artifact.
    """
    try:
        import requests
    except ImportError:
        raise AssetsError(
            "the lab's packages are not installed",
            where="Python package jgo",
            next="install prompt-kafka with its lab packages: pip install 'prompt-kafka[lab]'",
        ) from None
    staging = cache / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True, mode=0o700)
    try:
        for attempt in range(1, TRIES + 1):
            try:
                return _fetch(coordinate, transitive, cache, staging, progress)
            except (requests.ConnectionError, requests.Timeout) as error:
                if attempt == TRIES:
                    raise _unreachable(coordinate, cache, error) from None
                # A download that broke off left a part behind, which jgo would take for the whole.
                shutil.rmtree(staging, ignore_errors=True)
                staging.mkdir(mode=0o700)
                SYSTEM.sleep(attempt)
            except requests.RequestException as error:
                raise _unreachable(coordinate, cache, error) from None
            except (RuntimeError, ValueError) as error:
                if "not found" in str(error).lower() or "could not resolve" in str(error).lower():
                    raise AssetsError(
                        f"{coordinate} is not published",
                        where="the Maven repositories",
                        next="use a version that is, or name a repository that has it in jgo's configuration",
                    ) from None
                raise AssetsError(
                    f"{coordinate} could not be fetched: {error}",
                    where="the Maven repositories",
                    next="try again",
                ) from None
        raise AssertionError("unreachable")
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _unreachable(coordinate: str, cache: Path, error: Exception) -> AssetsError:
    return AssetsError(
        f"{coordinate} is not in the cache and the Maven repositories cannot be reached "
        f"({type(error).__name__})",
        where=str(cache),
        next="connect to the network once (proxies are taken from HTTPS_PROXY), or copy the cache folder "
        "from a machine where the lab has run",
    )


def _fetch(
    coordinate: str, transitive: bool, cache: Path, staging: Path, progress: Progress
) -> list[dict[str, Any]]:
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext
    from jgo.parse import Coordinate

    repositories = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(repo_cache=staging, remote_repos=repositories)
    wanted = context.create_dependency(replace(Coordinate.parse(coordinate), scope="compile"))
    artifacts = [wanted.artifact]
    if transitive:
        progress(f"resolving {coordinate}")
        inputs, others = context.resolver.resolve([wanted])
        artifacts = [each.artifact for each in inputs]
        artifacts += [each.artifact for each in others if each.scope in ("compile", "runtime")]
    progress(f"fetching {coordinate}: {len(artifacts)} jar{'s' if len(artifacts) != 1 else ''}")
    with ThreadPoolExecutor(8) as pool:
        fetched = list(pool.map(lambda artifact: Path(artifact.resolve()), artifacts))
    manifest = []
    for artifact, source in zip(artifacts, fetched, strict=True):
        target = cache / "jars" / source.relative_to(staging)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest = sha256(source)
        if not (target.exists() and sha256(target) == digest):
            source.replace(target)
        stat = target.stat()
        manifest.append(
            {
                "artifact": f"{artifact.groupId}:{artifact.artifactId}",
                "path": str(target.relative_to(cache)),
                "size": stat.st_size,
                "mtime_ns": stat.st_mtime_ns,
                "sha256": digest,
            }
        )
    return manifest
