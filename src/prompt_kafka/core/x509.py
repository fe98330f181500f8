"""When a certificate ends, read from its DER.

The standard library parses a certificate only on a connection, and a whole cryptography library for one
date costs `status` a tenth of a second and every installation a native package. Of X.509 (RFC 5280, 4.1) this
knows what lies before the date: a certificate is a sequence whose first element is a sequence of version (tag
0xA0, may be missing), serial number, algorithm, issuer, and validity.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

SEQUENCE, UTC_TIME, GENERALIZED_TIME, VERSION = 0x30, 0x17, 0x18, 0xA0

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def ends(pem: str) -> datetime:
    """Return the last moment of the first certificate in a PEM text, UTC.

    Raises
    ------
    ValueError
        There is no certificate in it, or it is not one.
    """
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("no certificate in it")
    try:
        der = base64.b64decode("".join(found[1].split()), validate=True)
    except binascii.Error as error:
        raise ValueError("the certificate is not base64") from error
    certificate, _ = _element(der, 0, SEQUENCE)
    body, _ = _element(certificate, 0, SEQUENCE)
    at = 0
    if body[:1] == bytes([VERSION]):
        _, at = _element(body, at)
    for _ in ("serial number", "algorithm", "issuer"):
        _, at = _element(body, at)
    validity, _ = _element(body, at, SEQUENCE)
    _, at = _element(validity, 0)
    tag = validity[at] if at < len(validity) else 0
    text, _ = _element(validity, at)
    return _time(tag, text)


def _element(data: bytes, at: int, tag: int | None = None) -> tuple[bytes, int]:
    """Return the content of the element at a place, and where the next one begins."""
    if at + 2 > len(data) or (tag is not None and data[at] != tag):
        raise ValueError("not a certificate")
    size, begin = data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4:
            raise ValueError("not a certificate")
        size, begin = int.from_bytes(data[begin : begin + count], "big"), begin + count
    if begin + size > len(data):
        raise ValueError("the certificate is cut short")
    return data[begin : begin + size], begin + size


def _time(tag: int, text: bytes) -> datetime:
    """Return a time; years of two digits are 1950 to 2049 (RFC 5280, 4.1.2.5.1)."""
    digits = text.decode("ascii", "replace")
    if tag == UTC_TIME and len(digits) == 13:
        digits = ("20" if digits[:2] < "50" else "19") + digits
    elif tag != GENERALIZED_TIME:
        raise ValueError("no time where one should be")
    return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
