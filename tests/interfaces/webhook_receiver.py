"""A receiver of webhooks over real HTTP and TLS, under a certificate authority of the test; and the ways in which a receiver may misbehave."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NAME = "receiver.example"
Answered = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def change(self) -> int:
        """The number of the change that it tells; 0 for a challenge."""
        return int(self.message["data"].get("_register", {"number": 0})["number"])


@dataclass
class Receiver:
    """A receiver: what it got, and how it answers. An honest one answers challenges and takes everything."""

    received: list[Received] = field(default_factory=list)
    behave: Callable[[Received], Answered | None] | None = None
    """Misbehaviour instead of an answer; None for an honest answer."""
    afterwards: Callable[[Received], None] = lambda received: None
    """What happens once the answer is sent."""
    drips: bool = False
    """Whether it begins an answer and then sends byte after byte."""
    port: int = 0
    pause: threading.Event = field(default_factory=threading.Event)

    def answer(self, received: Received) -> Answered:
        self.received.append(received)
        return (self.behave and self.behave(received)) or (200, {}, received.message["data"].get("challenge", "").encode())

    @property
    def changes(self) -> list[int]:
        """The numbers of the changes in the order in which they came."""
        return [each.change for each in self.received if each.change]

    def url(self, host: str = "localhost", scheme: str = "https") -> str:
        return f"{scheme}://{host}:{self.port}/hook?from=register"


@contextmanager
def receiving(receiver: Receiver, certificates: Path | None) -> Iterator[Receiver]:
    """Serve a receiver on a port of its own: by TLS with the certificate in a folder, or by plain HTTP."""
    server = ThreadingHTTPServer(("127.0.0.1", receiver.port), _handler(receiver))
    server.daemon_threads = True
    if certificates:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificates / "server.pem")
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.pause.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.path, headers, body)
            status, given, answer = receiver.answer(received)
            self.send_response(status)
            for name, value in {"content-length": str(len(answer)), **given}.items():
                self.send_header(name, value)
            self.end_headers()
            for byte in answer if receiver.drips else b"":
                if receiver.pause.wait(0.1):
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            self.wfile.write(b"" if receiver.drips else answer)
            self.wfile.flush()
            receiver.afterwards(received)

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True  # whoever sends has seen enough

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


# -- Certificates ----------------------------------------------------------------------


def make_certificates(folder: Path) -> Path:
    """Make an authority, `ca.pem`, and a certificate for this machine and for NAME, `server.pem` with its key."""
    authority, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    subject = [x509.DNSName("localhost"), x509.DNSName(NAME), x509.IPAddress(ip_address("127.0.0.1"))]
    root = _certificate("authority", authority, "authority", authority, x509.BasicConstraints(ca=True, path_length=0))
    leaf = _certificate("receiver", key, "authority", authority, x509.SubjectAlternativeName(subject))
    (folder / "ca.pem").write_bytes(root)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(leaf + private)
    return folder


def _certificate(name: str, key: EllipticCurvePrivateKey, issuer: str, signer: EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> bytes:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    )
    for extension in (*extensions, x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())):
        made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return made.sign(signer, SHA256()).public_bytes(Encoding.PEM)
