"""The certificates, the token and the kubeconfig of a lab's API server.

kubectl sends a token over HTTPS only, so a lab has a certificate authority of its own. Everything stays in
the lab's folder; the user's own kubeconfig is never touched.
"""

from __future__ import annotations

import json
import secrets
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_kafka.clients.files import locked, write_atomic

if TYPE_CHECKING:
    from cryptography import x509

#: Certificates are made for ten years and made again when they are older than five.
_DAYS = 3650
_RENEW_AFTER = 5 * 365 * 86400

NAMESPACE = "prompt-kafka"


def prepare(state_root: Path, port: int) -> None:
    """Make the certificates, the token and the kubeconfig of a lab, as far as they are not there.

    Parameters
    ----------
    state_root
        The lab's folder; made when it is not there.
    port
        Port of the API server on 127.0.0.1.
    """
    pki = state_root / "pki"
    pki.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(pki / ".lock"):
        if not _fresh(pki):
            _make_certificates(pki)
        token = pki / "token"
        if not token.exists() or not token.read_text().strip():
            write_atomic(token, secrets.token_urlsafe(32) + "\n")
        text = _kubeconfig(state_root, port)
        kubeconfig = state_root / "kubeconfig"
        if not kubeconfig.exists() or kubeconfig.read_text() != text:
            write_atomic(kubeconfig, text)


def _fresh(pki: Path) -> bool:
    files = [pki / name for name in ("ca.crt", "ca.key", "server.crt", "server.key")]
    return all(
        file.exists() and file.stat().st_size and file.stat().st_mtime > time.time() - _RENEW_AFTER
        for file in files
    )


def _kubeconfig(state_root: Path, port: int) -> str:
    pki = state_root / "pki"
    name = f"lab-{state_root.name}"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {
                    "server": f"https://127.0.0.1:{port}",
                    "certificate-authority-data": b64encode((pki / "ca.crt").read_bytes()).decode(),
                },
            }
        ],
        "users": [{"name": f"{name}-admin", "user": {"token": (pki / "token").read_text().strip()}}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": f"{name}-admin", "namespace": NAMESPACE}}
        ],
        "current-context": name,
    }
    # JSON is YAML, and every client of kubeconfig files reads it.
    return json.dumps(document, indent=2) + "\n"


def _make_certificates(pki: Path) -> None:
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    end = start + datetime.timedelta(days=_DAYS)

    def name(common: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])

    def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def builder(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("prompt-kafka-lab-ca"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )

    ca_key = ec.generate_private_key(ec.SECP256R1())
    authority = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        builder("prompt-kafka-lab-ca", ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign=True), critical=True)
        .add_extension(authority, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("localhost"),
        x509.DNSName("kubernetes.default.svc"),
    ]
    server = (
        builder("prompt-kafka-lab-apiserver", key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign=False), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    write_atomic(pki / "ca.key", pem(ca_key))
    write_atomic(pki / "ca.crt", ca.public_bytes(serialization.Encoding.PEM))
    write_atomic(pki / "server.key", pem(key))
    write_atomic(pki / "server.crt", server.public_bytes(serialization.Encoding.PEM))


def _usage(*, sign: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign,
        crl_sign=sign,
        encipher_only=False,
        decipher_only=False,
    )
