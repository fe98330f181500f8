"""The end of a certificate, against certificates that a real library made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from prompt_kafka.core.x509 import ends

KEY = ec.generate_private_key(ec.SECP256R1())


def _pem(end: datetime, name: str) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=365))
        .not_valid_after(end)
        .sign(KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@given(
    st.datetimes(datetime(1952, 1, 1), datetime(2120, 1, 1)),
    st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=60),
)
def test_it_is_the_end_that_the_certificate_has(moment: datetime, name: str) -> None:
    end = moment.replace(microsecond=0, tzinfo=UTC)
    assert ends("a comment before it\n" + _pem(end, name)) == end


def test_of_several_certificates_the_first_counts() -> None:
    first, second = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    assert ends(_pem(first, "a") + _pem(second, "b")) == first


@given(st.binary(max_size=200))
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    import base64

    body = base64.b64encode(data).decode()
    with pytest.raises(ValueError):
        ends(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_certificate_that_is_cut_short_is_refused(cut: int) -> None:
    lines = _pem(datetime(2027, 1, 1, tzinfo=UTC), "a").splitlines()
    with pytest.raises(ValueError):
        ends("\n".join([*lines[:1], lines[1][: cut - cut % 4], lines[-1]]))


def test_text_without_a_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="no certificate"):
        ends("hello")
