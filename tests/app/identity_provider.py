"""An OpenID Connect provider on this machine, which lets in whomever it is told to, unasked."""

import base64
import json
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET = "kvasir", "not-a-secret"
KEY = "one"


class Provider:
    """`person` is who signs in next: the claims of an identity token."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {}
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._nonces: dict[str, str] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place = urllib.parse.urlsplit(self.path)
                asked = dict(urllib.parse.parse_qsl(place.query))
                if place.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider._let_in(asked))
                    self.end_headers()
                elif place.path == "/keys":
                    self._say({"keys": [provider._public_key()]})
                else:
                    self._say(provider._metadata())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                code = dict(urllib.parse.parse_qsl(body)).get("code", "")
                self._say(
                    {
                        "access_token": secrets.token_hex(8),
                        "token_type": "Bearer",
                        "expires_in": 3600,
                        "id_token": provider._identity(code),
                    }
                )

            def _say(self, said: dict[str, Any]) -> None:
                data = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def section(self, chat: str) -> str:
        """What Streamlit's secrets.toml says of it, for a chat at this address."""
        return (
            f'[auth]\nredirect_uri = "{chat}/oauth2callback"\n'
            f'cookie_secret = "{secrets.token_hex(32)}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
            f'server_metadata_url = "{self.address}/.well-known/openid-configuration"\n'
        )

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _let_in(self, asked: dict[str, str]) -> str:
        code = secrets.token_hex(8)
        self._nonces[code] = asked.get("nonce", "")
        answer = urllib.parse.urlencode({"code": code, "state": asked["state"]})
        return f"{asked['redirect_uri']}?{answer}"

    def _identity(self, code: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 3600,
            "nonce": self._nonces.pop(code),
            **self.person,
        }
        head = {"alg": "RS256", "typ": "JWT", "kid": KEY}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"

    def _public_key(self) -> dict[str, str]:
        numbers = self._key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "kid": KEY,
            "use": "sig",
            "alg": "RS256",
            "n": _encoded(numbers.n.to_bytes(256, "big")),
            "e": _encoded(numbers.e.to_bytes(3, "big")),
        }


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
