"""A Kafka that can be run: class path, Java's flags, and what is made once per version.

Two things are made once and used by every node. Kafka's own storage tool writes the first metadata of a
node, `bootstrap.checkpoint`; the file is the same for all nodes of a metadata version, so six nodes are
formatted by copying it. And Java's ahead-of-time cache, trained on one short run, halves the processor time
of a node's start; a node without it starts just as well.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_kafka.clients import assets
from prompt_kafka.clients.assets import Progress, quiet
from prompt_kafka.clients.files import locked, write_atomic
from prompt_kafka.core.errors import UsageError

LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl"
LOG4J_OF_4_0 = "2.24.3"
OLDEST = (4, 0)

#: Small and quick to start, at the price of peak speed: one collector thread, only the quick compiler.
JAVA_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "-Djava.awt.headless=true",
    # Kafka keeps PEM keys in key stores in memory, one for each network thread and listener, encrypted as if
    # they were files: ten thousand rounds each, a second of a broker's start.
    "-Dkeystore.pkcs12.keyPbeIterationCount=1",
    "-Dkeystore.pkcs12.certPbeIterationCount=1",
    "-Dkeystore.pkcs12.macIterationCount=1",
)
HEAP = ("-Xms64m", "-Xmx256m")


@dataclass(frozen=True, slots=True)
class KafkaDistribution:
    """The jars of one Kafka version and the Java that runs them."""

    version: str
    java: Path
    classpath: tuple[Path, ...]

    @property
    def classpath_text(self) -> str:
        """The class path as Java takes it."""
        return ":".join(str(jar) for jar in self.classpath)

    @property
    def aot_cache(self) -> Path:
        """Where the ahead-of-time cache is, if there is one: it fits this Java and these jars only."""
        key = hashlib.sha256(
            f"{self._java_release}\n{self.classpath_text}\n{JAVA_FLAGS}".encode()
        ).hexdigest()
        return assets.cache_home() / "aot" / f"kafka-{self.version}-{key[:12]}.aot"

    @property
    def _java_release(self) -> str:
        release = self.java.parent.parent / "release"
        return release.read_text() if release.exists() else str(self.java.stat().st_mtime_ns)

    def command(self, main: str, *arguments: str, options: Sequence[str] = ()) -> list[str]:
        """Return the command line that runs a class of Kafka.

        Parameters
        ----------
        main, arguments
            The class and its arguments.
        options
            More of Java's options; a heap size, if there is one, replaces the lab's.
        """
        heap = HEAP if not any(option.startswith("-Xm") for option in options) else ()
        cache = self.aot_cache
        trained = [f"-XX:AOTCache={cache}"] if cache.exists() else []
        return [
            str(self.java),
            *JAVA_FLAGS,
            *trained,
            *heap,
            *options,
            "-cp",
            self.classpath_text,
            main,
            *arguments,
        ]

    def checkpoint(self, metadata_version: str, *, progress: Progress = quiet) -> bytes:
        """Return the first metadata of a node: ``bootstrap.checkpoint``, as Kafka's storage tool writes it.

        Raises
        ------
        UsageError
            If this Kafka does not know the metadata version.
        """
        file = assets.cache_home() / "formats" / f"kafka-{self.version}" / f"{metadata_version}.checkpoint"
        if not file.exists():
            with locked(assets.cache_home() / ".formats.lock"):
                if not file.exists():
                    progress(f"preparing the format of metadata version {metadata_version}")
                    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    write_atomic(file, self._format(metadata_version))
        return file.read_bytes()

    def _format(self, metadata_version: str) -> bytes:
        with tempfile.TemporaryDirectory(prefix="prompt-kafka-format-") as folder:
            root = Path(folder)
            config = root / "format.properties"
            config.write_text(
                "process.roles=controller\nnode.id=0\ncontroller.listener.names=C\n"
                "listeners=C://127.0.0.1:9090\nlistener.security.protocol.map=C:PLAINTEXT\n"
                f"controller.quorum.voters=0@127.0.0.1:9090\nlog.dirs={root}/data\n"
            )
            tool = self.command(
                "kafka.tools.StorageTool",
                *("format", "-t", random_uuid(), "-r", metadata_version, "-c", str(config)),
                options=["-Dlog4j2.level=ERROR"],
            )
            ended = subprocess.run(tool, capture_output=True, text=True, timeout=120, check=False)
            made = root / "data" / "bootstrap.checkpoint"
            if ended.returncode or not made.exists():
                said = (ended.stderr or ended.stdout).strip().splitlines()
                raise UsageError(
                    f"Kafka {self.version} cannot be formatted with metadata version {metadata_version!r}: "
                    f"{_reason(said)}",
                    next="use a metadata version of this Kafka version",
                )
            return made.read_bytes()


def kafka(version: str, *, progress: Progress = quiet) -> KafkaDistribution:
    """Return the Kafka of a version, fetched if need be.

    Raises
    ------
    UsageError
        If it is not a version, or one that does not run on the lab's Java.
    AssetsError
        If it is not published, or not in the cache and there is no network.
    """
    match = re.fullmatch(r"(\d+)\.(\d+)\.\d+", version)
    if match is None:
        raise UsageError(f"{version!r} is not a Kafka version", next="give three numbers, such as 4.1.1")
    if (int(match[1]), int(match[2])) < OLDEST:
        raise UsageError(
            f"the lab cannot run Kafka {version}: it runs {OLDEST[0]}.{OLDEST[1]} and newer",
            next="use a newer version",
        )
    core = assets.jars([f"org.apache.kafka:kafka_2.13:{version}"], progress=progress)
    log4j = next(
        (re.fullmatch(r"log4j-api-(.+)\.jar", jar.name) for jar in core if "log4j-api-" in jar.name), None
    )
    logging = log4j[1] if log4j else LOG4J_OF_4_0
    if log4j is None:
        # Kafka 4.0's own list of dependencies leaves out the log4j that its archive ships.
        core += assets.jars([f"org.apache.logging.log4j:log4j-core:{logging}"], progress=progress)
    more = assets.jars(
        [f"org.apache.kafka:kafka-tools:{version}", f"{LOGGING}:{logging}"],
        transitive=False,
        progress=progress,
    )
    return KafkaDistribution(version, assets.java(), core + more)


def random_uuid() -> str:
    """Return an identifier as Kafka makes them: 16 random bytes, URL-safe, no leading hyphen."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def format_directory(folder: Path, checkpoint: bytes | None, *, cluster_id: str, node_id: int) -> None:
    """Make an empty data directory a node's, as ``kafka-storage format`` does; leaves a formatted one alone.

    Parameters
    ----------
    folder
        The node's log directory.
    checkpoint
        Its first metadata, from :meth:`KafkaDistribution.checkpoint`; None for a directory without metadata.
    """
    properties = folder / "meta.properties"
    if properties.exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if checkpoint is not None:
        write_atomic(folder / "bootstrap.checkpoint", checkpoint, 0o644)
    text = f"cluster.id={cluster_id}\ndirectory.id={random_uuid()}\nnode.id={node_id}\nversion=1\n"
    write_atomic(properties, text, 0o644)


def _reason(lines: list[str]) -> str:
    told = [line for line in lines if line.strip() and not line.lstrip().startswith("at ")]
    if not told:
        return "the storage tool said nothing"
    return re.sub(r"^Exception in thread \S+ [\w.]+: ", "", told[-1].strip())
