"""The state folder of a lab: the one place that knows where its files are.

Everything that outlives a process is below ``$XDG_STATE_HOME/prompt-kafka/labs/<name>/``. Ports and the
network are chosen once, when the folder is made, so that kubeconfigs and bookmarks stay valid for the life
of the lab; what the three lab processes share is `LabSettings`, one frozen JSON document.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from prompt_kafka.clients.files import locked, state_home, write_atomic
from prompt_kafka.core.errors import UsageError
from prompt_kafka.lab.network import choose_network
from prompt_kafka.lab.settings import SCHEMA, TIMER_FACTOR, LabSettings, LabStateError, check_name
from prompt_kafka.lab.standing import FAULTS_FOLDER, StandingFaults

__all__ = ["DEFAULT_NAME", "SCHEMA", "LabSettings", "LabState", "LabStateError", "PodFolder", "labs_home"]

DEFAULT_NAME = "lab"


def labs_home() -> Path:
    """Return the folder of all labs, from ``XDG_STATE_HOME``."""
    return state_home() / "labs"


@dataclass(frozen=True, slots=True)
class PodFolder:
    """Files of one pod, ``pods/<namespace>/<pod>/``."""

    root: Path

    @property
    def container(self) -> Path:
        """Record of the running process: uid, pid, start_time, env, cwd, image."""
        return self.root / "container.json"

    @property
    def rootfs(self) -> Path:
        """What the container sees as ``/``."""
        return self.root / "rootfs"

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.root / "logs"

    def log(self, container: str) -> Path:
        """Return the log of a container; the one before it has ``.1`` added."""
        return self.logs / f"{container}.log"


@dataclass(frozen=True, slots=True)
class LabState:
    """One lab's folder and its settings."""

    root: Path
    settings: LabSettings

    @classmethod
    def create(
        cls,
        name: str = DEFAULT_NAME,
        *,
        environment: str = "lab",
        repo: str | None = None,
        kafka_version: str | None = None,
        strimzi_version: str | None = None,
        delivery: str = "push",
        timer_factor: float = TIMER_FACTOR,
    ) -> Self:
        """Make the folder of a new lab and choose its network and ports.

        Raises
        ------
        UsageError
            If the name is not one, or a lab of that name exists.
        LabStateError
            If no loopback network is free.
        """
        check_name(name)
        home = labs_home()
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(home / ".lock"):
            root = home / name
            if (root / "lab.json").exists():
                raise UsageError(
                    f"a lab named {name!r} exists already", where=str(root), next="choose another --name"
                )
            octet, api_port, slack_port = choose_network(home)
            settings = LabSettings(
                name=name,
                network=f"127.{octet}",
                api_port=api_port,
                slack_port=slack_port,
                environment=environment,
                repo=repo,
                kafka_version=kafka_version,
                strimzi_version=strimzi_version,
                delivery=delivery,
                timer_factor=timer_factor,
            )
            for folder in (root, root / "pki", root / "git", root / "pods", root / "volumes"):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            root.chmod(0o700)
            write_atomic(root / "lab.json", settings.to_json())
        return cls(root, settings)

    @classmethod
    def open(cls, name: str = DEFAULT_NAME) -> Self:
        """Open the lab called `name`.

        Raises
        ------
        LabStateError
            If there is none, or its settings cannot be read.
        """
        return cls.at(labs_home() / check_name(name))

    @classmethod
    def at(cls, root: Path) -> Self:
        """Open the lab whose folder is `root`."""
        file = root / "lab.json"
        try:
            text = file.read_text()
        except FileNotFoundError:
            if root.is_dir():
                raise LabStateError(
                    "the lab's folder has no settings in it",
                    where=str(file),
                    next="`prompt-kafka lab down --purge` removes what is left, then `prompt-kafka lab up`",
                ) from None
            raise LabStateError(
                f"there is no lab named {root.name!r}",
                where=str(root),
                next="start one with `prompt-kafka lab up`",
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise LabStateError(f"cannot read the lab's settings: {error}", where=str(file)) from None
        return cls(root, LabSettings.from_json(text, str(file)))

    @classmethod
    def list(cls) -> tuple[str, ...]:
        """Return the names of all labs of this user."""
        return tuple(sorted(file.parent.name for file in labs_home().glob("*/lab.json")))

    @property
    def settings_file(self) -> Path:
        """The stored settings."""
        return self.root / "lab.json"

    @property
    def kubeconfig(self) -> Path:
        """Kubeconfig of the lab, mode 0600."""
        return self.root / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Folder of certificates of the lab's API server."""
        return self.root / "pki"

    @property
    def database(self) -> Path:
        """Where the API server keeps the objects."""
        return self.root / "api.sqlite"

    @property
    def git(self) -> Path:
        """The bare repository that Argo CD reads."""
        return self.root / "git" / "phalanx.git"

    @property
    def faults(self) -> StandingFaults:
        """The faults that last, brought about on purpose."""
        return StandingFaults(self.root / FAULTS_FOLDER)

    @property
    def hosts(self) -> Path:
        """Names of pods and services, in the form of ``/etc/hosts``."""
        return self.root / "hosts"

    @property
    def service(self) -> Path:
        """The runbook's configuration for this lab."""
        return self.root / "service.yaml"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the one supervisor."""
        return self.root / "supervisor.lock"

    @property
    def pods(self) -> Path:
        """Folder of all pods."""
        return self.root / "pods"

    @property
    def volumes(self) -> Path:
        """Folder of all volumes."""
        return self.root / "volumes"

    def log(self, process: str) -> Path:
        """Return the log of a lab process: ``supervisor``, ``apiserver``, ``controllers``."""
        return self.root / f"{process}.log"

    def record(self, process: str) -> Path:
        """Return the file that names the process: pid and start time."""
        return self.root / f"{process}.json"

    def pod(self, namespace: str, name: str) -> PodFolder:
        """Return the folder of a pod."""
        return PodFolder(self.pods / namespace / name)

    def volume(self, namespace: str, claim: str) -> Path:
        """Return the folder of a volume, by its claim."""
        return self.volumes / namespace / claim
