"""A minimal witness of our own over real HTTP: real keys, a real check of the proof, and a memory; and the ways in which a witness may misbehave."""

from __future__ import annotations

import struct
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from api.witnesses import Witnesses
from projections.transparency.merkle import verify_consistency
from projections.transparency.notes import Checkpoint, NoteRefused, Signature, Signer, Verifier, open_checkpoint, parse_note
from projections.transparency.policy import Policy, Witness
from projections.transparency.witnesses import WitnessKey, cosigned_text
from tests.proofs.logs import SIGNER, Opened, opened

Answered = tuple[int, str, bytes]
PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


@dataclass(frozen=True)
class WitnessSigner(Signer):
    """The private key of a witness."""

    @property
    def verifier(self) -> WitnessKey:
        return WitnessKey(self.name, super().verifier.public_key)

    def cosignature(self, text: str, at: datetime) -> str:
        """Cosign a text."""
        seconds = int(at.timestamp())
        signed = self._key.sign(cosigned_text(text, seconds).encode())
        return Signature(self.name, self.verifier.id, struct.pack(">Q", seconds) + signed).line


def named(name: str) -> WitnessSigner:
    return WitnessSigner(name, name.encode().ljust(32, b"\0")[:32])


@dataclass
class OwnWitness:
    """A witness: what it has seen of one log, and how it answers."""

    signer: WitnessSigner = field(default_factory=lambda: named("witness.example/own"))
    log: Verifier = SIGNER.verifier
    size: int = 0
    root: bytes = b""
    requests: list[bytes] = field(default_factory=list)
    behave: Callable[[OwnWitness, bytes], Answered | None] | None = None
    """Misbehaviour instead of an answer; None for an honest answer."""
    drips: bool = False
    """Whether it begins an answer and then sends byte after byte."""
    url: str = ""
    pause: threading.Event = field(default_factory=threading.Event)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: bytes) -> Answered:
        """Answer as the specification says."""
        with self.turn:
            self.requests.append(body)
            return (self.behave and self.behave(self, body)) or self.honest(body)

    def honest(self, body: bytes) -> Answered:
        head, _, note = body.partition(b"\n\n")
        first, *lines = head.decode().split("\n")
        old, proof = int(first.removeprefix("old ")), [b64decode(line, validate=True) for line in lines]
        try:
            checkpoint = open_checkpoint(note, [self.log])
        except NoteRefused as refused:
            unknown = Checkpoint.parse(parse_note(note).text).origin != self.log.name
            return (404 if unknown else 403), PLAIN, str(refused).encode()
        if old > checkpoint.size or len(proof) > 63:
            return 400, PLAIN, b""
        if old != self.size:
            return 409, SIZE, b"%d\n" % self.size
        if not self.continues(old, proof, checkpoint):
            return 422, PLAIN, b""
        self.size, self.root = checkpoint.size, checkpoint.root
        return 200, PLAIN, self.signer.cosignature(checkpoint.text, datetime.now(UTC)).encode()

    def continues(self, old: int, proof: list[bytes], checkpoint: Checkpoint) -> bool:
        return not proof if old == 0 else verify_consistency(old, checkpoint.size, self.root, checkpoint.root, proof)

    def in_policy(self, name: str) -> Witness:
        return Witness(name, self.signer.verifier, self.url)


@contextmanager
def serving(*witnesses: OwnWitness) -> Iterator[Policy]:
    """Serve witnesses on ports of their own; give the policy that names them w1, w2 … and asks for all."""
    servers = [_server(witness) for witness in witnesses]
    try:
        found = tuple(witness.in_policy(f"w{number}") for number, witness in enumerate(witnesses, start=1))
        yield policy_of(*found)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def policy_of(*witnesses: Witness) -> Policy:
    lines = "".join(witness.line for witness in witnesses)
    return Policy.parse(f"{lines}group everybody all {' '.join(witness.name for witness in witnesses)}\nquorum everybody\n".encode())


def _server(witness: OwnWitness) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, media_type, answer = witness.answer(body) if self.path == "/w/add-checkpoint" else (404, PLAIN, b"")
            self.send_response(status)
            for name, value in (
                ("content-type", media_type),
                ("content-length", str(10**6 if witness.drips else len(answer))),
                ("location", f"{witness.url}/elsewhere"),
            ):
                self.send_header(name, value)
            self.end_headers()
            while witness.drips:
                self.wfile.write(b"A")
                witness.pause.wait(0.05)
            self.wfile.write(answer)

        def log_message(self, format: str, *values: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of clients that have gone: some tests are about going."""

    server = Server(("127.0.0.1", 0), Handler)
    witness.url = f"http://127.0.0.1:{server.server_address[1]}/w"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


# -- A log with witnesses ----------------------------------------------------------------


@contextmanager
def witnessed(url: str, policy: Policy, *, patience: float = 30, **options: Any) -> Iterator[Opened]:
    """Open a log over a database, with the witnesses of a policy; it waits long, so that a test sees what they answer."""
    timing = {name: options.pop(name) for name in ("answer_within", "again_after") if name in options}
    with opened(url, **options) as found:
        found.log.publication = type(found.log.publication)(found.public, [SIGNER.verifier], policy)
        found.log.witnesses = Witnesses(found.store, policy, patience, **timing)
        try:
            yield found
        finally:
            found.log.witnesses.close()


def lines(note: bytes) -> list[str]:
    """Return the names of those who signed a note, in order."""
    return [signature.name for signature in parse_note(note).signatures]
