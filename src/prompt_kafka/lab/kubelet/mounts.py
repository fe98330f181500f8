"""A pod's volumes, laid out below its folder as the container would see them.

ConfigMaps and Secrets are files that are kept up to date while the pod runs, as the kubelet does it; claims
are links to their folders.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prompt_kafka.clients.files import write_atomic

Object = dict[str, Any]
Find = Callable[[str, str], Object | None]


class MountError(Exception):
    """A volume is not there yet; the kubelet tries again."""


class Mounts:
    """Lays volumes out.

    Parameters
    ----------
    config_map, secret
        Find an object by namespace and name.
    claim
        Returns the folder of a bound claim, None while it is not bound.
    """

    def __init__(self, config_map: Find, secret: Find, claim: Callable[[str, str], Path | None]) -> None:
        self._config_map = config_map
        self._secret = secret
        self._claim = claim

    def lay_out(self, pod: Object, rootfs: Path) -> None:
        """Make the folder what the pod's containers see.

        Raises
        ------
        MountError
            If something that a volume needs is not there.
        """
        volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
        for mount in self._mounts(pod):
            volume = volumes.get(mount["name"])
            if volume is None:
                raise MountError(f"there is no volume {mount['name']!r}")
            target = rootfs / mount["mountPath"].strip("/")
            if claim := volume.get("persistentVolumeClaim"):
                self._link(pod, claim["claimName"], target)
            elif (files := self._files(pod, volume)) is not None:
                _write(target, files)
            else:
                target.mkdir(parents=True, exist_ok=True, mode=0o700)

    def refresh(self, pod: Object, rootfs: Path) -> None:
        """Bring the files of ConfigMaps and Secrets up to date; what has gone stays as it was."""
        volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
        for mount in self._mounts(pod):
            try:
                files = self._files(pod, volumes.get(mount["name"]) or {})
            except MountError:
                continue
            if files is not None:
                _write(rootfs / mount["mountPath"].strip("/"), files)

    @staticmethod
    def _mounts(pod: Object) -> list[Object]:
        return [
            mount for container in pod["spec"]["containers"] for mount in container.get("volumeMounts") or ()
        ]

    def _link(self, pod: Object, claim: str, target: Path) -> None:
        folder = self._claim(pod["metadata"]["namespace"], claim)
        if folder is None:
            raise MountError(f"persistentvolumeclaim {claim!r} is not bound")
        folder = folder.resolve()
        if target.is_symlink() and target.readlink() == folder:
            return
        if target.is_symlink():
            target.unlink()
        elif target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.symlink_to(folder)

    def _files(self, pod: Object, volume: Object) -> dict[str, bytes] | None:
        """Return the files of a volume; None for one that has none of its own."""
        namespace = pod["metadata"]["namespace"]
        if source := volume.get("configMap"):
            return self._from(self._config_map, "configmap", namespace, source["name"], source)
        if source := volume.get("secret"):
            return self._from(self._secret, "secret", namespace, source["secretName"], source)
        if source := volume.get("projected"):
            files: dict[str, bytes] = {}
            for each in source.get("sources") or ():
                if one := each.get("configMap"):
                    files |= self._from(self._config_map, "configmap", namespace, one["name"], one)
                elif one := each.get("secret"):
                    files |= self._from(self._secret, "secret", namespace, one["name"], one)
            return files
        return None

    @staticmethod
    def _from(find: Find, kind: str, namespace: str, name: str, source: Object) -> dict[str, bytes]:
        obj = find(namespace, name)
        if obj is None:
            if source.get("optional"):
                return {}
            raise MountError(f'{kind} "{name}" not found')
        files = {key: base64.b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}
        for key, value in (obj.get("data") or {}).items():
            files[key] = base64.b64decode(value) if kind == "secret" else str(value).encode()
        if not source.get("items"):
            return files
        chosen = {}
        for item in source["items"]:
            if item["key"] not in files:
                if source.get("optional"):
                    continue
                raise MountError(f'{kind} "{name}" has no key {item["key"]!r}')
            chosen[item["path"]] = files[item["key"]]
        return chosen


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in files.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            continue
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (file.is_file() and file.read_bytes() == data):
            write_atomic(file, data)
    for file in folder.iterdir():
        if (
            file.is_file()
            and file.name not in files
            and not any(n.startswith(f"{file.name}/") for n in files)
        ):
            file.unlink(missing_ok=True)
