"""Who we are to Kafka: TLS material and SCRAM credentials, held in memory and never shown."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


class Hidden(str):
    """Text that a log line or a traceback must not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS to Kafka.

    Parameters
    ----------
    ca_pem
        Certificates that are trusted, PEM; nothing else is.
    cert_pem, key_pem
        Client certificate (with its chain) and its key, PEM, for a listener that asks for one.
    check_hostname
        Compare the certificate with the name that the cluster advertises. Off only where certificates carry
        no usable name.
    """

    ca_pem: str = field(repr=False)
    cert_pem: str | None = field(default=None, repr=False)
    key_pem: str | None = field(default=None, repr=False)
    check_hostname: bool = True

    def context(self) -> ssl.SSLContext:
        """Build the context. Python reads a key from a file only: it exists for that moment, mode 0600."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = self.check_hostname
        context.load_verify_locations(cadata=self.ca_pem)
        if self.cert_pem is not None and self.key_pem is not None:
            with tempfile.TemporaryDirectory(prefix="prompt-kafka-") as folder:
                path = Path(folder) / "client.pem"
                path.touch(mode=0o600)
                path.write_text(f"{self.key_pem.rstrip()}\n{self.cert_pem}", encoding="ascii")
                context.load_cert_chain(path)
        return context


@dataclass(frozen=True, slots=True)
class Sasl:
    """A user and its password (SCRAM-SHA-512)."""

    user: str
    password: str = field(repr=False)
    mechanism: str = "SCRAM-SHA-512"
