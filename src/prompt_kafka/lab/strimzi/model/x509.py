"""Certificates and keys: what is issued, and whether what is there may stay.

Keys are elliptic-curve (P-256), quick to make for a dozen nodes at once; the real operator's are RSA.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORGANIZATION = "io.strimzi"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its key, PEM."""

    certificate: str
    key: str

    def __repr__(self) -> str:
        return "KeyPair(…)"


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _user_name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _load_key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def make_ca(common_name: str, now: datetime, days: int, *, key: str | None = None) -> KeyPair:
    """Return a new CA, or a new certificate for its `key`."""
    private = _load_key(key) if key else ec.generate_private_key(ec.SECP256R1())
    public = private.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(_name(common_name))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    return KeyPair(_pem(builder.sign(private, hashes.SHA256())), _key_pem(private))


def issue(
    ca: KeyPair,
    common_name: str,
    now: datetime,
    days: int,
    *,
    dns: Iterable[str] = (),
    addresses: Iterable[str] = (),
    user: bool = False,
) -> KeyPair:
    """Return a certificate signed by `ca` with a new key.

    Parameters
    ----------
    dns, addresses
        Names and IP addresses it is good for.
    user
        Leave the organization out, as KafkaUsers' certificates do.
    """
    issuer = x509.load_pem_x509_certificate(ca.certificate.encode())
    signer = _load_key(ca.key)
    private = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_user_name(common_name) if user else _name(common_name))
        .issuer_name(issuer.subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(min(now + timedelta(days=days), issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in sorted(set(dns))]
    names += [x509.IPAddress(ipaddress.ip_address(at)) for at in sorted(set(addresses))]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return KeyPair(_pem(builder.sign(signer, hashes.SHA256())), _key_pem(private))


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def expires(certificate: str) -> datetime:
    """Return when a certificate ends, UTC."""
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc


def common_name(certificate: str) -> str:
    """Return the common name of a certificate's subject."""
    subject = x509.load_pem_x509_certificate(certificate.encode()).subject
    return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def thumbprint(certificate: str) -> str:
    """Return the first eight hex digits of a certificate's SHA-1."""
    loaded = x509.load_pem_x509_certificate(certificate.encode())
    return loaded.fingerprint(hashes.SHA1()).hex()[:8]


def names_of(certificate: str) -> frozenset[str]:
    """Return the DNS names and addresses that a certificate is good for."""
    loaded = x509.load_pem_x509_certificate(certificate.encode())
    try:
        extension = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    dns = extension.get_values_for_type(x509.DNSName)
    return frozenset([*dns, *(str(at) for at in extension.get_values_for_type(x509.IPAddress))])


def signed_by(certificate: str, ca: str) -> bool:
    """Return whether `ca` signed a certificate."""
    loaded = x509.load_pem_x509_certificate(certificate.encode())
    try:
        loaded.verify_directly_issued_by(x509.load_pem_x509_certificate(ca.encode()))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def trust_store(certificate: str, password: str) -> bytes:
    """Return a PKCS#12 trust store for Java clients."""
    entry = PKCS12Certificate(x509.load_pem_x509_certificate(certificate.encode()), b"ca.crt")
    return serialize_java_truststore([entry], BestAvailableEncryption(password.encode()))
