"""An OpenID provider that says whatever a test wants it to say, signed or not: a real server beside the real provider of tests/journeys."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT, SECRET = "register", "a-secret-of-the-client"


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass
class WrongProvider:
    """What the provider says, and what it was asked."""

    issuer: str
    key: ECKey = field(default_factory=lambda: new_key("first"))
    discovered: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    id_token: str | None = None
    status: int = 200
    challenge: str = ""

    def forget(self) -> None:
        """Say again what a right provider says."""
        self.claims, self.id_token, self.status = {}, None, 200

    def metadata(self) -> dict[str, Any]:
        said = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/auth", "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks", "end_session_endpoint": f"{self.issuer}/out", "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip
        return {name: value for name, value in (said | self.discovered).items() if value is not None}

    def keys(self) -> dict[str, Any]:
        return KeySet([self.key]).as_dict(private=False)

    def token(self) -> dict[str, Any]:
        signed = self.id_token if self.id_token is not None else jwt.encode({"alg": "ES256", "kid": self.key.kid}, self.said(), self.key)
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}

    def said(self) -> dict[str, Any]:
        now = int(time())
        said = {"iss": self.issuer, "sub": "person-1", "aud": CLIENT, "exp": now + 300, "iat": now, "auth_time": now}
        return {name: value for name, value in (said | self.claims).items() if value is not None}

    def exchange(self, body: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Give tokens for a code to the client that began it (RFC 6749, section 4.1.3; RFC 7636, section 4.6)."""
        known = b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT}:{SECRET}"
        verified = urlsafe_b64encode(sha256(body.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode() == self.challenge
        if not known or not verified or body.get("code") != "good":
            return 400, {"error": "invalid_grant"}
        return self.status, self.token()


class Handler(BaseHTTPRequestHandler):
    provider: WrongProvider

    def do_GET(self) -> None:
        found = {"/.well-known/openid-configuration": self.provider.metadata, "/jwks": self.provider.keys}.get(self.path)
        self.answer(*((200, found()) if found else (404, {})))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.answer(*self.provider.exchange({name: values[0] for name, values in parse_qs(body).items()}, self.headers.get("authorization", "")))

    def answer(self, status: int, said: dict[str, Any]) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[WrongProvider]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = WrongProvider(f"http://127.0.0.1:{server.server_address[1]}")
        server.RequestHandlerClass = type("Answering", (Handler,), {"provider": provider})
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()


def parameters(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
