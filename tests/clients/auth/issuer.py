"""An OpenID Connect issuer over TLS on loopback: discovery, keys, and a token endpoint."""

from __future__ import annotations

import base64
import ipaddress
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

CLIENT = "prompt-kafka"
SECRET = "client/secret+1"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def pem_pair(folder: Path, name: str = "127.0.0.1") -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    crt, pem = folder / f"{name}.crt", folder / f"{name}.key"
    crt.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return crt, pem


class Issuer:
    """What it answers can be changed while it runs; what it was asked is kept."""

    def __init__(self, folder: Path) -> None:
        self.ca, key_file = pem_pair(folder)
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.refresh_token = "first-refresh-token"
        self.rotate = False
        self.methods: list[str] | None = None
        self.takes_basic = True
        self.error: str | None = None
        self.gives_id_token = True
        self.next_token: str | None = None
        self.asked: list[dict[str, str]] = []
        self.refreshes = 0
        self._lock = threading.Lock()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/realm/.well-known/openid-configuration":
                    self._answer(200, issuer.discovery())
                elif self.path == "/realm/keys":
                    self._answer(200, issuer.keys())
                else:
                    self._answer(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {key: value[0] for key, value in parse_qs(body).items()}
                self._answer(*issuer.refresh(form, self.headers.get("Authorization", "")))

            def _answer(self, code: int, body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key_file)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}/realm"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, seconds: float = 3600, **claims: Any) -> str:
        """An ID token, signed."""
        now = int(datetime.now(UTC).timestamp())
        body = {"iss": self.url, "aud": CLIENT, "sub": "rubin", "iat": now, "exp": now + int(seconds)}
        head = {"alg": "RS256", "typ": "JWT", "kid": "k1"}
        signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(body | claims).encode())}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{b64(signature)}"

    def discovery(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        if self.methods is not None:
            document["token_endpoint_auth_methods_supported"] = self.methods
        return document

    def keys(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        n, e = (b64(x.to_bytes((x.bit_length() + 7) // 8, "big")) for x in (numbers.n, numbers.e))
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": n, "e": e}]}

    def refresh(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        with self._lock:
            self.asked.append({**form, "authorization": authorization})
            if not self._is_the_client(form, authorization):
                return 401, {"error": "invalid_client"}
            if self.error:
                return 400, {"error": self.error, "error_description": f"for {form['refresh_token']}"}
            if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != self.refresh_token:
                return 400, {"error": "invalid_grant"}
            self.refreshes += 1
            answer: dict[str, Any] = {"access_token": "unused", "token_type": "Bearer", "expires_in": 60}
            if self.gives_id_token:
                answer["id_token"] = self.next_token or self.token(email=f"refresh-{self.refreshes}")
            if self.rotate:
                self.refresh_token = answer["refresh_token"] = f"refresh-token-{self.refreshes + 1}"
            return 200, answer

    def _is_the_client(self, form: dict[str, str], authorization: str) -> bool:
        if authorization.startswith("Basic "):
            name, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
            return self.takes_basic and (unquote(name), unquote(secret)) == (CLIENT, SECRET)
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
